"""How much of one page is read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds that keep any page, however made, at a cost in proportion to its size."""

    max_links: int = 20_000
    """Links taken from a page; `Document.links_cut` says that more stood there."""
    max_depth: int = 512
    """Elements open at once, as in browsers; deeper ones are left out, their links and text stay."""
    max_tags: int = 250_000
    """Start tags read, of twice as many tags; what stands after them is not."""
    unchecked_tags: int = 8_192
    """A page with no more start tags than this is cheap however deep: an estimate of its depth is enough."""
    clone_bytes: int = 67_108_864
    """What unclosed formatting elements, opened again in each block, may add to a page."""
    detect_bytes: int = 16_384
    """How much of a page that names no encoding is looked at to guess one."""
    max_text: int = 8_192
    """Characters of an anchor text or an alt text."""
    context: int = 100
    """Characters of text before and after a link."""


DEFAULT = ReadLimits()
