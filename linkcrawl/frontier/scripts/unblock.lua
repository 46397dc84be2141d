#!lua flags=allow-oom
-- Blocks a domain no more in one partition; moves nothing.
-- KEYS[1] the partition. ARGV: epoch, then domains. Answers how many are blocked.
for at = 2, #ARGV do redis.call('SREM', P .. ':blocked', ARGV[at]) end
local blocks = redis.call('SCARD', P .. ':blocked')
redis.call('HSET', P, 'blocks', blocks)
return blocks
