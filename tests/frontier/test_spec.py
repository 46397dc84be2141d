"""The crawl's record: what is stored is read back, and another version is named before anything else."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.errors import FrontierLost, OtherVersion
from linkcrawl.frontier.spec import SPEC_VERSION, CrawlSpec, pack_spec, read_spec
from tests.frontier.conftest import a_spec

COUNTS = st.integers(0, 2**62)
OPTIONAL = st.none() | COUNTS


@given(
    st.builds(
        CrawlSpec, created_us=COUNTS, version=st.just(SPEC_VERSION), max_depth=OPTIONAL, max_pages=OPTIONAL
    )
)
def test_what_is_stored_is_read_back(spec: CrawlSpec) -> None:
    assert read_spec(pack_spec(spec)) == spec


@given(
    st.binary()
    | st.recursive(st.none() | st.integers(0, 99) | st.text(), st.lists).map(msgspec.msgpack.encode)
)
def test_anything_else_is_no_crawl(raw: bytes) -> None:
    with pytest.raises(FrontierLost):
        read_spec(raw)


@pytest.mark.parametrize(
    ("version", "cure"), [(SPEC_VERSION + 1, "upgrade linkcrawl"), (SPEC_VERSION - 1, "delete it")]
)
@pytest.mark.parametrize("changes", [{}, {"a_field_of_tomorrow": 1}, {"partitions": "many"}])
def test_another_version_says_what_to_do_whatever_else_it_holds(
    version: int, cure: str, changes: dict[str, Any]
) -> None:
    record = msgspec.msgpack.decode(pack_spec(a_spec())) | {"version": version} | changes
    with pytest.raises(OtherVersion, match=cure) as caught:
        read_spec(msgspec.msgpack.encode(record))
    assert str(version) in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_unknown_field_of_our_own_version_is_damage() -> None:
    record = msgspec.msgpack.decode(pack_spec(a_spec())) | {"a_field_of_tomorrow": 1}
    with pytest.raises(FrontierLost, match="cannot be read"):
        read_spec(msgspec.msgpack.encode(record))


def test_the_record_is_what_its_version_says() -> None:
    """A field more, less, or of another type is another version: raise SPEC_VERSION, then change this."""
    fields = {field.name: str(field.type) for field in msgspec.structs.fields(CrawlSpec)}
    assert SPEC_VERSION == 1
    assert sorted(fields) == [
        *("crash_limit", "crawl_id", "created_us", "delay_ms", "expect_urls", "max_depth", "max_hops"),
        *("max_pages", "max_pages_per_site", "max_queued_per_site", "name", "options", "partitions"),
        *("reclaim_after_ms", "scope", "site_give_up_ms", "url_rules", "version"),
    ]
