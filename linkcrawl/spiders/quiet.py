"""A log formatter that makes no record for what happens once a page."""

from typing import Any

from scrapy.logformatter import LogFormatter


class QuietFormatter(LogFormatter):
    """Crawled, scraped and dropped are counted elsewhere; errors keep their records."""

    def crawled(self, *_: Any, **__: Any) -> None:  # type: ignore[override]
        """No record."""

    def scraped(self, *_: Any, **__: Any) -> None:  # type: ignore[override]
        """No record."""

    def dropped(self, *_: Any, **__: Any) -> None:  # type: ignore[override]
        """No record."""
