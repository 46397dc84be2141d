-- Put before every script: the clock, the crawl's identity and limits, counters, site records, queues.
-- KEYS[1] is the record of one partition, `{name:p}`; every other key of the partition begins with it (keys.py).
-- ARGV[1] is the epoch: a partition that was emptied, or belongs to another crawl, answers LOST and nothing is done.
local P = KEYS[1]
local meta = redis.call('HMGET', P, 'epoch', 'token', 'end', 'paused', 'delay_ms', 'max_depth', 'max_hops',
  'max_pages_per_site', 'max_queued_per_site', 'site_give_up_ms', 'crash_limit', 'blocks')
if meta[1] ~= ARGV[1] then return redis.error_reply('LOST this is not the crawl it was') end
local ended, paused = meta[3], meta[4]
local default_delay = tonumber(meta[5])
local clock = redis.call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now = math.floor(now_us / 1000)

-- A 16-digit number as text; `..` alone would round it to 14 digits.
local function whole(number) return string.format('%.0f', number) end

-- Tokens only grow, and never fall behind the clock: a server that lost its last second does not repeat one.
local last_token, token_taken = math.max(tonumber(meta[2]) or 0, now_us), false
local function next_token()
  token_taken = true
  last_token = last_token + 1
  return whole(last_token)
end

local counted = {}
local function count(name, by) counted[name] = (counted[name] or 0) + by end

-- Commands with many arguments go in pieces: Lua's stack is bounded.
local function call_many(command, key, values)
  for first = 1, #values, 1000 do
    redis.call(command, key, unpack(values, first, math.min(first + 999, #values)))
  end
end

local sites = {}
local function site_of(name)
  local site = sites[name]
  if site then return site end
  local v = redis.call('HMGET', P .. ':s:' .. name, 'n', 'l', 'u', 'h', 'd', 'g', 'a', 'f', 'r:seen')
  site = {
    name = name, key = P .. ':s:' .. name,
    n = tonumber(v[1]) or 0, levels = v[2] or '', free_at = tonumber(v[3]) or 0,
    hold = v[4] and v[4] ~= '' and v[4] or nil, delay = tonumber(v[5]) or default_delay,
    given_up = v[6] == '1', accepted = tonumber(v[7]) or 0, failing_since = tonumber(v[8]), seen = tonumber(v[9]) or 0,
    set = {}, push = {}, gone = {},
  }
  site.was_due = site.n > 0 and not site.hold
  sites[name] = site
  return site
end

local function set(site, field, value)
  local changes = site.set
  changes[#changes + 1] = field
  changes[#changes + 1] = value
end

-- Levels of a site's queue that may hold something, lowest first, as text: '0 1 4'.
local function add_level(site, level)
  local text = tostring(level)
  if site.levels == text or string.find(' ' .. site.levels .. ' ', ' ' .. text .. ' ', 1, true) then return end
  local all = { level }
  for known in string.gmatch(site.levels, '%d+') do all[#all + 1] = tonumber(known) end
  table.sort(all)
  site.levels = table.concat(all, ' ')
end

local function enqueue(site, level, entry)
  local tail = site.push[level]
  if not tail then
    tail = {}
    site.push[level] = tail
    add_level(site, level)
  end
  tail[#tail + 1] = entry
  site.n = site.n + 1
  site.queue_changed = true
end

-- At the head of its level, so that it is the next of its depth.
local function enqueue_first(site, level, entry)
  redis.call('LPUSH', P .. ':q:' .. level .. ':' .. site.name, entry)
  add_level(site, level)
  site.n = site.n + 1
  site.queue_changed = true
end

-- When the site may be asked for again; one that is given up is never asked, so it need not wait.
local function due_at(site) return site.given_up and now or math.max(now, site.free_at) end

-- Writes the sites that changed. A site is in `due` if, and only if, it has something queued and nobody holds it.
local function flush_sites()
  local due, idle = {}, {}
  for _, site in pairs(sites) do
    for level, entries in pairs(site.push) do call_many('RPUSH', P .. ':q:' .. level .. ':' .. site.name, entries) end
    if site.queue_changed then
      set(site, 'n', site.n)
      set(site, 'l', site.levels)
    end
    if #site.set > 0 then redis.call('HSET', site.key, unpack(site.set)) end
    local is_due = site.n > 0 and not site.hold
    if is_due and (not site.was_due or site.due_changed) then
      due[#due + 1] = due_at(site)
      due[#due + 1] = site.name
    elseif site.was_due and not is_due then
      idle[#idle + 1] = site.name
    end
    site.push, site.set, site.queue_changed, site.due_changed, site.was_due = {}, {}, false, false, is_due
  end
  if #due > 0 then call_many('ZADD', P .. ':due', due) end
  if #idle > 0 then call_many('ZREM', P .. ':due', idle) end
end

local function flush()
  flush_sites()
  for name, by in pairs(counted) do
    if by ~= 0 then redis.call('HINCRBY', P .. ':c', name, by) end
  end
  if token_taken then redis.call('HSET', P, 'token', whole(last_token)) end
end

-- What lies in flight or waits for its time is `<level> <site> <entry>`; nil if it is not.
local function split(record)
  local first = string.find(record, ' ', 1, true)
  local second = first and string.find(record, ' ', first + 1, true)
  local level = first and tonumber(string.sub(record, 1, first - 1))
  if not second or not level or level % 1 ~= 0 then return nil end
  return level, string.sub(record, first + 1, second - 1), string.sub(record, second + 1)
end

-- An entry is a msgpack array that begins with its version and its crash count, a byte each (wire.py).
local function is_entry(entry)
  local head, version, crashes = string.byte(entry, 1, 3)
  return head == 0x9b and version == 1 and crashes < 128
end

local function bury(reason, where, value)
  redis.call('RPUSH', P .. ':dead', whole(now) .. ' ' .. reason .. ' ' .. where .. '\n' .. value)
  count('dead', 1)
end

local function is_declared_dead(incarnation)
  return redis.call('ZSCORE', P .. ':gone', incarnation)
end

local function host_of(entry)
  return string.match(entry, 'https?://(%[[^%]]*%])') or string.match(entry, 'https?://([^/?#:]+)') or ''
end

local verdicts = {}
local function is_blocked(host)
  if not meta[12] or meta[12] == '0' then return false end
  local verdict = verdicts[host]
  if verdict ~= nil then return verdict end
  local names, rest = { host }, host
  while true do
    local dot = string.find(rest, '.', 1, true)
    if not dot or #names > 126 then break end
    rest = string.sub(rest, dot + 1)
    names[#names + 1] = rest
  end
  verdict = false
  for _, hit in ipairs(redis.call('SMISMEMBER', P .. ':blocked', unpack(names))) do
    if hit == 1 then verdict = true end
  end
  verdicts[host] = verdict
  return verdict
end
