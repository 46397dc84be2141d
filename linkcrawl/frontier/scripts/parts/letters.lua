-- Dead letters: what was found in a queue and is no entry of ours.
local function bury(reason, where, value)
  redis.call('RPUSH', P .. ':dead', whole(now) .. ' ' .. reason .. ' ' .. where .. '\n' .. value)
  count('dead', 1)
end
