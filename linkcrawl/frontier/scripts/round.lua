#!lua
-- Begins a new round of retries; moves nothing. (A repetition begins one more, which harms nothing: it stays empty.)
-- KEYS[1] the crawl, `{name}`. ARGV: epoch. Answers {number of the round, its start in us}.
return { redis.call('RPUSH', P .. ':rounds', whole(now_us)), whole(now_us) }
