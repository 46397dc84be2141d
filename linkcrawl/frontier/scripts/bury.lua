#!lua flags=allow-oom
-- leased -> dead, for entries that a worker could not read. They count as never leased.
-- KEYS[1] the partition. ARGV: epoch, incarnation, then tokens. Answers how many there were.
local incarnation, buried = ARGV[2], 0

-- Where the site's lists hold more than was counted in, somebody else put the entry there, and it took the place of one
-- of ours: that one is queued still.
local function give_place_back(level, name)
  local site, there = site_of(name), 0
  add_level(site, level)
  for text in string.gmatch(site.levels, '%d+') do
    there = there + redis.call('LLEN', P .. ':q:' .. text .. ':' .. name)
  end
  if there > site.n then
    site.n, site.queue_changed = site.n + 1, true
    count('accepted', 1)
    count('queued', 1)
  end
end

local flying = P .. ':f:' .. incarnation
for at = 3, #ARGV do
  local record = redis.call('HGET', flying, ARGV[at])
  if record then
    redis.call('HDEL', flying, ARGV[at])
    bury('unreadable', 'leased', record)
    local level, name = split(record)
    give_place_back(level, name)
    buried = buried + 1
  end
end
count('leased', -buried)
count('leases', -buried)
flush()
return buried
