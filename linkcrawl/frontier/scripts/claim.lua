#!lua flags=allow-oom
-- One of many takes on a piece of work that is to be done once; moves nothing.
-- KEYS[1] the crawl, `{name}`. ARGV: epoch; what; who; verb; ms that it holds for (0: for ever, for 'done' alone).
--   'hold' takes it, or takes it for longer; 'done' says that it is done; 'drop' gives it back undone.
-- Answers 'mine', 'theirs' (another is at it) or 'done'.
local key = P .. ':claim:' .. ARGV[2]
local holder = redis.call('GET', key)
if holder == 'done' then return 'done' end
if holder and holder ~= ARGV[3] then return 'theirs' end
if ARGV[4] == 'drop' then
  redis.call('DEL', key)
elseif ARGV[4] == 'done' and ARGV[5] == '0' then
  redis.call('SET', key, 'done')
else
  redis.call('SET', key, ARGV[4] == 'done' and 'done' or ARGV[3], 'PX', ARGV[5])
end
return 'mine'
