#!lua flags=allow-oom
-- Tells a partition which run of the server it lies on; moves nothing. Another run than the last may have forgotten who
-- asked which site: no site is leased before `quiet`, and each then waits for its delay (lease.lua).
-- KEYS[1] the partition. ARGV: epoch; id of the run; ms for which a worker may yet start what this run has forgotten.
-- Answers '1' if it is another run than the last.
local last = redis.call('HMGET', P, 'run', 'quiet')
if last[1] == ARGV[2] then return '0' end
redis.call('HSET', P, 'run', ARGV[2])
if not last[1] then return '0' end
redis.call('HSET', P, 'quiet', whole(math.max(tonumber(last[2]) or 0, now + tonumber(ARGV[3]))))
return '1'
