"""Blocked domains: which hosts they are, how the list is kept, and how a block is taken back."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.frontier.blocklist import Blocklist, blocked_domains
from linkcrawl.records import Outcome, Refusal
from tests.frontier.conftest import OpenCrawl, url
from tests.frontier.test_moves import leases_of


@pytest.mark.parametrize(
    ("host", "held"),
    [
        ("bad.example", True),
        ("www.bad.example", True),
        ("a.b.bad.example", True),
        ("notbad.example", False),
        ("example", False),
        ("blog.part.example", True),
        ("part.example", False),
        ("[2001:db8::1]", True),
        ("192.0.2.1", False),
    ],
)
def test_a_domain_is_blocked_with_all_below_it(host: str, held: bool) -> None:
    blocked = Blocklist(["bad.example", "blog.part.example", "[2001:db8::1]"])
    assert blocked.holds(host) is held


@pytest.mark.parametrize(
    ("site", "touched"),
    [("bad.example", True), ("part.example", True), ("other.example", False), ("apart.example", False)],
)
def test_a_site_is_touched_by_domains_above_and_below_it(site: str, touched: bool) -> None:
    assert Blocklist(["bad.example", "blog.part.example"]).touches(site) is touched


names = st.lists(st.sampled_from(["a", "b", "example"]), min_size=1, max_size=4).map(".".join)


@given(domains=st.lists(names, max_size=3), site=names, below=st.lists(st.sampled_from("ab"), max_size=2))
def test_a_site_with_a_blocked_host_is_touched(domains: list[str], site: str, below: list[str]) -> None:
    blocked = Blocklist(domains)
    if blocked.holds(".".join([*below, site])):
        assert blocked.touches(site) or any(domain.endswith(site) for domain in domains)


def test_the_list_knows_what_was_taken_back() -> None:
    assert blocked_domains(["a", "b", "-a", "c", "-x", "a", "-c"]) == ["b", "a"]


def test_a_domain_that_is_blocked_no_more_is_crawled(crawl_of: OpenCrawl) -> None:
    async def scenario() -> None:
        async with crawl_of() as crawl:
            worker = await crawl.worker()
            assert await worker.submit([url("bad.example"), url("bad.example", "/2")]) == [None, None]
            assert await worker.block("bad.example") == 1
            assert await worker.block("other.example") == 2
            [one] = leases_of(await worker.lease(1, 1))
            assert one.record_only is Outcome.BLOCKED_DOMAIN
            assert await worker.unblock("bad.example") == 3
            assert await worker.unblock("bad.example") == 3
            assert await worker.blocked() == (3, ["other.example"])
            assert (await worker.beat([])).blocked_version == 3
            await worker.give_back([one])
            assert await worker.submit([url("bad.example", "/3"), url("other.example")]) == [
                None,
                Refusal.BLOCKED,
            ]
            await worker.leave()
            await worker.join()
            assert {lease.record_only for lease in leases_of(await worker.lease(9, 9))} == {None}
            assert await worker.block("bad.example") == 4
            assert (await worker.blocked())[1] == ["other.example", "bad.example"]

    asyncio.run(scenario())
