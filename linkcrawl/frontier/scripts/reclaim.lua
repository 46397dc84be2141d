#!lua flags=allow-oom
-- leased -> queued at the head and held -> due one full delay later, for incarnations that are dead.
-- KEYS[1] the partition. ARGV: epoch; own incarnation (never reclaimed; '' for none); reclaim time in ms; most URLs to
-- move; an incarnation to declare dead whether it is known here or not, or ''; '1' if it died, '0' if it leaves.
-- An incarnation without a beat for the reclaim time is first marked, so that whatever it still sends is stale; then
-- its URLs go back, batch by batch. Downloads that its last beat named gain a crash.
-- Answers {URLs moved, '1' if there is more to do, incarnations declared dead here, '1' if the named one still lives}.
local own, after, batch, named, died = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[6] == '1'
local marked, alive = {}, '0'
local REMEMBERED_MS = 86400000

local function mark(incarnation)
  redis.call('ZADD', P .. ':gone', now, incarnation)
  redis.call('ZREMRANGEBYSCORE', P .. ':gone', '-inf', now - REMEMBERED_MS)
  redis.call('ZREM', P .. ':beats', incarnation)
  redis.call('SADD', P .. ':dying', incarnation)
  if not died then redis.call('DEL', P .. ':d:' .. incarnation) end
  marked[#marked + 1] = incarnation
end

if named ~= '' then
  local beat = tonumber(redis.call('ZSCORE', P .. ':beats', named) or 0)
  if beat > 0 and died and beat > now - after then alive = '1' else mark(named) end
else
  for _, silent in ipairs(redis.call('ZRANGEBYSCORE', P .. ':beats', '-inf', now - after, 'LIMIT', 0, 16)) do
    if silent ~= own then mark(silent) end
  end
end

local function move_urls(incarnation, most)
  local flying, loading = P .. ':f:' .. incarnation, {}
  for token in string.gmatch(redis.call('GET', P .. ':d:' .. incarnation) or '', '%d+') do loading[token] = died end
  local page = redis.call('HSCAN', flying, 0, 'COUNT', most)[2]
  local records, tokens = {}, {}
  for i = 1, #page, 2 do
    if not records[page[i]] then
      records[page[i]] = page[i + 1]
      tokens[#tokens + 1] = page[i]
    end
  end
  table.sort(tokens, function(a, b) return #a > #b or (#a == #b and a > b) end)
  for _, token in ipairs(tokens) do
    local level, name, entry = split(records[token])
    if loading[token] then
      local crashes = math.min(127, string.byte(entry, 3) + 1)
      entry = string.sub(entry, 1, 2) .. string.char(crashes) .. string.sub(entry, 4)
      count('crashes', 1)
    end
    enqueue_first(site_of(name), level, entry)
  end
  if #tokens > 0 then call_many('HDEL', flying, tokens) end
  return #tokens
end

local function free_sites(incarnation, most)
  local holding, freed = P .. ':h:' .. incarnation, {}
  local page = redis.call('HSCAN', holding, 0, 'COUNT', most)[2]
  for i = 1, #page, 2 do
    local site = site_of(page[i])
    freed[#freed + 1] = page[i]
    if site.hold == page[i + 1] then
      site.hold, site.free_at = nil, math.max(site.free_at, now + site.delay)
      set(site, 'h', '')
      set(site, 'u', site.free_at)
    end
  end
  if #freed > 0 then call_many('HDEL', holding, freed) end
  return #freed
end

local moved = 0
local incarnation = named ~= '' and alive == '0' and named or redis.call('SRANDMEMBER', P .. ':dying')
if incarnation then
  moved = move_urls(incarnation, batch)
  free_sites(incarnation, batch)
  if redis.call('EXISTS', P .. ':f:' .. incarnation, P .. ':h:' .. incarnation) == 0 then
    redis.call('DEL', P .. ':d:' .. incarnation, P .. ':r:' .. incarnation)
    redis.call('SREM', P .. ':dying', incarnation)
  end
end
local how = died and 'reclaimed' or 'returned'
count(how, moved)
count('leased', -moved)
count('queued', moved)
flush()
local left
if named ~= '' then left = redis.call('SISMEMBER', P .. ':dying', named) else left = redis.call('EXISTS', P .. ':dying') end
return { moved, tostring(left), marked, alive }
