"""What the seen set keeps of a URL, and where."""

from functools import lru_cache
from hashlib import blake2b

from linkcrawl.urls.pack import fingerprint

__all__ = ["buckets_of_partition", "fingerprint", "partition_of", "share_of"]

BUCKET_MEMBERS = 256
"""Members of a bucket when the crawl is as large as expected: below `set-max-intset-entries` (512), so that a
bucket stays an array of 8-byte integers."""


def buckets_of_partition(expect_urls: int, partitions: int) -> int:
    """How many buckets a partition's seen set has, for a crawl of about `expect_urls`."""
    return max(1, expect_urls // partitions // BUCKET_MEMBERS)


@lru_cache(maxsize=16_384)
def partition_of(site: str, partitions: int) -> int:
    """The partition that all keys of a site belong to; the same for every worker and version."""
    return int.from_bytes(blake2b(site.encode(), digest_size=8).digest(), "little") % partitions


def share_of(own: int, live: frozenset[int], partitions: int) -> list[int]:
    """The partitions that the worker `own` asks first: rendezvous hashing over the live incarnations.

    Each partition goes to the incarnation whose hash with it is the highest; one that comes or goes moves
    only its own.
    """
    everybody = live | {own}
    return [p for p in range(partitions) if max(everybody, key=lambda who: _weight(who, p)) == own]


def _weight(incarnation: int, partition: int) -> bytes:
    return blake2b(b"%d %d" % (incarnation, partition), digest_size=8).digest()
