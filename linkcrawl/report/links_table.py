"""What a table of links shows: the columns that matter, in 80 cells."""

from typing import Any

from linkcrawl.records import AnchorKind, FollowReason
from linkcrawl.report.table import Row, TableColumn

_REASONS = {
    FollowReason.REL_NOFOLLOW: "nofollow",
    FollowReason.REL_UGC: "ugc",
    FollowReason.REL_SPONSORED: "sponsored",
    FollowReason.META_ROBOTS: "meta",
    FollowReason.X_ROBOTS_TAG: "header",
}
assert set(_REASONS) == set(FollowReason)


def _source(row: Row) -> str:
    return _without_scheme(row["source_url"])


def _anchor(row: Row) -> str:
    if row["anchor_kind"] == AnchorKind.IMAGE:
        return f"[{row['image_alt'] or 'image'}]"
    return str(row["anchor_text"])


def _follow(row: Row) -> str:
    reasons: list[Any] = row["follow_reasons"]
    return "follow" if row["follow"] else _REASONS[FollowReason(reasons[0])] if reasons else "no"


def _target(row: Row) -> str:
    """Its path; its host too where the target is another host than its site."""
    rest = _without_scheme(row["target_url"])
    host, slash, path = rest.partition("/")
    return slash + path if host == row["target_site"] else rest


def _without_scheme(url: str) -> str:
    return url.partition("://")[2] or url


LINKS_TABLE = (
    TableColumn("source", _source, weight=4),
    TableColumn("anchor", _anchor, weight=2),
    TableColumn("follow", _follow),
    TableColumn("target", _target, weight=2),
    TableColumn("place", lambda row: str(row["placement"])),
    TableColumn("seen", lambda row: row["visited_at"].strftime("%Y-%m-%d")),
)
