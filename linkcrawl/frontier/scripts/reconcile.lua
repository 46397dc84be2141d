#!lua flags=allow-oom
-- leased -> queued at the head, for what the worker does not know of; held -> due one full delay later, likewise.
-- KEYS[1] the partition. ARGV: epoch, incarnation, its last request (none of that number or below is answered any
-- more), number of tokens, tokens of the leases it holds, then site and token of each hold.
-- Answers {'ok' or 'dead', server time in us, tokens unknown here, sites not held here, how many were returned}.
local incarnation, request, leases = ARGV[2], ARGV[3], tonumber(ARGV[4])
local flying, holding = P .. ':f:' .. incarnation, P .. ':h:' .. incarnation
if is_declared_dead(incarnation) then return { 'dead', whole(now_us), {}, {}, 0 } end
redis.call('SET', P .. ':r:' .. incarnation, request)
local known, unknown, not_held, returned = {}, {}, {}, 0
for at = 5, 4 + leases do
  known[ARGV[at]] = true
  if redis.call('HEXISTS', flying, ARGV[at]) == 0 then unknown[#unknown + 1] = ARGV[at] end
end
local tokens = redis.call('HKEYS', flying)
table.sort(tokens, function(a, b) return #a > #b or (#a == #b and a > b) end)
for _, token in ipairs(tokens) do
  if not known[token] then
    local level, name, entry = split(redis.call('HGET', flying, token))
    redis.call('HDEL', flying, token)
    enqueue_first(site_of(name), level, entry)
    returned = returned + 1
  end
end
local kept = {}
for at = 5 + leases, #ARGV, 2 do
  if redis.call('HGET', holding, ARGV[at]) == ARGV[at + 1] then
    kept[ARGV[at]] = true
  else
    not_held[#not_held + 1] = ARGV[at]
  end
end
local here = redis.call('HGETALL', holding)
for i = 1, #here, 2 do
  if not kept[here[i]] then
    redis.call('HDEL', holding, here[i])
    local site = site_of(here[i])
    if site.hold == here[i + 1] then
      site.hold, site.free_at = nil, math.max(site.free_at, now + site.delay)
      set(site, 'h', '')
      set(site, 'u', site.free_at)
    end
  end
end
redis.call('ZADD', P .. ':beats', now, incarnation)
count('leased', -returned)
count('queued', returned)
count('returned', returned)
flush()
return { 'ok', whole(now_us), unknown, not_held, returned }
