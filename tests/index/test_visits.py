"""Which visits of a crawl are to be tried again, and the newest visit of one URL."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkcrawl.dataset.location import Location
from linkcrawl.errors import DatasetError
from linkcrawl.index.visits import Visited, Wanted, newest_visit, newest_visits_that
from linkcrawl.records import Outcome, Page
from tests.dataset.pages import NOON_US, a_page
from tests.index.test_answers import crawl

HOUR_US = 3_600_000_000


def visited(number: int, outcome: Outcome, hours: int = 0, status: int | None = None, **more: Any) -> Page:
    page = a_page(number, at_us=NOON_US + hours * HOUR_US, **more)
    page.outcome, page.http_status = outcome, status
    return page


def asked(out: Path, outcomes: Sequence[Outcome], **more: Any) -> dict[str, Visited]:
    wanted = Wanted("01A", outcomes, **more)
    with newest_visits_that(Location.parse(str(out)), wanted) as batches:
        found = [visit for batch in batches for visit in batch]
    assert len({visit.url for visit in found}) == len(found), "each URL once"
    return {visit.url: visit for visit in found}


def test_only_the_newest_visit_of_a_url_counts(tmp_path: Path) -> None:
    crawl(tmp_path, [visited(1, Outcome.TIMEOUT), visited(2, Outcome.OK, status=200)])
    crawl(tmp_path, [visited(1, Outcome.OK, 1, 200), visited(2, Outcome.TIMEOUT, 1)])
    assert set(asked(tmp_path, [Outcome.TIMEOUT])) == {"https://blog.example/2"}
    assert set(asked(tmp_path, [Outcome.OK])) == {"https://blog.example/1"}
    assert len(asked(tmp_path, list(Outcome))) == 2


def test_what_narrows_it(tmp_path: Path) -> None:
    pages = [
        visited(1, Outcome.HTTP_ERROR, 0, 503),
        visited(2, Outcome.HTTP_ERROR, 5, 404),
        visited(3, Outcome.HTTP_ERROR, 9, 503, site="shop.example"),
        visited(4, Outcome.TIMEOUT, 9),
    ]
    crawl(tmp_path, pages)
    errors = [Outcome.HTTP_ERROR]
    assert len(asked(tmp_path, errors)) == 3
    assert set(asked(tmp_path, errors, statuses=[503])) == {
        "https://blog.example/1",
        "https://shop.example/3",
    }
    assert set(asked(tmp_path, errors, site="shop.example")) == {"https://shop.example/3"}
    assert len(asked(tmp_path, errors, since_us=NOON_US + 5 * HOUR_US)) == 2
    assert len(asked(tmp_path, [Outcome.TIMEOUT, *errors], since_us=NOON_US)) == 4
    both = asked(tmp_path, [Outcome.TIMEOUT, *errors], statuses=[404])
    assert set(both) == {"https://blog.example/2", "https://blog.example/4"}, (
        "a status is that of an http_error"
    )


def test_another_crawls_visits_are_not_asked(tmp_path: Path) -> None:
    crawl(tmp_path, [visited(1, Outcome.TIMEOUT)])
    crawl(tmp_path, [visited(1, Outcome.OK, 9)], crawl_id="01B")
    assert set(asked(tmp_path, [Outcome.TIMEOUT])) == {"https://blog.example/1"}


def test_what_is_known_of_a_visit(tmp_path: Path) -> None:
    crawl(tmp_path, [visited(1, Outcome.HTTP_ERROR, 0, 503)])
    (visit,) = asked(tmp_path, [Outcome.HTTP_ERROR]).values()
    assert (visit.host, visit.site, visit.depth, visit.kind) == ("blog.example", "blog.example", 1, "page")
    assert (visit.discovered_from, visit.visited_at_us) == ("https://blog.example/", NOON_US)
    assert (visit.outcome, visit.http_status) == (Outcome.HTTP_ERROR, 503)


def test_no_datasets_are_an_error_and_no_visits_none(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no datasets"):
        asked(tmp_path, [Outcome.OK])
    crawl(tmp_path, [visited(1, Outcome.OK)], crawl_id="01B")
    assert asked(tmp_path, [Outcome.OK]) == {}


def test_the_newest_visit_of_one_url(tmp_path: Path) -> None:
    location = Location.parse(str(tmp_path))
    crawl(tmp_path, [visited(1, Outcome.TIMEOUT), visited(1, Outcome.OK, 2, 200), visited(2, Outcome.OK)])
    url, site = "https://blog.example/1", "blog.example"
    found = newest_visit(location, "01A", url, site)
    assert found is not None
    assert (found.outcome, found.visited_at_us) == (Outcome.OK, NOON_US + 2 * HOUR_US)
    assert newest_visit(location, "01B", url, site) is None
    assert newest_visit(location, "01A", url + "1", site) is None


visits = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(list(Outcome)[:4]), st.integers(0, 6)),
    min_size=1,
    max_size=15,
)


@given(visits)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_as_the_definition_has_it(tmp_path_factory: pytest.TempPathFactory, seen: Any) -> None:
    out = tmp_path_factory.mktemp("out")
    pages = [visited(number, outcome, hours) for number, outcome, hours in seen]
    crawl(out, pages)
    newest: dict[str, Page] = {}
    for page in pages:
        url = page.lease.candidate.url
        before = newest.get(url)
        age = (page.visited_at_us, page.lease.visit_id)
        if before is None or age > (before.visited_at_us, before.lease.visit_id):
            newest[url] = page
    few = list(Outcome)[:2]
    assert set(asked(out, few)) == {url for url, page in newest.items() if page.outcome in few}
