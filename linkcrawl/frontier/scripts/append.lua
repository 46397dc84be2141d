#!lua
-- Adds to one of the crawl's append-only lists; moves nothing.
-- KEYS[1] the crawl, `{name}`. ARGV: epoch, list, then values. Answers the length of the list.
local values = {}
for at = 3, #ARGV do values[#values + 1] = ARGV[at] end
if #values > 0 then call_many('RPUSH', P .. ARGV[2], values) end
return redis.call('LLEN', P .. ARGV[2])
