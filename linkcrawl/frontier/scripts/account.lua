#!lua flags=allow-oom
-- Closes the account of an incarnation that left or died, after every partition calls it gone: of the pages that it
-- reserved, those that it did not settle are free again; the links that it found are kept in the crawl's sum. Moves
-- nothing; a repetition changes nothing.
-- KEYS[1] the crawl, `{name}`. ARGV: epoch, incarnation, pages that it settled.
local reserved = tonumber(redis.call('HGET', P .. ':pages', ARGV[2]))
if reserved then
  redis.call('HDEL', P .. ':pages', ARGV[2])
  redis.call('HINCRBY', P .. ':pages', 'taken', tonumber(ARGV[3]) - reserved)
end
local links = redis.call('HGET', P .. ':links', ARGV[2])
if links then
  redis.call('HDEL', P .. ':links', ARGV[2])
  redis.call('HINCRBY', P .. ':links', 'gone', links)
end
redis.call('HDEL', P .. ':told', ARGV[2])
redis.call('HDEL', P .. ':workers', ARGV[2])
redis.call('ZREM', P .. ':beats', ARGV[2])
return 1
