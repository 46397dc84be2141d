#!lua flags=allow-oom
-- Makes a complete list the one that counts if nobody changed it since it was read; moves nothing.
-- KEYS[1] the crawl, `{name}`. ARGV: epoch, field of the version, prefix of the lists, version, version that was read.
-- Where another version counts by now, the new list is dropped. Answers the version that counts. A repetition changes
-- nothing.
local current = redis.call('HGET', P, ARGV[2]) or '0'
if current == ARGV[4] then return tonumber(current) end
if current ~= ARGV[5] then
  redis.call('UNLINK', P .. ARGV[3] .. ARGV[4])
  return tonumber(current)
end
redis.call('HSET', P, ARGV[2], ARGV[4])
redis.call('UNLINK', P .. ARGV[3] .. current)
return tonumber(ARGV[4])
