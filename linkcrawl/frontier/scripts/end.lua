#!lua flags=allow-oom
-- Stores how the crawl ended: once, the first wins; or opens it again. Moves nothing.
-- KEYS[1] the crawl, `{name}`. ARGV: epoch, end state ('' opens it), the only state that may be opened ('' any).
-- Answers the state that is stored now.
ended = ended or ''
if ARGV[2] == '' then
  if ARGV[3] == '' or ARGV[3] == ended then
    redis.call('HSET', P, 'end', '', 'ended_us', '')
    return ''
  end
elseif ended == '' then
  redis.call('HSET', P, 'end', ARGV[2], 'ended_us', whole(now_us))
  return ARGV[2]
end
return ended
