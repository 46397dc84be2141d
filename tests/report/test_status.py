"""The picture of a crawl: in 80 columns, and harmless whatever names hold."""

from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from linkcrawl.frontier import SiteSeen
from linkcrawl.report.status import picture, site_picture, site_state
from linkcrawl.status import (
    BooksPart,
    CrawlPart,
    LetterPart,
    LettersPart,
    RobotsPart,
    SeenPart,
    ServerPart,
    SitePart,
    SitesPart,
    SiteStatus,
    Status,
    UrlsPart,
    WorkerPart,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
EVIL = "\x1b]0;owned\x07\x1b[31mevil\u202e\n.example"


def drawn(what: RenderableType, width: int = 80) -> str:
    console = Console(width=width, no_color=True, highlight=False, force_terminal=False)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


def a_crawl(**changes: object) -> CrawlPart:
    fields: dict[str, object] = {
        "name": "spring",
        "crawl_id": "01JW2M6Y5V0B7C3T9K4R8XQZ1D",
        "state": "running",
        "draining": False,
        "started_at": NOW - timedelta(hours=26),
        "ended_at": None,
        "ends_by": NOW + timedelta(hours=2),
        "seeds": 4,
        "out": "s3://bucket/links",
        "scope": "site",
        "max_pages": None,
        "watch_version": 3,
        "watch_patterns": 1_200,
        "blocked_domains": 0,
    }
    return CrawlPart(**{**fields, **changes})  # type: ignore[arg-type]


def a_site(name: str = "a.example", **changes: object) -> SiteSeen:
    fields = {
        "site": name,
        "accepted": 100_000,
        "queued": 99_000,
        "settled": 1_000,
        "delay_ms": 1_000,
        "held": True,
        "ready_in_ms": 0,
        "failing_ms": 0,
        "given_up": False,
    }
    return SiteSeen(**{**fields, **changes})  # type: ignore[arg-type]


def a_status(**changes: object) -> Status:
    fields: dict[str, object] = {
        "at": NOW,
        "crawl": a_crawl(),
        "urls": UrlsPart(1_234_567_890, 123_456_789, 1_234_567, 123_456, 987_654_321, 12),
        "settled": {"ok": 900_000_000, "redirect": 80_000_000, "http_error": 7_654_321},
        "refused": {"seen": 99_999_999_999, "scope": 1_234_567_890},
        "pages_a_second": 12_345.6,
        "links": 123_456_789,
        "sites": SitesPart(1_000_000, 990_000, 10_000),
        "workers": [
            WorkerPart(worker_id=f"w{i:010}", last_beat_ms=i * 1_000, host=f"box-{i}.internal", pages=10**8)
            for i in range(30)
        ],
        "busiest_sites": [a_site()],
        "slowest_sites": [a_site("b.example", held=False, ready_in_ms=3_600_000, failing_ms=7_000_000)],
        "dead_letters": LettersPart(12, [LetterPart(NOW, "garbage", "0 a.example")]),
        "servers": [
            ServerPart(
                "rediss://redis.internal:6379/0", "Redis 7.2.4", 10**10, 2 * 10**10, "noeviction", True, None
            )
        ],
        "seen": SeenPart(1_234_567_890, 10_000_000, 300.0, 512, False),
        "guarantees_off": [],
        "books": BooksPart(True, []),
        "warnings": ["12 dead letters: what was found in the queues and is no entry of ours"],
    }
    return Status(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [80, 100])
def test_it_fits(width: int) -> None:
    text = drawn(picture(a_status()), width)
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width
    for shown in (
        "running",
        "26 h 00 min",
        "987,654,321",
        "12,345.6",
        "balanced",
        "! 12 dead letters",
        "2026-01-31 14:00 UTC",
    ):
        assert shown in text
    assert "and 18 more" in text
    assert "in 1 h 00 min, failing" in text


def test_long_names_keep_it_in_its_columns() -> None:
    long = "very-long-label." * 12 + "example"
    status = a_status(
        crawl=a_crawl(name=long, out="s3://" + long, blocked_domains=5, max_pages=10**9),
        busiest_sites=[a_site(long)],
        workers=[
            WorkerPart(worker_id=long, last_beat_ms=10**8, host=long, pages=10**9, hindrance="no space " * 30)
        ],
        servers=[ServerPart(long, None, None, None, None, None, None)],
        warnings=["a warning that is long " * 10],
    )
    text = drawn(picture(status))
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= 80


def test_what_others_wrote_is_only_shown() -> None:
    status = a_status(
        crawl=a_crawl(name=EVIL, out=EVIL),
        busiest_sites=[a_site(EVIL)],
        slowest_sites=[a_site(EVIL + "2")],
        workers=[WorkerPart(worker_id=EVIL, last_beat_ms=0, host=EVIL, hindrance="[red]" + EVIL)],
        dead_letters=LettersPart(1, [LetterPart(NOW, EVIL, EVIL)]),
        servers=[ServerPart(EVIL, EVIL, 1, 0, EVIL, True, None)],
        books=BooksPart(False, [EVIL]),
        guarantees_off=[EVIL],
        warnings=[EVIL],
    )
    text = drawn(picture(status))
    assert "evil" in text
    assert "[red]" in text, "no markup of others is obeyed"
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert "owned" not in text


def test_an_empty_crawl_has_a_picture() -> None:
    status = a_status(
        urls=UrlsPart(0, 0, 0, 0, 0, 0),
        settled={},
        refused={},
        pages_a_second=None,
        workers=[],
        busiest_sites=[],
        slowest_sites=[],
        servers=[],
        dead_letters=LettersPart(0, []),
        warnings=[],
    )
    text = drawn(picture(status))
    assert "none yet" in text
    assert "!" not in text


def a_site_part(**changes: object) -> SitePart:
    fields: dict[str, object] = {
        "site": "a.example",
        "partition": 3,
        "accepted": 5,
        "queued": 2,
        "queued_by_depth": {1: 2},
        "settled": {"ok": 3},
        "refused": {"seen": 40},
        "delay_ms": 1_500,
        "ready_in_ms": 0,
        "held_by": None,
        "given_up": False,
        "failing_ms": 0,
        "blocked_by": None,
        "robots": {"https://a.example": RobotsPart("allowed", 1_500, 3_600_000, 0)},
    }
    return SitePart(**{**fields, **changes})  # type: ignore[arg-type]


def test_one_site() -> None:
    text = drawn(site_picture(SiteStatus(at=NOW, crawl=a_crawl(), site=a_site_part())))
    for shown in ("a.example", "due now", "2 at depth 1", "1.5 s", "allowed, Crawl-delay 1.5 s"):
        assert shown in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"blocked_by": "example"}, "blocked (example)"),
        ({"accepted": 0}, "unknown: no URL of it was accepted so far"),
        ({"given_up": True}, "given up: what is queued is settled as site_unreachable"),
        ({"held_by": "w1", "failing_ms": 5_000}, "held by w1; it has only failed for 5.0 s"),
        ({"ready_in_ms": None}, "idle: nothing is queued"),
        ({"ready_in_ms": 4_000}, "asked again in 4.0 s"),
        ({}, "due now"),
    ],
)
def test_the_state_of_a_site(changes: dict[str, object], said: str) -> None:
    assert site_state(a_site_part(**changes)) == said
