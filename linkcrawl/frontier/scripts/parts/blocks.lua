-- Blocked domains. Most crawls have none: then nothing is looked for.
local has_blocks

local function host_of(entry)
  return string.match(entry, 'https?://(%[[^%]]*%])') or string.match(entry, 'https?://([^/?#:]+)') or ''
end

local verdicts = {}
-- Whether the URL of an entry lies on a blocked domain, or below one.
local function is_blocked(entry)
  if has_blocks == nil then has_blocks = (tonumber(redis.call('HGET', P, 'blocks')) or 0) > 0 end
  if not has_blocks then return false end
  local host = host_of(entry)
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
