"""A URL in eight bytes, for the frontier's seen set."""

from hashlib import blake2b


def fingerprint(url: str) -> int:
    """A signed 64-bit number for an identity URL: the same on every machine, whatever its byte order.

    Signed, since Redis packs a set of integers tightly only within that range.
    """
    return int.from_bytes(blake2b(url.encode(), digest_size=8).digest(), "big", signed=True)
