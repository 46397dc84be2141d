#!lua
-- delayed -> queued for those whose time has come; queued -> leased; a site that is due -> held.
-- KEYS[1] the partition. ARGV: epoch, incarnation, request, most sites, most URLs of a site, most URLs in all.
-- Answers {state, server time in us, ms until something more is due (-1: nothing waits), holds}. state: 'ok', 'dead' (the
-- incarnation was declared dead), 'late' (a newer request of it was answered, or it reconciled since).
-- A hold is {site, token, delay_ms, ready_in_ms, failing_ms, {token, entry, record-only outcome, ...},
-- {origin, ttl_ms, robots, ...}}. A request that comes twice is answered with what is left of the same reply.
local incarnation, request = ARGV[2], tonumber(ARGV[3])
local most_sites, per_site, most_urls = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local flying, holding, reply_key = P .. ':f:' .. incarnation, P .. ':h:' .. incarnation, P .. ':r:' .. incarnation
local PROMOTED, TRIES = 200, 8

local function crash_limit() return tonumber(redis.call('HGET', P, 'crash_limit')) or 3 end

local function record_only(site, entry)
  if is_blocked(entry) then return 'blocked_domain' end
  if site.given_up then return 'site_unreachable' end
  local crashes = string.byte(entry, 3)
  if crashes > 0 and crashes >= crash_limit() then return 'abandoned' end
  return ''
end

local function robots_for(urls)
  local found, asked = {}, {}
  for i = 1, #urls, 3 do
    local origin = string.match(urls[i + 1], 'https?://[^/?#]+')
    if origin and urls[i + 2] == '' and not asked[origin] then
      asked[origin] = true
      local robots = redis.call('GET', P .. ':robots:' .. origin)
      if robots then
        found[#found + 1] = origin
        found[#found + 1] = redis.call('PTTL', P .. ':robots:' .. origin)
        found[#found + 1] = robots
      end
    end
  end
  return found
end

local function as_reply(site, token, urls)
  local failing = site.failing_since and now - site.failing_since or 0
  local free_at = math.max(site.free_at, quiet and quiet + site.delay or 0)
  local ready = site.given_up and 0 or math.max(0, free_at - now)
  return { site.name, token, site.delay, ready, failing, urls, robots_for(urls) }
end

local function same_again(lines)
  local holds = {}
  for line in string.gmatch(lines, '[^\n]+') do
    local words = {}
    for word in string.gmatch(line, '%S+') do words[#words + 1] = word end
    local site = site_of(words[1])
    if site.hold == words[2] then
      local urls = {}
      for i = 3, #words do
        local record = redis.call('HGET', flying, words[i])
        if record then
          local _, _, entry = split(record)
          urls[#urls + 1] = words[i]
          urls[#urls + 1] = entry
          urls[#urls + 1] = record_only(site, entry)
        end
      end
      holds[#holds + 1] = as_reply(site, words[2], urls)
    end
  end
  return holds
end

if is_declared_dead(incarnation) then return { 'dead', whole(now_us), -1, {} } end
local last = redis.call('GET', reply_key)
if last then
  local number, lines = string.match(last, '^(%d+)\n?(.*)$')
  if tonumber(number) > request then return { 'late', whole(now_us), 0, {} } end
  if tonumber(number) == request then return { 'ok', whole(now_us), 0, same_again(lines) } end
end

-- ms until the first member of a set of times is due, 0 if it is; nil if the set is empty.
local function until_first(key)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return first[2] and math.max(0, tonumber(first[2]) - now)
end

-- Answers ms until the next one that is delayed has to be promoted; nil if there is none.
local function promote()
  local wait = until_first(P .. ':delayed')
  if wait ~= 0 then return wait end
  local ripe = redis.call('ZRANGEBYSCORE', P .. ':delayed', '-inf', now, 'LIMIT', 0, PROMOTED)
  -- What nobody counted in was put there by somebody else: it is counted as accepted now, whatever it is.
  local known = tonumber(redis.call('HGET', P .. ':c', 'delayed')) or 0
  local foreign = math.max(0, redis.call('ZCARD', P .. ':delayed') - known)
  count('accepted', foreign)
  count('delayed', foreign - #ripe)
  for _, record in ipairs(ripe) do
    local level, name, entry = split(record)
    if level and is_entry(entry) then
      enqueue(site_of(name), level, entry)
      count('queued', 1)
    elseif level then
      bury(why_not_entry(entry), level .. ' ' .. name, entry)
    else
      bury('garbage', 'delayed', record)
    end
  end
  call_many('ZREM', P .. ':delayed', ripe)
  flush_sites()
  return until_first(P .. ':delayed')
end

-- The queue of the site is what its lists hold; `n` is what was counted in. They differ only where somebody else
-- wrote to the lists: too much is counted as accepted and dead, too little as dead.
local function bury_from_queue(site, level, entry)
  local there = 1
  for text in string.gmatch(site.levels, '%d+') do
    there = there + redis.call('LLEN', P .. ':q:' .. text .. ':' .. site.name)
  end
  there = there + site.taken_but_counted
  bury(why_not_entry(entry), level .. ' ' .. site.name, entry)
  if there > site.n then
    count('accepted', 1)
  else
    site.n = site.n - 1
    count('queued', -1)
  end
end

local function take(site, most)
  local good, tries = {}, 0
  for text in string.gmatch(site.levels, '%d+') do
    local level = tonumber(text)
    while #good < most and tries < most * TRIES and site.n > 0 do
      local want = most - #good
      local popped = redis.call('LPOP', P .. ':q:' .. level .. ':' .. site.name, want)
      if not popped then
        site.gone[text] = true
        break
      end
      tries = tries + #popped
      for i, entry in ipairs(popped) do
        if is_entry(entry) then
          good[#good + 1] = { level, entry }
          if site.n > 0 then
            site.n = site.n - 1
          else
            -- A well-formed entry that nobody submitted.
            count('accepted', 1)
            count('queued', 1)
          end
        else
          site.taken_but_counted = #popped - i
          bury_from_queue(site, level, entry)
        end
      end
      if #popped < want then
        site.gone[text] = true
        break
      end
    end
  end
  local left = {}
  for text in string.gmatch(site.levels, '%d+') do
    if not site.gone[text] then left[#left + 1] = text end
  end
  site.levels = site.n > 0 and table.concat(left, ' ') or ''
  if site.n > 0 and #left == 0 then
    bury('missing', site.name, tostring(site.n))
    count('dead', site.n - 1)
    count('queued', -site.n)
    site.n = 0
  end
  site.queue_changed = true
  return good
end

local holds, lines, flights, held, given = {}, { tostring(request) }, {}, {}, 0

local function hold(site, taken)
  local token = next_token()
  local urls, words = {}, { site.name, token }
  for _, pair in ipairs(taken) do
    local lease = next_token()
    local at = #urls
    urls[at + 1], urls[at + 2], urls[at + 3] = lease, pair[2], record_only(site, pair[2])
    words[#words + 1] = lease
    flights[#flights + 1] = lease
    flights[#flights + 1] = pair[1] .. ' ' .. site.name .. ' ' .. pair[2]
  end
  given = given + #taken
  site.hold = token
  set(site, 'h', token)
  held[#held + 1] = site.name
  held[#held + 1] = token
  lines[#lines + 1] = table.concat(words, ' ')
  holds[#holds + 1] = as_reply(site, token, urls)
end

if (ended and ended ~= '') or paused == '1' then return { 'ok', whole(now_us), -1, {} } end
-- The server was another one a moment ago, and may have forgotten who asks a site now (recognise.lua).
if quiet and now < quiet then return { 'ok', whole(now_us), quiet - now, {} } end
local delayed_for = promote()
local due_in = until_first(P .. ':due')
local served = due_in == 0 and most_sites > 0 and most_urls > 0
if served then
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', P .. ':due', '-inf', now, 'LIMIT', 0, most_sites)) do
    if given >= most_urls then break end
    local site = site_of(name)
    site.was_due = true
    if not site.hold then
      local taken = take(site, math.min(per_site, most_urls - given))
      if #taken > 0 then hold(site, taken) end
    end
  end
end
if given > 0 then
  call_many('HSET', flying, flights)
  call_many('HSET', holding, held)
  redis.call('SET', reply_key, table.concat(lines, '\n'))
  redis.call('ZADD', P .. ':beats', now, incarnation)
  count('queued', -given)
  count('leased', given)
  count('leases', given)
end
flush()
-- Who got all that it asked for may find more at once; the others hear when there will be more.
local wait = 0
if #holds < most_sites or not served then
  if served then due_in = until_first(P .. ':due') end
  wait = math.min(due_in or math.huge, delayed_for or math.huge)
end
return { 'ok', whole(now_us), wait < math.huge and wait or -1, holds }
