#!lua flags=allow-oom
-- Blocks domains (each with all below it) in one partition; moves nothing: what is queued leaves by record-only leases.
-- KEYS[1] the partition. ARGV: epoch, then domains. Answers how many are blocked.
for at = 2, #ARGV do redis.call('SADD', P .. ':blocked', ARGV[at]) end
local blocks = redis.call('SCARD', P .. ':blocked')
redis.call('HSET', P, 'blocks', blocks)
return blocks
