#!lua
-- A new incarnation of a worker; moves nothing.
-- KEYS[1] the crawl, `{name}`. ARGV: epoch, worker id. Answers {incarnation, server time in us}.
-- Incarnations only grow, and never fall behind the clock: a server that lost its last second does not repeat one.
local incarnation = whole(math.max((tonumber(redis.call('HGET', P, 'incarnation')) or 0) + 1, now_us))
redis.call('HSET', P, 'incarnation', incarnation)
redis.call('HSET', P .. ':workers', incarnation, ARGV[2])
redis.call('ZADD', P .. ':beats', now, incarnation)
return { incarnation, whole(now_us) }
