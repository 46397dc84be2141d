-- Tokens only grow, and never fall behind the clock: a server that lost its last second does not repeat one.
local last_token
local function next_token()
  last_token = last_token or math.max(tonumber(redis.call('HGET', P, 'token')) or 0, now_us)
  last_token = last_token + 1
  return whole(last_token)
end

flush_tokens = function()
  if last_token then redis.call('HSET', P, 'token', whole(last_token)) end
end
