#!lua flags=allow-oom
-- leased -> delayed, as the entry that is given (its attempt is one more).
-- KEYS[1] the partition. ARGV: epoch, incarnation, then token, wait in ms and new entry of each lease.
-- Answers a '1' for each that was leased, '0' for each that was not (stale).
local incarnation, answers = ARGV[2], {}
local flying = P .. ':f:' .. incarnation
local dead = is_declared_dead(incarnation)
for at = 3, #ARGV, 3 do
  local record = not dead and redis.call('HGET', flying, ARGV[at])
  local level, name = split(record or '')
  if level then
    redis.call('HDEL', flying, ARGV[at])
    redis.call('ZADD', P .. ':delayed', now + tonumber(ARGV[at + 1]), level .. ' ' .. name .. ' ' .. ARGV[at + 2])
    count('leased', -1)
    count('delayed', 1)
    count('retried', 1)
    answers[#answers + 1] = '1'
  else
    count('stale', 1)
    answers[#answers + 1] = '0'
  end
end
flush()
return table.concat(answers)
