-- What an answer from the datasets is taken from.
SELECT count(*) AS visits, count(DISTINCT crawl_id) AS crawls, epoch_us(max(visited_at)) AS newest_us
FROM visits
WHERE $crawl IS NULL OR crawl_id = $crawl OR crawl_name = $crawl
