#!lua flags=allow-oom
-- leased -> queued, at the head of its level, unchanged.
-- KEYS[1] the partition. ARGV: epoch, incarnation, then tokens, the newest first: so the order is as it was.
-- Answers a '1' for each that was leased, '0' for each that was not (stale).
local tokens = {}
for at = 3, #ARGV do tokens[#tokens + 1] = ARGV[at] end
local records, returned = land(ARGV[2], tokens)
for _, record in ipairs(records) do
  if record then
    local level, name, entry = split(record)
    enqueue_first(site_of(name), level, entry)
  end
end
count('queued', returned)
count('returned', returned)
flush()
return told(records)
