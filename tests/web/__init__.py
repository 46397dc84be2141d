"""A small web for tests, every link of which is known.

`pages` says what a web consists of, `server` serves it on a loopback port and keeps an access log, `expected`
says which rows a crawl of it must find, `found` reads which it did find, `random_web` makes webs from a seed.
"""

from tests.web.expected import LinkRow, expected_links, reachable
from tests.web.pages import Answer, Html, LinkTag, Page, Turns, Web, redirect, robots
from tests.web.server import Hit, LocalWeb

__all__ = [
    "Answer",
    "Hit",
    "Html",
    "LinkRow",
    "LinkTag",
    "LocalWeb",
    "Page",
    "Turns",
    "Web",
    "expected_links",
    "reachable",
    "redirect",
    "robots",
]
