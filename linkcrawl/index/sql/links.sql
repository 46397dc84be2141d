-- The links to a target, as each was last seen.
--
-- Parameters: $site    the site of the target's host
--             $host    its host
--             $below   whether hosts below it count too
--             $path    what the target's path starts with; '/' for all of the host
--             $urls    the exact URLs meant; null where the target is no URL
--             $crawl   only of the crawl with this id or name; null for all
--
-- A pair of source and target URL is taken from the newest visit that has it: newest by visited_at and
-- visit_id, among those visits that count (the newest of a URL within a crawl). A link that a later crawl no
-- longer found stays, with its old visited_at: whether it is lost takes more evidence than one visit.

WITH to_target AS (
    SELECT *
    FROM links
    -- Files are sorted by target_site: this is what lets most of them be skipped. Below a host there can be
    -- sites of their own (bucket.s3.amazonaws.com below amazonaws.com).
    WHERE (target_site = $site OR ($below AND ends_with(target_site, '.' || $host)))
      AND (target_host = $host OR ($below AND ends_with(target_host, '.' || $host)))
      AND ($path = '/' OR starts_with(regexp_replace(target_url, '^[a-z]+://[^/]*', ''), $path))
      AND ($urls IS NULL OR list_contains($urls, target_url))
),

-- Visits of the pages that have such links, and of no others: there are few of them.
counting AS (
    SELECT visit_id, url, crawl_id, crawl_name, http_status, lang, title, page_noindex, page_nofollow
    FROM visits
    WHERE (crawl_id, url) IN (SELECT (crawl_id, source_url) FROM to_target)
      AND ($crawl IS NULL OR crawl_id = $crawl OR crawl_name = $crawl)
    QUALIFY row_number() OVER (PARTITION BY crawl_id, url ORDER BY visited_at DESC, visit_id DESC) = 1
)

SELECT
    to_target.*,
    counting.crawl_name,
    counting.http_status,
    counting.lang,
    counting.title,
    counting.page_noindex,
    counting.page_nofollow
FROM to_target
JOIN counting USING (visit_id)
QUALIFY rank() OVER (
    PARTITION BY source_url, target_url ORDER BY visited_at DESC, visit_id DESC
) = 1
ORDER BY source_site, source_url, position, target_url
