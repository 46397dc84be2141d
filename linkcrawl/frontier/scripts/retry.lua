#!lua flags=allow-oom
-- leased -> delayed, as the entry that is given (its attempt is one more).
-- KEYS[1] the partition. ARGV: epoch, incarnation, then token, wait in ms and new entry of each lease.
-- Answers a '1' for each that was leased, '0' for each that was not (stale).
local tokens, waiting = {}, {}
for at = 3, #ARGV, 3 do tokens[#tokens + 1] = ARGV[at] end
local records, retried = land(ARGV[2], tokens)
for i, record in ipairs(records) do
  if record then
    local level, name = split(record)
    waiting[#waiting + 1] = now + tonumber(ARGV[3 * i + 1])
    waiting[#waiting + 1] = level .. ' ' .. name .. ' ' .. ARGV[3 * i + 2]
  end
end
call_many('ZADD', P .. ':delayed', waiting)
count('delayed', retried)
count('retried', retried)
flush()
return told(records)
