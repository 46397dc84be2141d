"""A small web of made-up sites for `linkcrawl demo`: every class of link, nothing that leaves this machine.

`markup` says what a page is and how it looks as HTML, `personal_sites` and `business_sites` hold the pages,
`web` puts them together, `facts` says what a crawl must find in them, `server` serves them on loopback.
Imports `records` only.
"""

from linkcrawl.demo.facts import Fact, facts
from linkcrawl.demo.server import DemoWeb, serve_demo
from linkcrawl.demo.web import SEEDS, WATCH, pages

__all__ = ["SEEDS", "WATCH", "DemoWeb", "Fact", "facts", "pages", "serve_demo"]
