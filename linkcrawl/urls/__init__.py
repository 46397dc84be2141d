"""What a URL is: parsing, identity, sites, the watch list, filters, seeds, traps. Pure; never the network.

Start reading at `target.py`: from an href on a page to a URL. Imports `records` and `errors` only.
"""

from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.pack import fingerprint
from linkcrawl.urls.parse import BadUrl, Url, parse
from linkcrawl.urls.patterns import UrlPatterns
from linkcrawl.urls.seeds import SeedUrl, parse_seed, read_seeds
from linkcrawl.urls.site import is_public_suffix, site_of
from linkcrawl.urls.target import MAX_URL_LENGTH, Resolver, Target
from linkcrawl.urls.traps import trap
from linkcrawl.urls.watch import WatchList

__all__ = [
    "MAX_URL_LENGTH",
    "BadUrl",
    "IdentityRules",
    "Resolver",
    "SeedUrl",
    "Target",
    "Url",
    "UrlPatterns",
    "WatchList",
    "fingerprint",
    "is_public_suffix",
    "parse",
    "parse_seed",
    "read_seeds",
    "site_of",
    "trap",
]
