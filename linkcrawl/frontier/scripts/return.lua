#!lua flags=allow-oom
-- leased -> queued, at the head of its level, unchanged.
-- KEYS[1] the partition. ARGV: epoch, incarnation, then tokens, the newest first: so the order is as it was.
-- Answers a '1' for each that was leased, '0' for each that was not (stale).
local incarnation, answers = ARGV[2], {}
local flying = P .. ':f:' .. incarnation
local dead = is_declared_dead(incarnation)
for at = 3, #ARGV do
  local record = not dead and redis.call('HGET', flying, ARGV[at])
  local level, name, entry = split(record or '')
  if level then
    redis.call('HDEL', flying, ARGV[at])
    enqueue_first(site_of(name), level, entry)
    count('leased', -1)
    count('queued', 1)
    count('returned', 1)
    answers[#answers + 1] = '1'
  else
    count('stale', 1)
    answers[#answers + 1] = '0'
  end
end
flush()
return table.concat(answers)
