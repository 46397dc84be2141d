"""What is crawled: how a seed is read, where redirects lead, what narrows a crawl, and how all of it is counted."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.crawl.process import Crawl
from tests.web import Answer, Html, LinkTag, LocalWeb, Web, redirect, robots
from tests.web.command import crawl
from tests.web.found import newest_visits, rows_of

pytestmark = pytest.mark.slow

AT_ONCE = ("--retries", "0", "--commit-age", "1s")


def page(*hrefs: str, **more: Any) -> Html:
    return Html(tuple(LinkTag(href, f"to {href}") for href in hrefs), **more)


def table(out: Path, dataset: str) -> list[dict[str, Any]]:
    """The rows of the newest file of a small dataset."""
    newest = max((out / dataset).glob("*.parquet"))
    rows: list[dict[str, Any]] = pq.ParquetFile(newest).read().to_pylist()
    return rows


def of_site(out: Path, site: str) -> dict[str, int]:
    """The counters of a site that are not zero."""
    row = next(row for row in table(out, "sites") if row["site"] == site)
    return {name: value for name, value in row.items() if isinstance(value, int) and value}


def outcomes(out: Path) -> dict[str, str]:
    return {url: row["outcome"] for url, row in newest_visits(out).items()}


@contextmanager
def nobody() -> Iterator[int]:
    """A port that refuses connections and that nobody else gets meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_bare_domain_without_https_is_crawled_over_http(tmp_path: Path) -> None:
    web_data: Web = {"plain.example": {"/": page("/a"), "/a": page("https://acme.test/")}}
    out = tmp_path / "out"
    with LocalWeb(web_data) as web, nobody() as closed:
        to_here = ["--connect-to", f":443:127.0.0.1:{closed}", "--connect-to", f":80:127.0.0.1:{web.port}"]
        pace = ["--delay", "10ms", "--commit-age", "1s", "--retry-wait", "200ms"]
        with Crawl("plain.example", "-o", str(out), "--watch", "acme.test", *to_here, *pace) as running:
            code, _, told = running.end()
    assert code == 0, told
    visits = newest_visits(out)
    assert outcomes(out) == {
        "https://plain.example/": "connect_error",
        "http://plain.example/": "ok",
        "http://plain.example/a": "ok",
    }
    assert visits["https://plain.example/"]["attempt"] == 1, "it is not waited for"
    assert [row["source_url"] for row in rows_of(out, "links")] == ["http://plain.example/a"]
    assert of_site(out, "plain.example") == {"accepted": 3, "settled_connect_error": 1, "settled_ok": 2}


def test_a_bare_domain_behind_which_nobody_speaks_tls(tmp_path: Path) -> None:
    web_data: Web = {"plain.example": {"/": page()}}
    with LocalWeb(web_data) as web:
        crawl(web, tmp_path / "out", ["acme.test"], *AT_ONCE, "--timeout", "1s", seeds=["plain.example"])
    ended = outcomes(tmp_path / "out")
    assert ended.pop("https://plain.example/") in {"tls_error", "timeout", "connect_error"}
    assert ended == {"http://plain.example/": "ok"}


def test_a_seed_that_moved_brings_its_new_site_into_scope(tmp_path: Path) -> None:
    web_data: Web = {
        "old.example": {"/": redirect("http://mid.example/"), "/own": page()},
        "mid.example": {"/": redirect("http://www.new.example/home", 302)},
        "www.new.example": {
            "/home": page("/more", "http://third.example/", "http://old.example/own"),
            "/more": redirect("http://third.example/"),
        },
        "third.example": {"/": page()},
    }
    out = tmp_path / "out"
    with LocalWeb(web_data) as web:
        crawl(web, out, ["new.example"], *AT_ONCE, seeds=["http://old.example/"])
    assert outcomes(out) == {
        "http://old.example/": "redirect",
        "http://mid.example/": "redirect",
        "http://www.new.example/home": "ok",
        "http://www.new.example/more": "redirect",
        "http://old.example/own": "ok",
    }
    visits = newest_visits(out)
    assert visits["http://www.new.example/home"]["redirect_hops"] == 2
    assert visits["http://www.new.example/home"]["depth"] == 0
    assert visits["http://www.new.example/more"]["redirect_url"] == "http://third.example/"
    (link,) = rows_of(out, "links")
    assert (link["element"], link["source_url"], link["target_url"]) == (
        "redirect",
        "http://mid.example/",
        "http://www.new.example/home",
    )
    assert (link["rel_class"], link["follow"]) == ("follow", True)


def test_chains_and_loops_of_redirects_end(tmp_path: Path) -> None:
    chain = {f"/c{number}": redirect(f"/c{number + 1}") for number in range(20)}
    loop = {"/l0": redirect("/l1"), "/l1": redirect("/l0"), "/self": redirect("/self")}
    nowhere = {
        "/none": Answer(302),
        "/odd": redirect("mailto:me@chain.example"),
        "/bad": redirect("http://["),
    }
    web_data: Web = {
        "chain.example": {
            "/": page("/c0", "/l0", "/self", "/none", "/odd", "/bad"),
            **chain,
            **loop,
            **nowhere,
        }
    }
    out = tmp_path / "out"
    with LocalWeb(web_data) as web:
        crawl(web, out, ["acme.test"], *AT_ONCE)
        fetched = [hit.path for hit in web.hits if hit.path != "/robots.txt"]
    assert sorted(fetched) == sorted({*fetched}), "each once"
    assert {path for path in fetched if path.startswith("/c")} == {f"/c{number}" for number in range(11)}
    assert {"/l0", "/l1", "/self"} <= set(fetched)
    assert of_site(out, "chain.example")["refused_hops"] == 1
    ended = outcomes(out)
    assert {ended[f"http://chain.example{path}"] for path in ("/odd", "/bad", "/self")} == {"redirect"}
    assert "http://chain.example/none" in ended


NARROW: Web = {
    "www.one.example": {
        "/": page("/a/1", "/b/1", "http://blog.one.example/", "http://two.example/"),
        "/a/1": page("/a/2"),
        "/a/2": page("/a/3"),
        "/a/3": page(),
        "/b/1": page("https://acme.test/"),
    },
    "blog.one.example": {"/": page("/x"), "/x": page()},
    "two.example": {"/": page()},
}
WWW, BLOG = "http://www.one.example", "http://blog.one.example"
ALL_OF_WWW = {f"{WWW}{path}" for path in NARROW["www.one.example"]}


@pytest.mark.parametrize(
    ("options", "reached", "refused"),
    [
        ((), ALL_OF_WWW | {f"{BLOG}/", f"{BLOG}/x"}, {"scope": 2}),
        (("--scope", "host"), ALL_OF_WWW, {"scope": 3}),
        (("--scope", "host", "--include", "*/a/*"), {f"{WWW}/{n}" for n in ("", "a/1", "a/2", "a/3")}, {}),
        (("--scope", "host", "--exclude", "*/a/2"), {f"{WWW}/{n}" for n in ("", "a/1", "b/1")}, {}),
        (("--max-depth", "1"), {f"{WWW}/", f"{WWW}/a/1", f"{WWW}/b/1", f"{BLOG}/"}, {"depth": 2}),
        (("--scope", "web", "--max-depth", "1", "--exclude", "re:acme"), None, {"depth": 2}),
    ],
)
def test_what_narrows_a_crawl(
    tmp_path: Path, options: tuple[str, ...], reached: set[str] | None, refused: dict[str, int]
) -> None:
    out = tmp_path / "out"
    with LocalWeb(NARROW) as web:
        done = crawl(web, out, ["acme.test"], *AT_ONCE, *options, seeds=[f"{WWW}/"])
    wanted = reached or {f"{WWW}/", f"{WWW}/a/1", f"{WWW}/b/1", f"{BLOG}/", "http://two.example/"}
    assert newest_visits(out).keys() == wanted
    said = {"scope": "out of scope", "depth": "deeper than --max-depth"}
    for reason, number in refused.items():
        assert f"{number} {said[reason]}" in done.stdout
    if any(word in ("--include", "--exclude") for word in options) and reached:
        assert "by --include or --exclude" in done.stdout


def test_a_limit_of_a_site_holds_for_that_site_alone(tmp_path: Path) -> None:
    wide: Web = {
        f"h{n}.example": {"/": page(*(f"/{m}" for m in range(9))), **{f"/{m}": page() for m in range(9)}}
        for n in range(2)
    }
    out = tmp_path / "out"
    with LocalWeb(wide) as web:
        crawl(web, out, ["acme.test"], *AT_ONCE, "--max-pages-per-site", "4")
    assert len(newest_visits(out)) == 8
    for host in wide:
        assert of_site(out, host) == {"accepted": 4, "refused_budget": 6, "settled_ok": 4}


LINKING: Web = {
    "a.example": {
        "/": Html(
            (
                LinkTag("/in", "inside"),
                LinkTag("https://other.test/", "elsewhere"),
                LinkTag("https://acme.test/", "watched"),
            )
        ),
        "/in": page(),
    }
}


@pytest.mark.parametrize(
    ("record", "kept"),
    [
        ("watched", {"https://acme.test/"}),
        ("external", {"https://acme.test/", "https://other.test/"}),
        ("internal", {"https://acme.test/", "https://other.test/", "http://a.example/in"}),
    ],
)
def test_which_links_are_recorded(tmp_path: Path, record: str, kept: set[str]) -> None:
    out = tmp_path / "out"
    with LocalWeb(LINKING) as web:
        crawl(web, out, ["acme.test"], *AT_ONCE, "--record", record)
    rows = list(rows_of(out, "links"))
    assert {row["target_url"] for row in rows} == kept
    assert {row["target_url"] for row in rows if row["watch"]} == {"https://acme.test/"}
    assert {(row["target_site"], row["links"]) for row in rows_of(out, "edges")} == {
        ("acme.test", 1),
        ("other.test", 1),
    }


def test_the_books_of_a_crawl(tmp_path: Path) -> None:
    web_data: Web = {
        "s.example": {
            "/": page("/ok", "/gone", "/private", "/file.pdf", "/ok#again", "https://else.test/"),
            "/ok": page("/", "/ok"),
            "/private": page(),
            "/file.pdf": Answer(200, b"%PDF", (("Content-Type", "application/pdf"),)),
            "/robots.txt": robots("User-agent: *\nDisallow: /private\n"),
        },
        "t.example": {"/": Answer(503)},
    }
    out = tmp_path / "out"
    with LocalWeb(web_data) as web:
        crawl(web, out, ["acme.test", "=x.test"], *AT_ONCE, "--name", "books", "--header", "X-Secret: 12345")
        first = table(out, "sites")
        crawl(web, out, ["acme.test", "=x.test"], *AT_ONCE, "--name", "books", "--header", "X-Secret: 12345")
    assert {row["site"] for row in first} == {"s.example", "t.example"}
    counted = of_site(out, "s.example")
    settled = {name: value for name, value in counted.items() if name.startswith("settled")}
    assert counted["accepted"] == 5 == sum(settled.values())
    assert settled == {
        "settled_ok": 2,
        "settled_http_error": 1,
        "settled_robots_disallowed": 1,
        "settled_not_html": 1,
    }
    assert of_site(out, "t.example") == {"accepted": 1, "settled_http_error": 1}
    rows = [pq.ParquetFile(path).read().to_pylist()[0] for path in sorted((out / "crawls").glob("*"))]
    assert len({row["crawl_id"] for row in rows}) == 2, "after its end, the same command is a new crawl"
    for crawl_id in {row["crawl_id"] for row in rows}:
        begun, ended = sorted(
            (row for row in rows if row["crawl_id"] == crawl_id), key=lambda row: row["written_at"]
        )
        assert (begun["end_state"], begun["ended_at"]) == (None, None)
        assert ended["end_state"] == "finished"
        assert begun["started_at"] <= begun["written_at"] <= ended["ended_at"]
        options = json.loads(ended["options"])
        assert (ended["crawl_name"], ended["seeds"], options["scope"]) == ("books", 2, "site")
        assert "12345" not in ended["options"]
        watched = [row for row in all_rows(out, "watchlists") if row["crawl_id"] == crawl_id]
        assert [(row["watch_version"], row["pattern"]) for row in watched] == [
            (1, "acme.test"),
            (1, "=x.test"),
        ]


def all_rows(out: Path, dataset: str) -> list[dict[str, Any]]:
    return [
        row for path in sorted((out / dataset).glob("*")) for row in pq.ParquetFile(path).read().to_pylist()
    ]


def test_what_is_not_reached_is_counted(tmp_path: Path) -> None:
    web_data: Web = {
        "s.example": {"/": page(*(f"/{n}" for n in range(9))), **{f"/{n}": page() for n in range(9)}}
    }
    out = tmp_path / "out"
    with LocalWeb(web_data) as web:
        done = crawl(web, out, ["acme.test"], *AT_ONCE, "--max-pages", "3")
    assert of_site(out, "s.example") == {"accepted": 10, "not_reached": 7, "settled_ok": 3}
    assert "not reached 7 URLs in scope" in done.stdout
    assert [row["end_state"] for row in all_rows(out, "crawls")] == [None, "limit"]


def test_a_page_beyond_the_limit_is_read_as_far_and_says_so(tmp_path: Path) -> None:
    early, late = b'<a href="https://acme.test/early">x</a>', b'<a href="https://acme.test/late">x</a>'
    filler = b"<p>filler text</p>" * (9 * 1024**2 // 18)
    web_data: Web = {"big.example": {"/": Answer(200, early + filler + late)}}
    out = tmp_path / "out"
    with LocalWeb(web_data) as web:
        crawl(web, out, ["acme.test"], *AT_ONCE)
    (visit,) = newest_visits(out).values()
    assert (visit["outcome"], visit["truncated"], visit["bytes"]) == ("ok", True, 8 * 1024**2)
    assert [row["target_url"] for row in rows_of(out, "links")] == ["https://acme.test/early"]


def test_what_a_page_says_of_itself(tmp_path: Path) -> None:
    acme = LinkTag("https://acme.test/", "acme")
    web_data: Web = {
        "d.example": {
            "/": page("/meta", "/header", "/none", "/agent"),
            "/meta": Html((acme, LinkTag("/behind", "behind")), robots="NoFollow"),
            "/header": Html((acme,), headers=(("X-Robots-Tag", "noindex"), ("X-Robots-Tag", "nofollow"))),
            "/none": Html((LinkTag("https://acme.test/", "acme", rel="ugc"),), robots="none"),
            "/agent": Html((acme,), headers=(("X-Robots-Tag", "otherbot: nofollow"),)),
        }
    }
    out = tmp_path / "out"
    with LocalWeb(web_data) as web:
        crawl(web, out, ["acme.test"], *AT_ONCE)
    visits = newest_visits(out)
    said = {
        url.removeprefix("http://d.example"): (row["page_noindex"], row["page_nofollow"])
        for url, row in visits.items()
        if row["outcome"] == "ok"
    }
    assert said == {
        "/": (False, False),
        "/meta": (False, True),
        "/header": (True, True),
        "/none": (True, True),
        "/agent": (False, False),
    }
    verdicts = {
        row["source_url"].removeprefix("http://d.example"): (row["follow"], set(row["follow_reasons"]))
        for row in rows_of(out, "links")
    }
    assert verdicts == {
        "/meta": (False, {"meta_robots"}),
        "/header": (False, {"x_robots_tag"}),
        "/none": (False, {"rel_ugc", "meta_robots"}),
        "/agent": (True, set()),
    }
