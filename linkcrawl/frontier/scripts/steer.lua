#!lua flags=allow-oom
-- Changes fields of one partition's record: limits, pause; moves nothing.
-- KEYS[1] the partition. ARGV: epoch, then field and value; a value of '' takes the limit away.
for at = 2, #ARGV, 2 do redis.call('HSET', P, ARGV[at], ARGV[at + 1]) end
return 1
