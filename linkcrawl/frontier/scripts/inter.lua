#!lua flags=allow-oom
-- unseen -> dead, for what somebody pushed beside the queues and is no seed: counted as accepted and dead.
-- KEYS[1] the partition. ARGV: epoch, reason, then for each where it was found and its bytes. Answers how many were
-- new: one that stands among the last letters word for word came from another worker that read it, too.
local LOOKED_AT = 600
local known = {}
for _, letter in ipairs(redis.call('LRANGE', P .. ':dead', -LOOKED_AT, -1)) do
  local stamp, rest = string.match(letter, '^(%d+) (.*)$')
  if stamp and now - tonumber(stamp) < 10000 then known[rest] = true end
end
local new = 0
for at = 3, #ARGV, 2 do
  if not known[ARGV[2] .. ' ' .. ARGV[at] .. '\n' .. ARGV[at + 1]] then
    known[ARGV[2] .. ' ' .. ARGV[at] .. '\n' .. ARGV[at + 1]] = true
    bury(ARGV[2], ARGV[at], ARGV[at + 1])
    count('accepted', 1)
    new = new + 1
  end
end
flush()
return new
