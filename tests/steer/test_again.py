"""Retry: each URL once, whatever was retried before, and with what it was known by."""

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.dataset.location import Location
from linkcrawl.frontier import Frontier, Release
from linkcrawl.index.visits import Visited, Wanted
from linkcrawl.records import EndState, Kind, Outcome, Page, Refusal, Seed
from linkcrawl.steer.again import Retried, candidate, retry
from tests.dataset.pages import a_page
from tests.frontier.conftest import Crawl, OpenCrawl, url
from tests.index.test_answers import crawl as write_visits

SITE = "blog.example"


async def visit_all(worker: Frontier, outcome: Outcome) -> list[Page]:
    """Lease and settle whatever is queued; the rows of these visits."""
    pages = []
    while holds := await worker.lease(10, 10):
        for hold in holds:
            for lease in hold.leases:
                page = a_page(at_us=worker.now_us())
                page.lease, page.outcome = lease, outcome
                pages.append(page)
            await worker.settle([(lease, outcome) for lease in hold.leases])
        await worker.release([Release(hold, 0, failed=False) for hold in holds])
    return pages


async def again(frontier: Frontier, crawl: Crawl, out: Path, outcome: Outcome = Outcome.TIMEOUT) -> Retried:
    return await retry(frontier, Location.parse(str(out)), Wanted(crawl.spec.crawl_id, [outcome]))


def test_what_failed_is_queued_again_once(crawl_of: OpenCrawl, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await operator.submit([url(SITE, f"/{i}", depth=2) for i in range(5)])
            write_visits(tmp_path, await visit_all(worker, Outcome.TIMEOUT), crawl.spec.crawl_id)
            assert await operator.end(EndState.FINISHED) is EndState.FINISHED

            done = await again(operator, crawl, tmp_path)
            assert (done.round, done.submitted, dict(done.refused)) == (1, 5, {})
            assert done.opened is EndState.FINISHED
            state = await operator.find()
            assert state is not None
            assert state.end_state is None
            # Nothing was visited since: given again, it knows them all.
            done = await again(operator, crawl, tmp_path)
            assert (done.round, done.submitted, dict(done.refused)) == (2, 0, {Refusal.SEEN: 5})
            assert done.opened is None

            await worker.beat([])
            pages = await visit_all(worker, Outcome.TIMEOUT)
            assert [page.lease.candidate.depth for page in pages] == [2] * 5
            assert {page.lease.candidate.round for page in pages} == {1}
            write_visits(tmp_path, pages, crawl.spec.crawl_id)
            done = await again(operator, crawl, tmp_path)
            assert (done.round, done.submitted) == (3, 5), "they failed again since"
            await worker.beat([])
            write_visits(tmp_path, await visit_all(worker, Outcome.OK), crawl.spec.crawl_id)
            assert (await again(operator, crawl, tmp_path)).submitted == 0
            assert (await operator.books()).balanced

    asyncio.run(scenario())


def test_another_outcome_after_a_retry_is_not_taken_for_retried(crawl_of: OpenCrawl, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await operator.submit([url(SITE, "/1")])
            rows = await visit_all(worker, Outcome.TIMEOUT)
            await operator.submit([url(SITE, "/2")])
            rows += await visit_all(worker, Outcome.DNS_ERROR)
            write_visits(tmp_path, rows, crawl.spec.crawl_id)
            assert (await again(operator, crawl, tmp_path)).submitted == 1
            assert (await again(operator, crawl, tmp_path, Outcome.DNS_ERROR)).submitted == 1

    asyncio.run(scenario())


def test_a_crawl_that_was_stopped_or_limited_is_opened(crawl_of: OpenCrawl, tmp_path: Path) -> None:
    async def scenario() -> None:
        for end, most in ((EndState.STOPPED, None), (EndState.LIMIT, 2)):
            async with crawl_of(max_pages=most) as crawl:
                operator, worker = await crawl.client(), await crawl.worker()
                await operator.submit([url(SITE, f"/{i}") for i in range(2)])
                out = tmp_path / end
                write_visits(out, await visit_all(worker, Outcome.TIMEOUT), crawl.spec.crawl_id)
                await operator.end(end)
                done = await again(operator, crawl, out)
                assert (done.submitted, done.opened, done.limit_reached) == (2, end, most)

    asyncio.run(scenario())


def test_what_the_frontier_refuses_is_counted(crawl_of: OpenCrawl, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            operator, worker = await crawl.client(), await crawl.worker()
            await operator.submit([url(SITE, "/1"), url("other.example", "/1")])
            write_visits(tmp_path, await visit_all(worker, Outcome.TIMEOUT), crawl.spec.crawl_id)
            await operator.block(SITE)
            done = await again(operator, crawl, tmp_path)
            assert (done.submitted, dict(done.refused)) == (1, {Refusal.BLOCKED: 1})

    asyncio.run(scenario())


def a_visit(depth: int, visited_at_us: int) -> Visited:
    return Visited(
        url="https://a.example/",
        host="a.example",
        site="a.example",
        kind="page",
        depth=depth,
        discovered_from="https://b.example/",
        redirect_hops=3,
        attempt=2,
        visited_at_us=visited_at_us,
        outcome=Outcome.TIMEOUT,
        http_status=None,
        redirect_url=None,
        error=None,
        worker_id="w",
        links_watched=None,
        watch_version=1,
    )


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=6).map(sorted), st.integers(0, 60), st.integers(0, 3)
)
def test_the_round_is_the_first_that_began_after_the_visit(starts: list[int], at: int, depth: int) -> None:
    made = candidate(a_visit(depth, at), starts)
    assert 1 <= made.round <= len(starts)
    assert all(start <= at for start in starts[: made.round - 1])
    assert starts[made.round - 1] > at or made.round == len(starts)
    assert (made.depth, made.hops, made.kind, made.discovered_from) == (
        depth,
        3,
        Kind.PAGE,
        "https://b.example/",
    )
    assert made.seed is (Seed.YES if depth == 0 else Seed.NO)
