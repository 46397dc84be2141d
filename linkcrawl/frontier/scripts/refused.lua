#!lua flags=allow-oom
-- Counts URLs that workers refused before they asked; moves nothing.
-- KEYS[1] the crawl, `{name}`. ARGV: epoch, then reason and number.
for at = 2, #ARGV, 2 do redis.call('HINCRBY', P .. ':refused', ARGV[at], ARGV[at + 1]) end
return 1
