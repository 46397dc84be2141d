-- Site records and queues. What is changed in the table of a site is written by flush_sites().
local default_delay
local function delay_of_all()
  default_delay = default_delay or tonumber(redis.call('HGET', P, 'delay_ms'))
  return default_delay
end

local sites = {}
local function site_of(name)
  local site = sites[name]
  if site then return site end
  local key = P .. ':s:' .. name
  local v = redis.call('HMGET', key, 'n', 'l', 'u', 'h', 'd', 'g', 'a', 'f', 'r:seen')
  site = {
    name = name, key = key,
    n = tonumber(v[1]) or 0, levels = v[2] or '', free_at = tonumber(v[3]) or 0,
    hold = v[4] and v[4] ~= '' and v[4] or nil, delay = tonumber(v[5]) or delay_of_all(),
    given_up = v[6] == '1', accepted = tonumber(v[7]) or 0, failing_since = tonumber(v[8]), seen = tonumber(v[9]) or 0,
    set = {}, push = {}, gone = {},
  }
  site.was_due = site.n > 0 and not site.hold
  site.old_levels = site.levels
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
flush_sites = function()
  local due, idle = {}, {}
  for _, site in pairs(sites) do
    for level, entries in pairs(site.push) do call_many('RPUSH', P .. ':q:' .. level .. ':' .. site.name, entries) end
    if site.queue_changed then
      set(site, 'n', site.n)
      if site.levels ~= site.old_levels then
        set(site, 'l', site.levels)
        site.old_levels = site.levels
      end
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
