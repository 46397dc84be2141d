-- Put before every script: the crawl's identity, counters. What else a script names comes from parts/ (lua.py).
-- KEYS[1] is the record of one partition, `{name:p}`; every other key of the partition begins with it (keys.py).
-- ARGV[1] is the epoch: a partition that was emptied, or belongs to another crawl, answers LOST and nothing is done.
local P = KEYS[1]
local meta = redis.call('HMGET', P, 'epoch', 'end', 'paused', 'quiet')
if meta[1] ~= ARGV[1] then return redis.error_reply('LOST this is not the crawl it was') end
local ended, paused, quiet = meta[2], meta[3], tonumber(meta[4])

local counted = {}
local function count(name, by) counted[name] = (counted[name] or 0) + by end

-- Commands with many arguments go in pieces: Lua's stack is bounded.
local function call_many(command, key, values)
  for first = 1, #values, 1000 do
    redis.call(command, key, unpack(values, first, math.min(first + 999, #values)))
  end
end

-- Adds what was counted. Read and written in one call each: a command costs the server more than a field.
local function flush_counters()
  local names, values = {}, {}
  for name, by in pairs(counted) do
    if by ~= 0 then names[#names + 1] = name end
  end
  if #names == 0 then return end
  if #names == 1 then
    redis.call('HINCRBY', P .. ':c', names[1], counted[names[1]])
  else
    local old = redis.call('HMGET', P .. ':c', unpack(names))
    for i, name in ipairs(names) do
      values[2 * i - 1] = name
      values[2 * i] = string.format('%.0f', (tonumber(old[i]) or 0) + counted[name])
    end
    redis.call('HSET', P .. ':c', unpack(values))
  end
  counted = {}
end

-- Set by the parts that have something to write.
local flush_sites, flush_tokens
local function flush()
  if flush_sites then flush_sites() end
  flush_counters()
  if flush_tokens then flush_tokens() end
end

local function is_declared_dead(incarnation)
  return redis.call('ZSCORE', P .. ':gone', incarnation)
end
