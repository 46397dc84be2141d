-- The newest visit of one URL in a crawl.
--
-- Parameters: $crawl  the crawl's id
--             $site   the URL's site: files are sorted by it
--             $url    the URL
SELECT
    url, host, site, kind, depth, discovered_from, redirect_hops, attempt,
    epoch_us(visited_at) AS visited_at_us, outcome, http_status, redirect_url, error, worker_id, links_watched,
    watch_version
FROM visits
WHERE crawl_id = $crawl AND site = $site AND url = $url
ORDER BY visited_at DESC, visit_id DESC
LIMIT 1
