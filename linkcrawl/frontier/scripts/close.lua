#!lua flags=allow-oom
-- Ends leasing in one partition; moves nothing.
-- KEYS[1] the partition. ARGV: epoch, end state ('' opens it again). 'finished' is refused where work is left.
-- Answers '1' if the partition is in that state now, else '0'.
local c = redis.call('HMGET', P .. ':c', 'queued', 'delayed', 'leased')
local left = (tonumber(c[1]) or 0) + (tonumber(c[2]) or 0) + (tonumber(c[3]) or 0)
if ARGV[2] == 'finished' and left > 0 then return '0' end
redis.call('HSET', P, 'end', ARGV[2])
return '1'
