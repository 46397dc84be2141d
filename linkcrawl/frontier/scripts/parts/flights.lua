-- Takes leases out of the in-flight table of an incarnation. Answers the record of each token, false for one that is
-- not there (stale), and how many there were.
local function land(incarnation, tokens)
  local records, landed, done = {}, {}, {}
  local dead = is_declared_dead(incarnation)
  for first = 1, #tokens, 1000 do
    local last = math.min(first + 999, #tokens)
    local page = dead and {} or redis.call('HMGET', P .. ':f:' .. incarnation, unpack(tokens, first, last))
    for i = first, last do
      local token, record = tokens[i], page[i - first + 1]
      records[i] = record and not done[token] and record or false
      if records[i] then
        done[token] = true
        landed[#landed + 1] = token
      end
    end
  end
  if #landed > 0 then
    call_many('HDEL', P .. ':f:' .. incarnation, landed)
    count('leased', -#landed)
  end
  count('stale', #tokens - #landed)
  return records, #landed
end

-- The answer of a move: a '1' for each that was leased, a '0' for each that was not.
local function told(records)
  local answers = {}
  for i, record in ipairs(records) do answers[i] = record and '1' or '0' end
  return table.concat(answers)
end
