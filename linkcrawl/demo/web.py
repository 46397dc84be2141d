"""The demo's web as a whole: its sites, seeds and watch list, and what each path answers. Pure."""

from dataclasses import dataclass

from linkcrawl.demo import business_sites, personal_sites
from linkcrawl.demo.markup import DemoPage, DemoSite, render

SITES: tuple[DemoSite, ...] = (*personal_sites.SITES, *business_sites.SITES)
SEEDS = [f"http://{site.host}/" for site in SITES if site is not business_sites.ACME_SEEDS]
WATCH = ["acme.example", "=globex.example"]
"""A domain with all below it, and one host alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


_NOT_FOUND = DemoPage("Not found", main=(("There is no such page.",),), status=404)


def pages() -> dict[str, dict[str, Answer]]:
    """{host: {path with its query: answer}}, robots.txt included."""
    return {
        site.host: {path: _answer(site, page) for path, page in site.pages.items()}
        | {"/robots.txt": Answer(200, (("Content-Type", "text/plain"),), site.robots_txt.encode())}
        for site in SITES
    }


def not_found() -> Answer:
    """What every other path answers."""
    return _answer(SITES[0], _NOT_FOUND)


def _answer(site: DemoSite, page: DemoPage) -> Answer:
    kind = ("Content-Type", f"{page.content_type}; charset={page.charset}")
    return Answer(page.status, (kind, *page.headers), render(site, page))
