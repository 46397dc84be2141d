"""Why a URL is where it is, or never came in: each verdict beside what the frontier itself says to an offer."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from linkcrawl.config import CrawlConfig
from linkcrawl.errors import UsageError
from linkcrawl.frontier import Frontier
from linkcrawl.records import EndState, Outcome, Refusal, RobotsRecord, RobotsState, Seed
from linkcrawl.robots import parse as parse_robots
from linkcrawl.run import pack_config
from linkcrawl.steer.why import Explained, why
from tests.frontier.conftest import Crawl, OpenCrawl, url
from tests.index.test_answers import crawl as write_visits
from tests.index.test_visits import visited

SITE = "a.example"


def config(**settings: Any) -> bytes:
    return pack_config(CrawlConfig(**settings))


async def scoped(crawl: Crawl) -> Frontier:
    """An operator of a crawl whose scope is SITE."""
    operator = await crawl.client()
    await operator.add_scope([SITE])
    return operator


async def asked(frontier: Frontier, text: str, out: str | None = None) -> Explained:
    answer = await why(frontier, text, out)
    assert answer.text, "there is always something to say"
    return answer


def test_on_its_way(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(options=config()) as crawl:
            operator, worker = await scoped(crawl), await crawl.worker("w7")
            pages = [url(SITE, f"/{i}", discovered_from=f"https://{SITE}/") for i in range(4)]
            await worker.submit(pages)
            answer = await asked(operator, f"https://{SITE}/2")
            assert (answer.place, answer.ahead, answer.depth, answer.reasons) == ("queued", 2, 0, [])
            assert f"found on https://{SITE}/" in answer.text[0]
            (hold,) = await worker.lease(1, 2)
            answer = await asked(operator, f"https://{SITE}/0")
            assert (answer.place, answer.worker_id) == ("leased", "w7")
            assert answer.text[0].startswith("w7 has leased it since")
            await worker.retry([(hold.leases[0], 60_000)])
            answer = await asked(operator, f"https://{SITE}/0")
            assert answer.place == "delayed"
            assert "attempt 2" in answer.text[0]
            await operator.pause()
            assert (await asked(operator, f"https://{SITE}/3")).reasons == ["paused"]
            await operator.block(SITE)
            assert (await asked(operator, f"https://{SITE}/3")).reasons == ["paused", "blocked"]
            await operator.end(EndState.STOPPED)
            assert "ended" in (await asked(operator, f"https://{SITE}/3")).reasons

    asyncio.run(scenario())


def test_settled_with_its_newest_visit_where_the_datasets_are(crawl_of: OpenCrawl, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with crawl_of(options=config(out=str(tmp_path / "none"))) as crawl:
            operator, worker = await scoped(crawl), await crawl.worker()
            await worker.submit([url("blog.example", "/1")])
            holds = await worker.lease(1, 1)
            await worker.settle([(holds[0].leases[0], Outcome.HTTP_ERROR)])
            answer = await asked(operator, "https://blog.example/1")
            assert (answer.place, answer.outcome) == ("settled", None)
            assert "nothing at" in answer.text[0]
            page = visited(1, Outcome.HTTP_ERROR, status=503)
            page.error = "the server said \x1b[31mno"
            write_visits(tmp_path, [page], crawl.spec.crawl_id)
            answer = await asked(operator, "https://blog.example/1", str(tmp_path))
            assert (answer.outcome, answer.http_status, answer.depth) == ("http_error", 503, 1)
            assert "http_error 503" in answer.text[0]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("https://else.example/", Refusal.SCOPE),
        (f"https://{SITE}/private/x", Refusal.EXCLUDED),
        (f"https://{SITE}/a/b/a/b/a/b/a/b", Refusal.TRAP),
        (f"https://{SITE}/new", None),
        (SITE, None),
    ],
)
def test_refused_before_the_frontier_is_asked(
    crawl_of: OpenCrawl, text: str, refusal: Refusal | None
) -> None:
    async def scenario() -> None:
        async with crawl_of(options=config(exclude=("/private/*",))) as crawl:
            answer = await asked(await scoped(crawl), text)
            assert answer.place == "unseen"
            assert answer.reasons == ([refusal.value] if refusal else [])
            assert refusal is not None or answer.text[0].startswith("It was never offered")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("limits", "fill", "refusal"),
    [
        ({"max_pages_per_site": 2}, 2, Refusal.BUDGET),
        ({"max_queued_per_site": 3}, 3, Refusal.QUEUE_FULL),
        ({"max_pages_per_site": 2, "max_queued_per_site": 9}, 1, None),
    ],
)
def test_refused_as_the_frontier_refuses_it(
    crawl_of: OpenCrawl, limits: dict[str, int], fill: int, refusal: Refusal | None
) -> None:
    async def scenario() -> None:
        async with crawl_of(options=config(), **limits) as crawl:
            operator = await scoped(crawl)
            await operator.submit([url(SITE, f"/{i}") for i in range(fill)])
            answer = await asked(operator, f"https://{SITE}/new")
            assert answer.reasons == ([refusal.value] if refusal else [])
            assert await operator.submit([url(SITE, "/new")]) == [refusal]

    asyncio.run(scenario())


def test_a_blocked_domain_is_refused_with_all_below_it(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(options=config()) as crawl:
            operator = await scoped(crawl)
            await operator.block(SITE)
            answer = await asked(operator, f"https://www.{SITE}/new")
            assert answer.reasons == ["blocked"]
            offered = url(SITE, "/new")._replace(url=f"https://www.{SITE}/new", host=f"www.{SITE}")
            assert await operator.submit([offered]) == [Refusal.BLOCKED]

    asyncio.run(scenario())


def test_depth_is_said_to_be_unknown(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(options=config(), max_depth=3) as crawl:
            answer = await asked(await scoped(crawl), f"https://{SITE}/deep")
            assert answer.reasons == []
            assert any("--max-depth" in text for text in answer.text)

    asyncio.run(scenario())


def test_what_robots_txt_says_if_it_is_known(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        rules = parse_robots(b"User-agent: *\nDisallow: /private/\n", "linkcrawl").pack()
        async with crawl_of(options=config()) as crawl:
            operator = await scoped(crawl)
            record = RobotsRecord(f"https://{SITE}", RobotsState.ALLOWED, rules, None, 60_000)
            await operator.put_robots(SITE, record)
            answer = await asked(operator, f"https://{SITE}/private/x")
            assert answer.reasons == ["robots"]
            assert "disallow: /private/" in answer.text[0].lower()
            assert (await asked(operator, f"https://{SITE}/public")).reasons == []
            await operator.put_robots(
                SITE, RobotsRecord(f"http://{SITE}", RobotsState.UNREACHABLE, b"", None, 60_000)
            )
            assert (await asked(operator, f"http://{SITE}/public")).reasons == ["robots"]
        async with crawl_of(options=config(robots="ignore")) as crawl:
            operator = await scoped(crawl)
            await operator.put_robots(SITE, record)
            assert (await asked(operator, f"https://{SITE}/private/x")).reasons == []

    asyncio.run(scenario())


def test_a_bare_domain_is_looked_for_over_both_schemes(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(options=config()) as crawl:
            operator = await scoped(crawl)
            assert (await asked(operator, SITE)).url == f"https://{SITE}/"
            plain = url(SITE, seed=Seed.YES)._replace(url=f"http://{SITE}/")
            await operator.submit([plain])
            answer = await asked(operator, SITE)
            assert (answer.url, answer.place) == (f"http://{SITE}/", "queued")
            assert "a seed" in answer.text[0]
            with pytest.raises(UsageError, match="no dot"):
                await why(operator, "word", None)

    asyncio.run(scenario())


def test_the_crawls_own_identity_rules_count(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of(options=config(tracking_param=("ref",))) as crawl:
            operator = await scoped(crawl)
            await operator.submit([url(SITE, "/p")])
            assert (await asked(operator, f"HTTPS://{SITE.upper()}:443/p?ref=x#top")).place == "queued"

    asyncio.run(scenario())
