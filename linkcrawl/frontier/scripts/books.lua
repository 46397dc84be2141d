#!lua flags=no-writes
-- Reads the books of one partition in one step; changes nothing.
-- KEYS[1] the partition. ARGV: epoch; '1' to look into the tables of all workers, too.
-- Answers {server time in us, end state, counters as a flat list, sizes: delayed, in flight, due, held, sites, dead};
-- without the '1' there are no sizes: a thousand workers that wait for the end ask each second.
if ARGV[2] ~= '1' then return { whole(now_us), ended or '', redis.call('HGETALL', P .. ':c'), {} } end
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
