"""What a table of links shows: the columns that matter, in 80 cells."""

from typing import Any

from linkcrawl.records import AnchorKind, FollowReason, RelClass
from linkcrawl.report.table import Row, TableColumn

_PAGE_RULES = {FollowReason.META_ROBOTS: "meta", FollowReason.X_ROBOTS_TAG: "header"}


def _source(row: Row) -> str:
    return _without_scheme(row["source_url"])


def _anchor(row: Row) -> str:
    if row["anchor_kind"] == AnchorKind.IMAGE:
        return f"[{row['image_alt'] or 'image'}]"
    return str(row["anchor_text"])


def _follow(row: Row) -> str:
    """The verdict: `follow`, or the class that the link's own rel gives it, or which of the page's rules speaks."""
    if row["follow"]:
        return "follow"
    if row["rel_class"] != RelClass.FOLLOW:
        return str(row["rel_class"])
    reasons: list[Any] = row["follow_reasons"]
    return _PAGE_RULES[FollowReason(reasons[0])] if reasons else "no"


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
