#!lua flags=allow-oom
-- A worker's beat for the whole crawl: says that it lives, learns what changed; moves nothing. Whether it was declared
-- dead is for the partitions to say (beat.lua).
-- KEYS[1] the crawl, `{name}`. ARGV: epoch; incarnation ('' only reads); worker id; reclaim time in ms; what the worker
-- tells of itself, packed ('' nothing new); links that this incarnation has found.
-- Answers {server time in us, end state, paused, scope, watch and blocked versions, most pages, live incarnations,
-- incarnations silent for the reclaim time}. Lists at most 10,000 live and 100 silent ones.
if ARGV[2] ~= '' then
  redis.call('ZADD', P .. ':beats', now, ARGV[2])
  -- One that is not known may have been buried, its links added to those of the gone: they must not count again.
  local known = redis.call('HSET', P .. ':workers', ARGV[2], ARGV[3]) == 0
  if known and ARGV[5] ~= '' then
    redis.call('HSET', P .. ':told', ARGV[2], ARGV[5])
    redis.call('HSET', P .. ':links', ARGV[2], ARGV[6])
  end
end
local since = now - tonumber(ARGV[4])
local versions = redis.call('HMGET', P, 'watch_version', 'max_pages')
return {
  whole(now_us), ended or '', paused or '', redis.call('LLEN', P .. ':scope'),
  tonumber(versions[1]) or 0, redis.call('LLEN', P .. ':blocked'), versions[2] or '',
  redis.call('ZRANGEBYSCORE', P .. ':beats', '(' .. whole(since), '+inf', 'LIMIT', 0, 10000),
  redis.call('ZRANGEBYSCORE', P .. ':beats', '-inf', since, 'LIMIT', 0, 100),
}
