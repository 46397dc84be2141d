-- What counts of the datasets. The tables visits, links, edges, crawls, watchlists and sites hold every row of
-- every whole commit; a page that was fetched twice (after a crash, say) has two visits in them.

-- The newest visit of each URL within a crawl.
CREATE VIEW newest_visits AS
SELECT *
FROM visits
QUALIFY row_number() OVER (PARTITION BY crawl_id, url ORDER BY visited_at DESC, visit_id DESC) = 1;

-- The links and edges of these visits.
CREATE VIEW newest_links AS
SELECT *
FROM links
WHERE visit_id IN (SELECT visit_id FROM newest_visits);

CREATE VIEW newest_edges AS
SELECT *
FROM edges
WHERE visit_id IN (SELECT visit_id FROM newest_visits);

-- Each crawl as it stood last, its newest watch list, and its sites as they stood last.
CREATE VIEW newest_crawls AS
SELECT *
FROM crawls
QUALIFY row_number() OVER (PARTITION BY crawl_id ORDER BY written_at DESC) = 1;

CREATE VIEW newest_watchlists AS
SELECT *
FROM watchlists
QUALIFY watch_version = max(watch_version) OVER (PARTITION BY crawl_id);

CREATE VIEW newest_sites AS
SELECT *
FROM sites
QUALIFY written_at = max(written_at) OVER (PARTITION BY crawl_id);
