"""The frontier's servers and crawls, for what stands on it."""

from tests.frontier.conftest import address, crawl_of, server_url

__all__ = ["address", "crawl_of", "server_url"]
