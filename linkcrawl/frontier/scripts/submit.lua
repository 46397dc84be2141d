#!lua
-- unseen -> queued, or refused with a reason that is counted.
-- KEYS[1] the partition. ARGV: epoch; '1' if a page's worker submits, '' if an operator does; one msgpack array (a
--   hundred arguments cost the server more than the work): for each site its name, the number of its items, and for
--   each item bucket, fingerprint (text: Lua would round it), depth, hops, mark, how often it was offered besides;
--   then the entry of each item.
--   `mark` is '' or, for a URL of a later round, `<bucket> <fingerprint>` of the URL itself.
-- Answers one letter an item ('0' accepted, else a letter of wire.REFUSAL_BY_LETTER), after a '!' if the crawl
-- had ended and is open again. Writes no more than it is given.
local REFUSALS = { s = 'seen', d = 'depth', h = 'hops', b = 'budget', q = 'queue_full', x = 'blocked' }
local items = cmsgpack.unpack(ARGV[3])
local letters = {}
-- A finished crawl had no page left whose links were not submitted: this one comes from a page that was fetched
-- again since. Only an operator opens the crawl anew.
local too_late = ended == 'finished' and ARGV[2] == '1'
local limits = redis.call('HMGET', P, 'max_depth', 'max_hops', 'max_pages_per_site', 'max_queued_per_site')
local max_depth, max_hops = tonumber(limits[1]), tonumber(limits[2])
local budget, cap = tonumber(limits[3]), tonumber(limits[4])
local any_accepted = false

local function reason_against(site, depth, hops, known, entry)
  if is_blocked(entry) then return 'x' end
  if max_depth and depth > max_depth then return 'd' end
  if max_hops and hops > max_hops then return 'h' end
  if budget and site.accepted >= budget and not known then return 'b' end
  if cap and site.n >= cap then return 'q' end
end

local function judge(site, at, entry)
  local bucket, fingerprint, depth, mark = items[at], items[at + 1], items[at + 2], items[at + 4]
  local known, plain_bucket, plain = false, nil, nil
  if mark ~= '' then
    plain_bucket, plain = string.match(mark, '^(%d+) (%-?%d+)$')
    known = redis.call('SISMEMBER', P .. ':seen:' .. plain_bucket, plain) == 1
  end
  local reason = reason_against(site, depth, items[at + 3], known, entry)
  if reason then
    return redis.call('SISMEMBER', P .. ':seen:' .. bucket, fingerprint) == 1 and 's' or reason
  end
  if redis.call('SADD', P .. ':seen:' .. bucket, fingerprint) == 0 then return 's' end
  if plain then
    if not known then redis.call('SADD', P .. ':seen:' .. plain_bucket, plain) end
    if site.given_up then
      -- An operator asks for the site again.
      site.given_up, site.failing_since, site.due_changed = false, nil, true
      set(site, 'g', '')
      set(site, 'f', '')
    end
  end
  if site.accepted == 0 then redis.call('RPUSH', P .. ':sites', site.name) end
  site.accepted = site.accepted + 1
  enqueue(site, math.min(depth, 255), entry)
  return '0'
end

local at, last, entries = 1, #items, 3
while at <= last do
  local name, number = items[at], items[at + 1]
  at = at + 2
  if too_late then
    count('stale', number)
    letters[#letters + 1] = string.rep('s', number)
    at, entries = at + 6 * number, entries + number
  else
    local site, refused, accepted = site_of(name), {}, 0
    for _ = 1, number do
      entries = entries + 1
      local letter = judge(site, at, ARGV[entries])
      letters[#letters + 1] = letter
      local again = items[at + 5]
      if letter == '0' then
        accepted = accepted + 1
        if again > 0 then refused.s = (refused.s or 0) + again end
      else
        refused[letter] = (refused[letter] or 0) + 1 + again
      end
      at = at + 6
    end
    if accepted > 0 then
      any_accepted = true
      count('accepted', accepted)
      count('queued', accepted)
      set(site, 'a', site.accepted)
    end
    for letter, times in pairs(refused) do
      local field = 'r:' .. REFUSALS[letter]
      count(field, times)
      -- A site that never had a URL accepted gets no record: hostile pages can name any number of sites.
      if site.accepted > 0 then
        if letter == 's' then
          site.seen = site.seen + times
          set(site, field, site.seen)
        else
          redis.call('HINCRBY', site.key, field, times)
        end
      end
    end
  end
end
count('submits', 1)
local opened = ''
if any_accepted and ended == 'finished' then
  redis.call('HSET', P, 'end', '')
  opened = '!'
end
flush()
return opened .. table.concat(letters)
