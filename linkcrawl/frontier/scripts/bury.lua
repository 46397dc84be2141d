#!lua flags=allow-oom
-- leased -> dead, for entries that a worker could not read. They count as never leased.
-- KEYS[1] the partition. ARGV: epoch, incarnation, then tokens. Answers how many there were.
local incarnation, buried = ARGV[2], 0
local flying = P .. ':f:' .. incarnation
for at = 3, #ARGV do
  local record = redis.call('HGET', flying, ARGV[at])
  if record then
    redis.call('HDEL', flying, ARGV[at])
    bury('unreadable', 'leased', record)
    buried = buried + 1
  end
end
count('leased', -buried)
count('leases', -buried)
flush()
return buried
