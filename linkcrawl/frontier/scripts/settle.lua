#!lua flags=allow-oom
-- leased -> settled.
-- KEYS[1] the partition. ARGV: epoch, incarnation, then token and outcome of each visit.
-- Answers a '1' for each that was leased, '0' for each that was not (stale).
local incarnation, answers, done = ARGV[2], {}, {}
local flying = P .. ':f:' .. incarnation
local dead = is_declared_dead(incarnation)
local by_site, tokens = {}, {}
for at = 3, #ARGV, 2 do tokens[#tokens + 1] = ARGV[at] end
local records = redis.call('HMGET', flying, unpack(tokens))
for at = 3, #ARGV, 2 do
  local _, name = split(not dead and records[(at - 1) / 2] or '')
  if name and not done[ARGV[at]] then
    done[ARGV[at]] = true
    done[#done + 1] = ARGV[at]
    local field = 'o:' .. ARGV[at + 1]
    count(field, 1)
    by_site[name] = by_site[name] or {}
    by_site[name][field] = (by_site[name][field] or 0) + 1
    answers[#answers + 1] = '1'
  else
    count('stale', 1)
    answers[#answers + 1] = '0'
  end
end
if #done > 0 then
  call_many('HDEL', flying, done)
  count('leased', -#done)
  for name, fields in pairs(by_site) do
    for field, times in pairs(fields) do redis.call('HINCRBY', P .. ':s:' .. name, field, times) end
  end
  -- Pages that this worker has used up of what it reserved (reserve.lua).
  redis.call('HINCRBY', P .. ':paid', incarnation, #done)
end
flush()
return table.concat(answers)
