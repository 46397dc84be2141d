#!lua flags=allow-oom
-- Operators who are submitting seeds just now: while there is one, the crawl is not complete. Moves nothing.
-- KEYS[1] the crawl, `{name}`. ARGV: epoch; who ('' only reads, '*' all); ms until that one is taken for dead (0: it is
-- through).
-- Answers how many there are.
local key = P .. ':filling'
if ARGV[2] == '*' then
  redis.call('DEL', key)
elseif ARGV[2] ~= '' then
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if ARGV[3] == '0' then
    redis.call('ZREM', key, ARGV[2])
  else
    redis.call('ZADD', key, now + tonumber(ARGV[3]), ARGV[2])
  end
end
return redis.call('ZCOUNT', key, '(' .. whole(now), '+inf')
