"""From a response to rows: what the spider and the first two pipelines make of a visit."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from linkcrawl.config import CrawlConfig, checked
from linkcrawl.frontier.held import HeldSite, Visit
from linkcrawl.frontier.work_table import WorkTable
from linkcrawl.records import Candidate, Edge, Element, Fetch, Lease, Outcome, Page, Refusal, Seed, SiteHold
from linkcrawl.run import CrawlIdentity, Run
from linkcrawl.spiders.reading import Unread, page_of
from pipelines.classify import ClassifyPipeline
from pipelines.normalize import Familiar, NormalizePipeline

HTML = b"""<!doctype html><title> A  page </title><link rel=canonical href="/canonical">
<a href="/a">a</a> <a href="/a#part">again</a> <a href="http://out.example/x">out</a>
<a href="https://shop.watched.example/?utm_source=x" rel="sponsored nofollow">buy</a>
<a href="https://shop.watched.example/">and again</a> <a href="mailto:x@y.example">mail</a>
<iframe src="http://out.example/frame"></iframe> <a href="/excluded/1">no</a> <form action="/form"></form>"""


@dataclass
class KnownUrls:
    """The part of a worker that normalizing asks: what the frontier has seen."""

    known: set[int] = field(default_factory=set)


@dataclass
class OpenScheduler:
    """A scheduler whose crawl is open."""

    run: Run
    worker: KnownUrls = field(default_factory=KnownUrls)
    work_table: WorkTable = field(default_factory=WorkTable.unread)


def a_run(**settings: Any) -> Run:
    config: CrawlConfig = checked([{"exclude": ["blog.example/excluded/*"], **settings}])
    run = Run.of(CrawlIdentity("01J", "test", "w1"), config, (3, ["watched.example"]))
    run.scope.add(["blog.example"])
    return run


def processed(run: Run, fetch: Fetch, known: tuple[str, ...] = (), **candidate: Any) -> Page:
    where = Candidate("http://blog.example/post", "blog.example", "blog.example", 1)._replace(**candidate)
    lease = Lease(where, "visit", 0, 1, 1)
    site = HeldSite(SiteHold("blog.example", 0, 1, 0, 0, ()), 0.0, waiting=None)  # type: ignore[arg-type]
    page = page_of(Visit(lease, site), fetch, 1_000_000, run)
    normalize = NormalizePipeline.__new__(NormalizePipeline)
    normalize._run = run
    normalize._familiar = Familiar()
    normalize._scheduler = OpenScheduler(run, KnownUrls({hash(url) for url in known}))  # type: ignore[assignment]
    return ClassifyPipeline().process_item(normalize.process_item(page))


def test_a_page_becomes_links_edges_and_discoveries() -> None:
    page = processed(
        a_run(), Fetch(Outcome.OK, 200, ((b"Content-Type", b"text/html"),), HTML, wire_bytes=len(HTML))
    )
    assert (page.title, page.charset, page.canonical_url) == (
        "A page",
        "windows-1252",
        "http://blog.example/canonical",
    )
    assert (page.links_internal, page.links_external, page.links_watched) == (5, 4, 2)
    assert [
        (link.target_url, link.follow, link.rel_class, link.same_target_count) for link in page.links
    ] == [
        ("https://shop.watched.example/", False, "sponsored", 2),
        ("https://shop.watched.example/", True, "follow", 2),
    ]
    assert page.links[0].target_url_resolved == "https://shop.watched.example/?utm_source=x"
    assert page.links[0].watch == ("watched.example",)
    assert sorted(page.edges, key=lambda edge: edge.target_site) == [
        Edge("out.example", 2, 2),
        Edge("watched.example", 2, 1),
    ]
    assert [candidate.url for candidate in page.discovered] == [
        "http://blog.example/canonical",
        "http://blog.example/a",
    ]
    assert {candidate.depth for candidate in page.discovered} == {2}
    assert {candidate.discovered_from for candidate in page.discovered} == {"http://blog.example/post"}
    assert page.refused == {Refusal.SCOPE: 3, Refusal.EXCLUDED: 1}
    assert page.watch_version == 3
    assert page.reading is None, "the parsed page is let go"


def test_what_the_frontier_knows_is_not_offered_again() -> None:
    page = processed(a_run(), Fetch(Outcome.OK, 200, (), HTML), known=("http://blog.example/a",))
    assert [candidate.url for candidate in page.discovered] == ["http://blog.example/canonical"]


@pytest.mark.parametrize(("record", "kept"), [("watched", 2), ("external", 4), ("internal", 9)])
def test_which_links_are_recorded(record: str, kept: int) -> None:
    page = processed(a_run(record=record), Fetch(Outcome.OK, 200, (), HTML))
    assert len(page.links) == kept
    assert Counter(link.target_url for link in page.links)["https://shop.watched.example/"] == 2


def test_a_redirect_is_a_link_and_leads_on_within_the_scope() -> None:
    def redirected(to: str, **candidate: Any) -> Page:
        return processed(a_run(), Fetch(Outcome.REDIRECT, 301, ((b"Location", to.encode()),)), **candidate)

    page = redirected("/new")
    assert page.redirect_url == "http://blog.example/new"
    assert [(c.url, c.hops, c.depth) for c in page.discovered] == [("http://blog.example/new", 1, 1)]
    page = redirected("https://watched.example/landing")
    assert [(link.element, link.target_url) for link in page.links] == [
        (Element.REDIRECT, "https://watched.example/landing")
    ]
    assert page.edges == [Edge("watched.example", 1, 1)]
    assert page.discovered == []
    assert page.refused == {Refusal.SCOPE: 1}
    page = redirected("https://elsewhere.example/", seed=Seed.YES)
    assert [(c.url, c.seed) for c in page.discovered] == [("https://elsewhere.example/", Seed.YES)]
    assert redirected("file:///etc/passwd").error == "the Location is no http(s) URL"


def test_a_bare_domain_that_does_not_connect_by_https_is_tried_by_http() -> None:
    where: dict[str, Any] = {"url": "https://blog.example/", "seed": Seed.HTTPS_FIRST, "depth": 0}
    page = processed(a_run(), Fetch(Outcome.CONNECT_ERROR, error="refused"), **where)
    assert [(c.url, c.seed) for c in page.discovered] == [("http://blog.example/", Seed.YES)]
    assert processed(a_run(), Fetch(Outcome.HTTP_ERROR, 404), **where).discovered == []


def test_answered_pages_that_wait_for_the_pipelines_are_not_parsed() -> None:
    candidate = Candidate("http://blog.example/post", "blog.example", "blog.example", 1)
    site = HeldSite(SiteHold("blog.example", 0, 1, 0, 0, ()), 0.0, waiting=None)  # type: ignore[arg-type]
    fetch = Fetch(Outcome.OK, 200, (), HTML, wire_bytes=len(HTML))
    page = page_of(Visit(Lease(candidate, "visit", 0, 1, 1), site), fetch, 1_000_000, a_run())
    assert isinstance(page.reading, Unread)
