#!lua
-- Keeps what is known of one origin's robots.txt until it expires; moves nothing.
-- KEYS[1] the partition of the origin's site. ARGV: epoch, origin, record, ms until it expires.
if tonumber(ARGV[4]) > 0 then
  redis.call('SET', P .. ':robots:' .. ARGV[2], ARGV[3], 'PX', ARGV[4])
else
  redis.call('DEL', P .. ':robots:' .. ARGV[2])
end
return 1
