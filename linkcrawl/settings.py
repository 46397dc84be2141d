"""Scrapy settings of the crawl: every value that is not Scrapy's default, with its reason."""

BOT_NAME = "linkcrawl"
SPIDER_MODULES = ["linkcrawl.spiders.links"]

# The parts of ours.
SCHEDULER = "linkcrawl.frontier.scheduler.LeaseScheduler"
DOWNLOADER = "linkcrawl.download.downloader.VisitDownloader"
ITEM_PIPELINES = {
    "pipelines.normalize.NormalizePipeline": 100,
    "pipelines.classify.ClassifyPipeline": 200,
    "pipelines.parquet.ParquetPipeline": 300,
    "pipelines.settle.SettlePipeline": 400,
}

# 35 % less CPU without the reactor, on uvloop.
TWISTED_REACTOR_ENABLED = False
ASYNCIO_EVENT_LOOP = "uvloop.Loop"

# At the default of 100, a hundred tasks are started for each response; a page is one item.
CONCURRENT_ITEMS = 1
# Pages in the pipelines hold their parsed trees: bounded, but not so that one page stalls the rest.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 64 * 1024 * 1024

# Concurrency, delays, robots.txt, redirects and retries are the frontier's.
DOWNLOAD_DELAY = 0
ROBOTSTXT_OBEY = False
COOKIES_ENABLED = False
REDIRECT_ENABLED = False
RETRY_ENABLED = False
METAREFRESH_ENABLED = False
# Only http and https are ever fetched, by our downloader; these would read local files.
DOWNLOAD_HANDLERS = {"file": None, "data": None, "ftp": None, "s3": None}

# Each would run for every page and is of no use here: what they do is done elsewhere, or not wanted.
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
}
EXTENSIONS = {
    "linkcrawl.spiders.rescue.Rescue": 0,
    "scrapy.extensions.corestats.CoreStats": None,
    "scrapy.extensions.memusage.MemoryUsage": None,
    "scrapy.extensions.memdebug.MemoryDebugger": None,
    "scrapy.extensions.closespider.CloseSpider": None,
    "scrapy.extensions.feedexport.FeedExporter": None,
    "scrapy.extensions.logstats.LogStats": None,
    "scrapy.extensions.spiderstate.SpiderState": None,
    "scrapy.extensions.throttle.AutoThrottle": None,
}

# A server that runs Python code sent to it has no place in a worker.
REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# A log record of each page costs half a millisecond even when it is thrown away.
LOG_LEVEL = "WARNING"
LOG_FORMATTER = "linkcrawl.spiders.quiet.QuietFormatter"
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# Which crawl `scrapy crawl links` works for: the names that users of scrapy-redis know, and the crawl's own.
LINKCRAWL_NAME = "crawl"
# Of a worker that nobody told better: a crawl on one machine is looked at while it runs.
LINKCRAWL_COMMIT_AGE_MS = 60_000
