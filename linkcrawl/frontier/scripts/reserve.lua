#!lua flags=allow-oom
-- Reserves pages of `--max-pages` for an incarnation, or gives them back; moves nothing.
-- KEYS[1] the crawl, `{name}`. ARGV: epoch, incarnation, pages wanted (below 0: given back).
-- Always: pages settled by those who left + pages reserved by the others <= max_pages, so it is never overshot.
-- Answers {pages reserved or given back, pages still free}; {-1, -1} where there is no limit.
local most = tonumber(redis.call('HGET', P, 'max_pages'))
if not most then return { -1, -1 } end
local pages, incarnation, want = P .. ':pages', ARGV[2], tonumber(ARGV[3])
local free = most - (tonumber(redis.call('HGET', pages, 'taken')) or 0)
local own = tonumber(redis.call('HGET', pages, incarnation)) or 0
-- A request that was stuck while its incarnation was buried reserves nothing: nobody would give it back.
if want > 0 and redis.call('HEXISTS', P .. ':workers', incarnation) == 0 then want = 0 end
local got = want > 0 and math.max(0, math.min(want, free)) or math.max(want, -own)
if got ~= 0 then
  redis.call('HINCRBY', pages, incarnation, got)
  redis.call('HINCRBY', pages, 'taken', got)
end
return { got, free - got }
