#!lua flags=no-writes
-- Reads the books of one partition in one step; changes nothing.
-- KEYS[1] the partition. ARGV: epoch.
-- Answers {server time in us, end state, counters as a flat list, sizes: delayed, in flight, due, held, sites, dead}.
local in_flight, held = 0, 0
local who = redis.call('ZRANGE', P .. ':beats', 0, -1)
for _, incarnation in ipairs(redis.call('SMEMBERS', P .. ':dying')) do who[#who + 1] = incarnation end
for _, incarnation in ipairs(who) do
  in_flight = in_flight + redis.call('HLEN', P .. ':f:' .. incarnation)
  held = held + redis.call('HLEN', P .. ':h:' .. incarnation)
end
return {
  whole(now_us), ended or '', redis.call('HGETALL', P .. ':c'),
  {
    redis.call('ZCARD', P .. ':delayed'), in_flight, redis.call('ZCARD', P .. ':due'), held,
    redis.call('LLEN', P .. ':sites'), redis.call('LLEN', P .. ':dead'),
  },
}
