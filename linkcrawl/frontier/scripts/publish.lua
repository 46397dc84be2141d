#!lua flags=allow-oom
-- Makes a complete list the one that counts, with its version; moves nothing.
-- KEYS[1] the crawl, `{name}`. ARGV: epoch, field of the version, prefix of the lists, version.
-- A version older than the one that counts is dropped instead. Answers the version that counts.
local old = redis.call('HGET', P, ARGV[2])
if old and tonumber(old) >= tonumber(ARGV[4]) then
  if old ~= ARGV[4] then redis.call('UNLINK', P .. ARGV[3] .. ARGV[4]) end
  return tonumber(old)
end
redis.call('HSET', P, ARGV[2], ARGV[4])
if old then redis.call('UNLINK', P .. ARGV[3] .. old) end
return tonumber(ARGV[4])
