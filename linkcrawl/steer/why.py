"""Why a URL is where it is, or why it never came in: judged by what the crawl itself judges by."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from linkcrawl.config import CrawlConfig
from linkcrawl.dataset.location import Location
from linkcrawl.errors import DatasetError, UsageError
from linkcrawl.frontier import CrawlState, Frontier, Place, SiteFound, UrlFound
from linkcrawl.frontier.held import split_url
from linkcrawl.index.visits import Visited, newest_visit
from linkcrawl.records import Refusal, RobotsState
from linkcrawl.robots import Rules
from linkcrawl.run import unpack_config
from linkcrawl.scope import Scope, ScopeRule
from linkcrawl.status import found, moment
from linkcrawl.steer.names import url_named
from linkcrawl.units import spoken_duration
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.patterns import UrlPatterns
from linkcrawl.urls.seeds import SeedUrl
from linkcrawl.urls.traps import trap


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer.

    place: of frontier.Place. reasons: words of Refusal, and `robots`, `given_up`, `ended`, `paused`: what keeps it from
    being queued or fetched now. text: for people, the most important sentence first.
    """

    url: str
    place: str
    reasons: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    depth: int | None = None
    ahead: int | None = None
    waits_ms: int | None = None
    worker_id: str | None = None
    leased_for_ms: int | None = None
    outcome: str | None = None
    http_status: int | None = None
    visited_at: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


async def why(frontier: Frontier, text: str, out: str | None) -> Explained:
    """Explain one URL or bare domain. out: where the datasets are here, if not where the crawl says.

    Raises UsageError for what is no URL, LinkcrawlError, FrontierLost, FrontierUnavailable.
    """
    state = await found(frontier)
    config = unpack_config(state.spec.options) if state.spec.options else CrawlConfig()
    rules = IdentityRules(config.tracking_param)
    seed = url_named(text, rules)
    known = await frontier.find_url(seed.url, seed.site)
    if known.place is Place.UNSEEN and seed.https_first:
        # A bare domain that did not answer over https is crawled over http.
        plain = url_named(seed.url.replace("https://", "http://", 1), rules)
        plain_known = await frontier.find_url(plain.url, plain.site)
        if plain_known.place is not Place.UNSEEN:
            seed, known = plain, plain_known
    site = await frontier.find_site(seed.site, seed.host, [split_url(seed.url)[0]])
    case = _Case(frontier, state, config, seed, known, site)
    return await case.explained(out or config.out)


@dataclass(slots=True)
class _Case:
    """All that is known of one URL, and what is said of it."""

    _frontier: Frontier
    _state: CrawlState
    _config: CrawlConfig
    _seed: SeedUrl
    _known: UrlFound
    _site: SiteFound
    _reasons: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)

    async def explained(self, out: str | None) -> Explained:
        known = self._known
        visit: Visited | None = None
        if known.place is Place.UNSEEN:
            await self._why_unseen()
        elif known.place is Place.SETTLED:
            visit = self._settled(out)
        else:
            _SAY[known.place](self)
            self._what_holds_it_up()
        return Explained(
            url=self._seed.url,
            place=known.place.value,
            reasons=self._reasons,
            text=self._text,
            depth=known.entry.candidate.depth if known.entry else visit.depth if visit else None,
            ahead=known.ahead,
            waits_ms=known.waits_ms,
            worker_id=known.worker_id,
            leased_for_ms=known.leased_for_ms,
            outcome=visit.outcome.value if visit else None,
            http_status=visit.http_status if visit else None,
            visited_at=moment(visit.visited_at_us) if visit else None,
        )

    def _say(self, text: str) -> None:
        self._text.append(text)

    def _hold(self, reason: Refusal | str, text: str) -> None:
        self._reasons.append(str(reason))
        self._text.append(text)

    # --- accepted, and not yet settled

    def _origin(self) -> str:
        entry = self._known.entry
        if entry is None:
            return ""
        source = entry.candidate.discovered_from
        found_on = f"found on {source}" if source else "a seed"
        attempt = f", attempt {entry.attempt}" if entry.attempt > 1 else ""
        return f" at depth {entry.candidate.depth} ({found_on}{attempt})"

    def queued(self) -> None:
        ahead = self._known.ahead or 0
        before = "the next of its site" if not ahead else f"{ahead:,} URLs of its site come before it"
        self._say(f"It is queued{self._origin()}: {before}.")
        site = self._site
        if site.held_by:
            self._say(
                f"{site.held_by} holds the site now, one request each {spoken_duration(site.delay_ms)}."
            )
        elif site.ready_in_ms:
            self._say(f"The site is asked again in {spoken_duration(site.ready_in_ms)}.")
        else:
            self._say("The site is due: a worker with room takes it next.")

    def delayed(self) -> None:
        waits = spoken_duration(self._known.waits_ms or 0)
        self._say(f"It failed and waits for its next try{self._origin()}: queued again in {waits}.")

    def leased(self) -> None:
        since = spoken_duration(self._known.leased_for_ms or 0)
        self._say(f"{self._known.worker_id} has leased it since {since}{self._origin()}.")
        self._say("It waits for its turn, is fetched, or waits for the file that its rows go to.")

    def dead(self) -> None:
        self._say(f"It lies in the dead letters ({self._known.reason}): nobody fetches it.")

    def _what_holds_it_up(self) -> None:
        if self._known.place in (Place.QUEUED, Place.DELAYED):
            self._crawl_stands()
            if self._site.given_up:
                self._hold("given_up", "Its site was given up: it is settled as site_unreachable, unfetched.")
            self._blocked("it is settled as blocked_domain, unfetched")
        if self._known.place is not Place.DEAD:
            self._robots("it is settled as robots_disallowed, unfetched")

    def _crawl_stands(self) -> None:
        if self._state.end_state is not None:
            self._hold("ended", f"The crawl has ended ({self._state.end_state}): nothing is leased.")
        elif self._state.paused:
            self._hold("paused", "The crawl is paused: nothing is leased until `linkcrawl resume`.")

    # --- settled

    def _settled(self, out: str | None) -> Visited | None:
        if not self._known.whole:
            self._say(
                "It was accepted. Its site's queue is too long to be read to its end, and it may be there."
            )
            return None
        visit, trouble = self._visit(out)
        if visit is None:
            self._say(f"It was brought to its outcome; which one is not known here: {trouble}.")
            return None
        status = f" {visit.http_status}" if visit.http_status is not None else ""
        when = f"{moment(visit.visited_at_us):%Y-%m-%d %H:%M:%S} UTC"
        self._say(f"It was visited at {when} by {visit.worker_id}: {visit.outcome.value}{status}.")
        if visit.error:
            self._say(f"What went wrong: {visit.error}.")
        if visit.redirect_url:
            self._say(f"It redirects to {visit.redirect_url}.")
        if visit.links_watched is not None:
            self._say(f"It held {visit.links_watched:,} links to watched domains.")
        return visit

    def _visit(self, out: str | None) -> tuple[Visited | None, str]:
        if not out:
            return None, "name the datasets with -o OUT"
        try:
            location = Location.parse(out)
            visit = newest_visit(location, self._state.spec.crawl_id, self._seed.url, self._seed.site)
        except (DatasetError, UsageError) as problem:
            return None, str(problem).rstrip(".")
        return visit, f"its row is not at {out} (yet): a part is written when it is full, or old enough"

    # --- never accepted

    async def _why_unseen(self) -> None:
        self._refused_by_form()
        await self._refused_by_scope()
        self._refused_by_site()
        self._blocked("URLs of it are refused")
        self._robots("it would be settled as robots_disallowed, unfetched")
        if not self._reasons:
            self._say("It was never offered, as far as can be told: no page read so far links to it in a way that is "
                      "followed.")  # fmt: skip
            self._say_what_is_unknown()
        self._crawl_stands()

    def _say_what_is_unknown(self) -> None:
        spec = self._state.spec
        if spec.max_depth is not None:
            self._say(
                f"Or the pages that link to it are {spec.max_depth} steps from a seed: beyond that, --max-depth "
                "refuses it. How deep it would be is not known."
            )
        self._say(
            f"A redirect to it may also have been the {spec.max_hops + 1}th in a row, which is refused."
        )

    def _refused_by_form(self) -> None:
        config, url = self._config, self._seed.url
        filters = UrlPatterns(config.include, config.exclude)
        if filters and filters.refuses(url):
            self._hold(Refusal.EXCLUDED, "It is left out by --include or --exclude.")
        if trap(url):
            self._hold(
                Refusal.TRAP, "It looks like a trap: its path repeats, or its query has no end. (Seeds may.)"
            )

    async def _refused_by_scope(self) -> None:
        scope = Scope(ScopeRule(self._state.spec.scope))
        if scope.rule is ScopeRule.WEB:
            return
        key = scope.key(self._seed.host, self._seed.site)
        if not await self._frontier.in_scope(key):
            kind = "host" if scope.rule is ScopeRule.HOST else "site"
            self._hold(
                Refusal.SCOPE,
                f"It is out of scope: {key} is no {kind} of a seed (--scope {scope.rule.value}).",
            )

    def _refused_by_site(self) -> None:
        spec, site = self._state.spec, self._site
        budget = spec.max_pages_per_site
        if budget is not None and site.accepted >= budget:
            self._hold(
                Refusal.BUDGET,
                f"Its site has had {site.accepted:,} URLs accepted, and --max-pages-per-site is {budget:,}.",
            )
        if site.queued >= spec.max_queued_per_site:
            self._hold(
                Refusal.QUEUE_FULL,
                f"{site.queued:,} URLs of its site are queued, and --max-queued-per-site is "
                f"{spec.max_queued_per_site:,}.",
            )

    def _blocked(self, consequence: str) -> None:
        if self._site.blocked_by:
            self._hold(Refusal.BLOCKED, f"{self._site.blocked_by} is blocked: {consequence}.")

    def _robots(self, consequence: str) -> None:
        origin, path = split_url(self._seed.url)
        record = self._site.robots.get(origin)
        if self._config.robots == "ignore" or record is None:
            return
        if record.state is RobotsState.UNREACHABLE:
            self._hold("robots", f"{origin}/robots.txt is unreachable: all of it is disallowed for now.")
        elif record.state is RobotsState.ALLOWED:
            try:
                decision = Rules.unpack(record.rules).decide(path)
            except ValueError:
                return
            if not decision.allowed:
                rule = f" ({decision.rule})" if decision.rule else ""
                self._hold("robots", f"{origin}/robots.txt disallows it{rule}: {consequence}.")


_SAY: dict[Place, Callable[[_Case], None]] = {
    Place.QUEUED: _Case.queued,
    Place.DELAYED: _Case.delayed,
    Place.LEASED: _Case.leased,
    Place.DEAD: _Case.dead,
}
