"""What an operator asked for -> a plan that can be carried out, or every mistake in it at once.

Nothing is made or changed here; files are read, and OUT is probed.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from linkcrawl.config import CrawlConfig
from linkcrawl.dataset.location import Location
from linkcrawl.download.configure import fetch_options
from linkcrawl.errors import UsageError
from linkcrawl.frontier.address import ServerAddress
from linkcrawl.intake import SHOWN_AT_MOST, Seeds, SeedSource, Seen, take_in, unseen
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.patterns import UrlPatterns
from linkcrawl.urls.watch import WatchList

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Plan:
    """A crawl that can begin."""

    config: CrawlConfig
    seeds: Seeds
    """The caller closes them."""
    watch: WatchList
    location: Location
    address: ServerAddress | None
    """None: an embedded server."""
    state_dir: Path


@dataclass(frozen=True, slots=True)
class Addition:
    """Seeds, and perhaps settings, for a crawl that there is already."""

    config: CrawlConfig
    """Of the crawl, as it will be if nothing that was given is refused."""
    given: frozenset[str]
    """The settings that were given now."""
    seeds: Seeds
    """The caller closes them."""
    watch: WatchList | None
    location: Location | None
    """OUT where it was named."""


class _Mistakes:
    """Gathers what is wrong, so that all of it is said at once."""

    def __init__(self, found: Iterable[str]) -> None:
        self.found = list(found)

    def try_(self, make: Callable[[], _T], where: str = "") -> _T | None:
        try:
            return make()
        except UsageError as why:
            self.add(where, why.problems)
            return None

    def add(self, where: str, problems: Sequence[str]) -> None:
        prefix = f"{where}: " if where else ""
        self.found += [prefix + problem for problem in problems[:SHOWN_AT_MOST]]
        if len(problems) > SHOWN_AT_MOST:
            self.found.append(f"{prefix}and {len(problems) - SHOWN_AT_MOST:,} more lines are wrong")


def make_plan(
    config: CrawlConfig, seeds: Sequence[str], mistakes: Iterable[str] = (), seen: Seen = unseen
) -> Plan:
    """seeds: those given as arguments. mistakes: found before. Raises UsageError with all of them."""
    wrong = _Mistakes(mistakes)
    watch = _watch(config, wrong)
    location = _location(config, wrong)
    wrong.try_(lambda: UrlPatterns(config.include, config.exclude))
    wrong.try_(lambda: fetch_options(config))
    address = (
        wrong.try_(lambda: ServerAddress.from_url(config.redis or ""), "--redis") if config.redis else None
    )
    all_seeds = _seeds(config, seeds, wrong, seen)
    if wrong.found or location is None or watch is None:
        all_seeds.close()
        raise UsageError(wrong.found)
    if location.is_local:
        # `out` and `./out` are one place, and a worker may stand in another folder.
        config = replace(config, out=location.url)
    return Plan(config, all_seeds, watch, location, address, state_dir(config, location))


def make_addition(
    config: CrawlConfig, given: frozenset[str], seeds: Sequence[str], seen: Seen = unseen
) -> Addition:
    """config: the crawl's, with what was given over it. Raises UsageError with every mistake."""
    wrong = _Mistakes(())
    watch = _watch(config, wrong) if "watch" in given else None
    location = _location(config, wrong) if "out" in given else None
    wrong.try_(lambda: UrlPatterns(config.include, config.exclude))
    wrong.try_(lambda: fetch_options(config))
    all_seeds = _seeds(config, seeds, wrong, seen)
    if wrong.found:
        all_seeds.close()
        raise UsageError(wrong.found)
    if location is not None and location.is_local:
        config = replace(config, out=location.url)
    return Addition(config, given, all_seeds, watch, location)


def _lines(path: str, flag: str, wrong: _Mistakes) -> list[str]:
    try:
        return Path(path).read_text("utf-8-sig").split("\n")
    except OSError as why:
        wrong.add(flag, [f"{path} can not be read: {why.strerror}"])
    except UnicodeDecodeError:
        wrong.add(flag, [f"{path} is not UTF-8 text"])
    return []


def _seeds(config: CrawlConfig, given: Sequence[str], wrong: _Mistakes, seen: Seen) -> Seeds:
    rules = wrong.try_(lambda: IdentityRules(config.tracking_param), "--tracking-param")
    source = SeedSource(given, config.seeds, config.seeds_column)
    seeds, problems = take_in(source, rules or IdentityRules(), seen)
    wrong.found += problems
    return seeds


def _watch(config: CrawlConfig, wrong: _Mistakes) -> WatchList | None:
    if not config.watch:
        wrong.add("--watch", ["missing: name the domains whose backlinks you want, or a file of them"])
    patterns: list[str] = []
    before = len(wrong.found)
    for given in config.watch:
        is_file = "/" in given.rstrip("/") and not given.startswith("=") and Path(given).exists()
        if is_file or Path(given).is_file():
            lines = _lines(given, "--watch", wrong)
            found = wrong.try_(lambda lines=lines: WatchList.parse(lines), f"--watch {given}")  # type: ignore[misc]
            if found is not None and not found:
                wrong.add(f"--watch {given}", ["holds no pattern: one domain a line"])
            patterns += found.patterns if found else ()
        else:
            found = wrong.try_(lambda given=given: WatchList.parse([given]), "--watch")  # type: ignore[misc]
            patterns += found.patterns if found else ()
    return WatchList.parse(patterns) if len(wrong.found) == before else None


def _location(config: CrawlConfig, wrong: _Mistakes) -> Location | None:
    if not config.out:
        wrong.add("-o", ["missing: name the folder or URL that the datasets go to"])
        return None
    location = wrong.try_(lambda: Location.parse(config.out or ""), "-o")
    if location is not None:
        wrong.try_(location.check_writable, "-o")
    return location


def state_dir(config: CrawlConfig, location: Location) -> Path:
    """Where the embedded frontier keeps its data: beside the datasets, or for a URL in the user's state folder."""
    if config.state:
        return Path(config.state).expanduser().absolute()
    if location.is_local:
        return Path(location.root) / ".linkcrawl"
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "linkcrawl" / hashlib.sha256(location.url.encode()).hexdigest()[:16]
