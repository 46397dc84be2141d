#!lua flags=allow-oom
-- held -> due when its delay is over, or idle.
-- KEYS[1] the partition. ARGV: epoch, incarnation, then for each hold: site, token, ms since its last request started
-- ('' if none was made), its new delay in ms ('' if unchanged), penalty in ms, and '1' if every request failed, '0' if
-- one worked, '' if none was made. Answers a '1' for each that was held, '0' for each that was not (stale).
local incarnation, answers = ARGV[2], {}
local holding = P .. ':h:' .. incarnation
local dead = is_declared_dead(incarnation)
local give_up

local function judge(site, failed)
  if failed == '0' and site.failing_since then
    set(site, 'f', '')
  elseif failed == '1' and not site.failing_since then
    set(site, 'f', now)
  elseif failed == '1' and not site.given_up then
    give_up = give_up or tonumber(redis.call('HGET', P, 'site_give_up_ms')) or math.huge
    if now - site.failing_since >= give_up then
      site.given_up = true
      set(site, 'g', '1')
    end
  end
end

local freed = {}
for at = 3, #ARGV, 6 do
  local name, token, since, delay, penalty = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4])
  local site = site_of(name)
  if dead or site.hold ~= token then
    count('stale', 1)
    answers[#answers + 1] = '0'
  else
    freed[#freed + 1] = name
    site.hold = nil
    set(site, 'h', '')
    if delay ~= '' then
      site.delay = tonumber(delay)
      set(site, 'd', delay)
    end
    local free_at = math.max(site.free_at, now + penalty)
    if since ~= '' then free_at = now + math.max(0, site.delay - tonumber(since)) + penalty end
    if free_at ~= site.free_at and (since ~= '' or penalty > 0) then
      site.free_at = free_at
      set(site, 'u', free_at)
    end
    judge(site, ARGV[at + 5])
    answers[#answers + 1] = '1'
  end
end
if #freed > 0 then call_many('HDEL', holding, freed) end
flush()
return table.concat(answers)
