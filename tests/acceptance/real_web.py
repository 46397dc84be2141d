"""Crawl real pages and hold every row of `links` to what others' tools read on them.

`python -m tests.acceptance.real_web [--shared DIR] [--workers N]` crawls every page there
is, with a watch list of the twenty sites that they link to most, and prints what it cost and what is wrong.
Exit code 1 if anything is.
"""

import argparse
import asyncio
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import html5lib

from tests.acceptance.compare import Difference, Row, difference
from tests.acceptance.reach import closure
from tests.acceptance.truth import RealWeb, follows, identity, join, site_of
from tests.benchmarks.measure import Cost, run
from tests.web.found import newest_visits, rows_of

WATCHED_SITES = 20
OK = "ok"


@dataclass(frozen=True, slots=True)
class Findings:
    """What a crawl found, and what is wrong with it."""

    visits: Mapping[str, Mapping[str, Any]]
    rows: int
    links: Difference
    not_visited: tuple[str, ...]
    unexplained: tuple[str, ...]
    """Visited, though neither truth nor another element of the page that names it leads there."""
    led_by_others: int
    """URLs that only elements beside `a` and `area` lead to."""
    cost: Cost

    def __bool__(self) -> bool:
        return not (self.links or self.not_visited or self.unexplained)

    def report(self) -> str:
        """Numbers first, then what is wrong."""
        outcomes = Counter(visit["outcome"] for visit in self.visits.values())
        read, seconds = outcomes[OK], self.cost.cpu_s
        lines = [
            f"{len(self.visits)} URLs visited, {read} pages read; "
            + ", ".join(f"{outcome} {number}" for outcome, number in outcomes.most_common()),
            f"{self.rows} links to {WATCHED_SITES} watched sites compared; "
            f"{self.led_by_others} URLs that only other elements than a and area lead to",
            f"{self.cost.wall_s:.1f} s, {seconds:.1f} s of CPU "
            f"({seconds * 1e3 / max(1, len(self.visits)):.2f} ms a URL), "
            f"{self.cost.peak_rss_mb:.0f} MB in the largest process",
        ]
        for title, urls in (("not visited", self.not_visited), ("visited, but why?", self.unexplained)):
            lines += [f"{len(urls)} {title}:", *(f"  {url}" for url in urls[:20])] if urls else []
        return "\n".join([*lines, self.links.report() or "every row is right"])


@contextmanager
def served(web: RealWeb) -> Iterator[int]:
    """Serve the pages on loopback with the `serve.py` beside them while the block lasts; yields the port."""
    ready, ports = threading.Event(), list[int]()
    stops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        answer = partial(web.serve.answer, web.hosts, 0.0, None)
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
        ports.append(server.sockets[0].getsockname()[1])
        stops.append((asyncio.get_running_loop(), asyncio.Event()))
        ready.set()
        await stops[0][1].wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="real-web", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        stops[0][0].call_soon_threadsafe(stops[0][1].set)
        thread.join()


def crawl(
    seeds: Sequence[str], watch: Sequence[str], port: int, folder: Path, options: Sequence[str]
) -> Cost:
    """Crawl into folder/out with the command that anybody would use. Raises measure.Failed."""
    (folder / "seeds.txt").write_text("\n".join(seeds) + "\n")
    (folder / "watch.txt").write_text("\n".join(watch) + "\n")
    program = str(Path(sys.executable).with_name("linkcrawl"))
    command = [program, "crawl", "--seeds", str(folder / "seeds.txt"), "--watch", str(folder / "watch.txt")]
    command += ["-o", str(folder / "out"), "--connect-to", f"::127.0.0.1:{port}", "--delay", "0"]
    return run([*command, *options], folder / "log.txt")


def check(web: RealWeb, seeds: Sequence[str], workers: int = 1) -> Findings:
    """Crawl the web and judge what was found."""
    watch = web.most_linked_sites(WATCHED_SITES)
    with tempfile.TemporaryDirectory(prefix="real-web-") as name, served(web) as port:
        # Behind the mapped port nobody speaks TLS: without https no time goes into its retries.
        options = ["--exclude", "re:^https:", "--workers", str(workers)]
        cost = crawl(seeds, watch, port, Path(name), options)
        return judge(web, seeds, Path(name) / "out", cost)


def judge(web: RealWeb, seeds: Sequence[str], out: Path, cost: Cost) -> Findings:
    """Hold the datasets in `out` to the truth."""
    watch = web.most_linked_sites(WATCHED_SITES)
    visits = newest_visits(out)
    sites = frozenset(site_of(host) for host in web.hosts)
    starts = [identity(url) for seed in seeds if (url := join(seed, ""))]
    in_scope = partial(follows, sites)

    def leads_to(url: str) -> Iterable[str]:
        return web.leads_to(url, visits[url]["charset"] if url in visits else None)

    reached = closure(starts, leads_to, in_scope)
    strangers = [url for url in visits if url not in reached]
    explained = [url for url in strangers if _led_by_other_element(web, url, visits[url])]
    reached = closure([*reached, *explained], leads_to, in_scope)
    found = list(_found(web, out, watch, visits))
    return Findings(
        visits,
        len(found),
        difference(_expected(web, watch, visits), found),
        tuple(sorted(reached - visits.keys())),
        tuple(sorted(visits.keys() - reached)),
        len(explained),
        cost,
    )


def _agree(web: RealWeb, url: str, visit: Mapping[str, Any]) -> bool:
    page = web.page_at(url)
    return page is not None and page.encoding.lower() == (visit["charset"] or "").lower()


def _expected(web: RealWeb, watch: Iterable[str], visits: Mapping[str, Mapping[str, Any]]) -> Iterator[Row]:
    wanted = set(watch)
    for url, visit in visits.items():
        page = web.page_at(url)
        if page is None or visit["outcome"] != OK:
            continue
        here, agree = site_of(urlsplit(url).hostname or ""), _agree(web, url, visit)
        for link, target in web.targets(url, visit["charset"]):
            site = site_of(urlsplit(target).hostname or "")
            if site in wanted and site != here:
                text = link.text if agree else None
                yield Row(
                    url, identity(target), link.element, link.rel, text, link.image_alt if agree else ""
                )


def _found(
    web: RealWeb, out: Path, watch: Iterable[str], visits: Mapping[str, Mapping[str, Any]]
) -> Iterator[Row]:
    wanted = set(watch)
    rows = [row for row in rows_of(out, "links") if row["element"] in ("a", "area")]
    for row in sorted(rows, key=lambda row: (row["source_url"], row["position"])):
        # Truth does not look into redirectors: a link kept for the URL that it carries is judged elsewhere.
        if row["target_site"] not in wanted and row["unwrapped_url"] is not None:
            continue
        url = row["source_url"]
        agree = _agree(web, url, visits[url])
        text, alt = (row["anchor_text"], row["image_alt"] or "") if agree else (None, "")
        yield Row(url, row["target_url"], row["element"], tuple(row["rel"]), text, alt)


def _led_by_other_element(web: RealWeb, url: str, visit: Mapping[str, Any]) -> bool:
    """Whether the page that is said to have led to a URL does so by an element that truth does not hold."""
    source = visit["discovered_from"] or ""
    page = web.page_at(source)
    if page is None:
        return False
    tree = html5lib.parse(web.body_at(source), namespaceHTMLElements=False, useChardet=False)
    attributes = {"link": "href", "iframe": "src", "frame": "src", "meta": "content"}
    written = [(tag.tag, tag.get(attributes[tag.tag], "")) for tag in tree.iter() if tag.tag in attributes]
    hrefs = [text.partition("=")[2].strip("'\" ") if tag == "meta" else text for tag, text in written]
    return any((target := join(web.base_at(source), href)) and identity(target) == url for href in hrefs)


def main() -> int:
    """Parse, crawl, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--shared", type=Path, default=Path("../shared"), help="folder that holds web/serve.py"
    )
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    web = RealWeb(asked.shared / "web")
    findings = check(web, web.every_page(), asked.workers)
    print(findings.report())
    return 0 if findings else 1


if __name__ == "__main__":
    raise SystemExit(main())
