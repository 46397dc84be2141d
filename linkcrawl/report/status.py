"""How a crawl stands, for people: within 80 columns. Text from pages, hosts and servers is data."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from linkcrawl.frontier import SiteSeen
from linkcrawl.report.text import plain, shorten
from linkcrawl.status import CrawlPart, SitePart, SiteStatus, Status, WorkerPart
from linkcrawl.units import spoken_duration, times

WORKERS_SHOWN = 12
SILENT_MS = 15_000
"""A worker that has not beaten for so long is shown among the first."""
LABEL_WIDTH = 10
NAME_WIDTH = 30
FINE = frozenset({"ok", "redirect", "not_html"})

STATE_STYLE = {"running": "bold green", "paused": "bold yellow"}


def picture(status: Status, *, workers_shown: int = WORKERS_SHOWN) -> RenderableType:
    """All of a crawl."""
    parts: list[RenderableType] = [_head(status.crawl, status.at), "", _numbers(status), ""]
    # Before the rest, which a low terminal may not show.
    warnings = [_warning(text) for text in [*status.guarantees_off, *status.warnings]]
    parts += [*warnings, ""] if warnings else []
    parts.append(_facts(status))
    if status.workers:
        parts += ["", _workers(status.workers, workers_shown)]
    if status.busiest_sites:
        busiest, slowest = status.busiest_sites, status.slowest_sites
        shown = {seen.site for seen in busiest}
        parts += ["", _sites("busiest sites seen", busiest)]
        if any(seen.site not in shown for seen in slowest):
            parts += ["", _sites("slowest sites seen", slowest)]
    return Group(*parts)


def _head(crawl: CrawlPart, at: datetime) -> Text:
    began = (crawl.ended_at or at) - crawl.started_at
    line = Text()
    line.append(shorten(plain(crawl.name), NAME_WIDTH), "bold")
    line.append("  ")
    line.append(crawl.state, STATE_STYLE.get(crawl.state, "bold"))
    if crawl.draining:
        line.append(", workers end what they hold", "yellow")
    how = "for" if crawl.ended_at is None else "after"
    line.append(f"  {how} {spoken_duration(began.total_seconds() * 1000)}", "dim")
    line.append(f"  {crawl.crawl_id}", "dim")
    return line


def _numbers(status: Status) -> Table:
    urls = status.urls
    pace = "?" if status.pages_a_second is None else f"{status.pages_a_second:,.1f}"
    most = f"{urls.settled:,}"
    columns = {
        "pages": Text(most, "bold"),
        "a second": Text(pace),
        "links": Text(f"{status.links:,}", "bold green"),
        "queued": Text(f"{urls.queued:,}"),
        "delayed": Text(f"{urls.delayed:,}"),
        "leased": Text(f"{urls.leased:,}"),
        "dead": Text(f"{urls.dead:,}", "red" if urls.dead else ""),
    }
    table = Table.grid(padding=(0, 2))
    for _ in columns:
        table.add_column(justify="right")
    table.add_row(*(Text(title, "dim") for title in columns))
    table.add_row(*columns.values())
    return table


def _facts(status: Status) -> Table:
    crawl, sites = status.crawl, status.sites
    table = _labelled()
    _add(table, "settled", _counts(status.settled))
    _add(table, "refused", _counts(status.refused))
    _add(table, "sites", [f"{sites.known:,} known", f"{sites.due:,} due", f"{sites.held:,} held"])
    watched = [f"{times(crawl.watch_patterns, 'pattern')} (version {crawl.watch_version})"]
    _add(table, "watch list", watched)
    if crawl.blocked_domains:
        _add(table, "blocked", [times(crawl.blocked_domains, "domain")])
    limits = [] if crawl.max_pages is None else [f"{crawl.max_pages:,} pages"]
    if crawl.ends_by is not None:
        limits.append(f"{crawl.ends_by:%Y-%m-%d %H:%M} UTC")
    if limits:
        _add(table, "limit", limits)
    for server in status.servers:
        _add(
            table,
            "server",
            _server(server.name, server.version, _memory(server.used_bytes, server.max_bytes)),
        )
    seen = status.seen
    _add(table, "seen", [f"{seen.urls:,} of {seen.expected:,} URLs expected"])
    if status.dead_letters.count:
        letters = status.dead_letters
        _add(table, "dead", [f"{letter.reason} at {letter.where}" for letter in letters.first])
    _add(table, "books", ["balanced"] if status.books.balanced else status.books.off)
    if crawl.out:
        _add(table, "OUT", [crawl.out])
    return table


def _labelled() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=LABEL_WIDTH, style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _add(table: Table, label: str, parts: Iterable[str]) -> None:
    text = ", ".join(plain(part) for part in parts)
    table.add_row(label, Text(text or "none yet"))


def _counts(counts: Mapping[str, int]) -> list[str]:
    return [f"{number:,} {name}" for name, number in counts.items()]


def _server(name: str, version: str | None, memory: str | None) -> list[str]:
    return [shorten(plain(name), NAME_WIDTH), *(text for text in (version, memory) if text)]


def _memory(used: int | None, most: int | None) -> str | None:
    if used is None:
        return None
    return f"{_size(used)} of {_size(most)}" if most else f"{_size(used)}, no bound set"


def _size(number: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if number >= size:
            return f"{number / size:,.1f} {unit}"
    return f"{number / 1e3:,.0f} kB"


def _workers(workers: Sequence[WorkerPart], most: int) -> Group:
    """Those with trouble first."""
    table = _columns(f"workers ({len(workers):,})", "beat", "pages", "a second", "sites", "memory")
    ordered = sorted(workers, key=lambda one: one.hindrance is None and one.last_beat_ms < SILENT_MS)
    for worker in ordered[:most]:
        host = f" on {worker.host}" if worker.host and not worker.worker_id.startswith(worker.host) else ""
        table.add_row(
            _name(worker.worker_id + host),
            f"{worker.last_beat_ms / 1000:,.0f} s",
            _or_unknown(worker.pages),
            "?" if worker.pages_a_second is None else f"{worker.pages_a_second:,.1f}",
            _or_unknown(worker.sites),
            "?" if worker.rss_bytes is None else _size(worker.rss_bytes),
        )
    if len(workers) > most:
        table.add_row(Text(f"and {len(workers) - most:,} more", "dim"))
    troubled = [worker for worker in ordered[:most] if worker.hindrance]
    return Group(table, *(_hindrance(worker) for worker in troubled))


def _hindrance(worker: WorkerPart) -> Text:
    name = shorten(plain(worker.worker_id), NAME_WIDTH)
    return Text(f"! {name} takes no work: {plain(worker.hindrance or '')}", "red")


def _columns(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(first, no_wrap=True, width=NAME_WIDTH)
    for title in others:
        table.add_column(title, justify="right", no_wrap=True, min_width=len(title))
    return table


def _name(text: str) -> Text:
    return Text(shorten(plain(text), NAME_WIDTH))


def _or_unknown(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _sites(title: str, sites: Sequence[SiteSeen]) -> Table:
    table = _columns(title, "queued", "settled", "delay")
    table.add_column("state", no_wrap=True)
    for seen in sites:
        delay = spoken_duration(seen.delay_ms)
        table.add_row(_name(seen.site), f"{seen.queued:,}", f"{seen.settled:,}", delay, _state(seen))
    return table


def _state(seen: SiteSeen) -> Text:
    if seen.given_up:
        return Text("given up", "red")
    failing = ", failing" if seen.failing_ms else ""
    if seen.held:
        return Text("held" + failing)
    if seen.ready_in_ms:
        return Text(f"in {spoken_duration(seen.ready_in_ms)}{failing}", "yellow" if failing else "")
    return Text(("due" if seen.queued else "idle") + failing)


def _warning(text: str) -> Text:
    return Text("! " + plain(text), "yellow")


def site_picture(status: SiteStatus) -> RenderableType:
    """One site."""
    site = status.site
    table = _labelled()
    _add(table, "site", [site.site])
    _add(table, "state", [site_state(site)])
    by_depth = [f"{number:,} at depth {depth}" for depth, number in sorted(site.queued_by_depth.items())]
    _add(table, "queued", [f"{site.queued:,}", *by_depth[:6]])
    _add(table, "accepted", [f"{site.accepted:,}"])
    _add(table, "settled", _counts(site.settled))
    _add(table, "refused", _counts(site.refused))
    _add(table, "delay", [spoken_duration(site.delay_ms)])
    for origin, robots in site.robots.items():
        delay = "" if robots.crawl_delay_ms is None else f", Crawl-delay {robots.crawl_delay_ms / 1000:g} s"
        until = f", asked again in {spoken_duration(robots.expires_in_ms)}"
        _add(table, "robots.txt", [f"{origin}: {robots.state}{delay}{until}"])
    return Group(_head(status.crawl, status.at), "", table)


def site_state(site: SitePart) -> str:
    """What becomes of the site now, in a few words."""
    failing = f"; it has only failed for {spoken_duration(site.failing_ms)}" if site.failing_ms else ""
    if site.blocked_by:
        return f"blocked ({site.blocked_by})"
    if not site.accepted:
        return "unknown: no URL of it was accepted so far"
    if site.given_up:
        return "given up: what is queued is settled as site_unreachable"
    if site.held_by:
        return f"held by {site.held_by}{failing}"
    if site.ready_in_ms is None:
        return f"idle: nothing is queued{failing}"
    if site.ready_in_ms:
        return f"asked again in {spoken_duration(site.ready_in_ms)}{failing}"
    return f"due now{failing}"
