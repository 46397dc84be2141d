#!lua flags=allow-oom
-- leased -> settled.
-- KEYS[1] the partition. ARGV: epoch, incarnation, then token and outcome of each visit.
-- Answers a '1' for each that was leased, '0' for each that was not (stale).
local incarnation, tokens, by_site = ARGV[2], {}, {}
for at = 3, #ARGV, 2 do tokens[#tokens + 1] = ARGV[at] end
local records, settled = land(incarnation, tokens)
for i, record in ipairs(records) do
  if record then
    local _, name = split(record)
    local field = 'o:' .. ARGV[2 * i + 2]
    count(field, 1)
    local fields = by_site[name]
    if not fields then
      fields = {}
      by_site[name] = fields
    end
    fields[field] = (fields[field] or 0) + 1
  end
end
for name, fields in pairs(by_site) do
  for field, times in pairs(fields) do redis.call('HINCRBY', P .. ':s:' .. name, field, times) end
end
-- Pages that this worker has used up of what it reserved (reserve.lua).
if settled > 0 then redis.call('HINCRBY', P .. ':paid', incarnation, settled) end
flush()
return told(records)
