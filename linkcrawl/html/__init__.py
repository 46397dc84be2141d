"""A page's bytes -> its encoding, its links, what it says about itself, and the verdict of each link. Pure.

page = read(body, url, headers)
for link in page.links:                     # as written, in document order
    verdict(link.element, link.rel, page.directives)
    page.describe(link)                     # only for the few links that are recorded
"""

from .description import LinkDetails
from .directives import directives_of
from .document import Document, read
from .encoding import CharsetSource
from .limits import DEFAULT, ReadLimits
from .links import FoundLink
from .verdict import Verdict, verdict

__all__ = [
    "DEFAULT",
    "CharsetSource",
    "Document",
    "FoundLink",
    "LinkDetails",
    "ReadLimits",
    "Verdict",
    "directives_of",
    "read",
    "verdict",
]
