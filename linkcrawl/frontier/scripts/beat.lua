#!lua flags=allow-oom
-- Says that an incarnation lives, and what it is downloading; moves nothing.
-- KEYS[1] the partition. ARGV: epoch, incarnation, tokens of the downloads in progress, separated by spaces.
-- Answers {'1' if it lives, '0' if it was declared dead; server time in us}.
local incarnation = ARGV[2]
if is_declared_dead(incarnation) then return { '0', whole(now_us) } end
redis.call('ZADD', P .. ':beats', now, incarnation)
if ARGV[3] ~= '' then
  redis.call('SET', P .. ':d:' .. incarnation, ARGV[3])
else
  redis.call('DEL', P .. ':d:' .. incarnation)
end
return { '1', whole(now_us) }
