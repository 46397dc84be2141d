-- The newest visits of URLs whose newest visit in a crawl ended in one of some outcomes.
--
-- Parameters: $crawl     the crawl's id
--             $outcomes  outcomes
--             $statuses  of http_error, only these HTTP statuses; [] for any
--             $site      of this site alone; null for all
--             $since     visited then or later; null for all
--
-- Only the URLs that have such a visit at all are compared with their other visits: memory grows with them, not with
-- the crawl.

WITH such AS (
    SELECT *
    FROM visits
    WHERE crawl_id = $crawl
      AND list_contains($outcomes, outcome)
      AND (outcome <> 'http_error' OR len($statuses) = 0 OR list_contains($statuses, http_status))
      AND ($site IS NULL OR site = $site)
      AND ($since IS NULL OR visited_at >= $since::TIMESTAMPTZ)
),

newest AS (
    SELECT url, max((visited_at, visit_id)) AS age
    FROM visits
    WHERE crawl_id = $crawl
      AND ($site IS NULL OR site = $site)
      AND url IN (SELECT url FROM such)
    GROUP BY url
)

SELECT
    such.url, host, site, kind, depth, discovered_from, redirect_hops, attempt,
    epoch_us(visited_at) AS visited_at_us, outcome, http_status, redirect_url, error, worker_id, links_watched,
    watch_version
FROM such
JOIN newest ON newest.url = such.url AND newest.age = (such.visited_at, such.visit_id)
