"""Domains that nobody may be asked of, with all below them. Pure."""

from collections.abc import Iterable

REMOVED = "-"
"""Stands before a domain, in the append-only list, that is blocked no more."""


def blocked_domains(entries: Iterable[str]) -> list[str]:
    """The domains that are blocked, of the list in its order: `a.example`, then perhaps `-a.example`."""
    blocked: dict[str, None] = {}
    for entry in entries:
        if entry.startswith(REMOVED):
            blocked.pop(entry.removeprefix(REMOVED), None)
        else:
            blocked[entry] = None
    return list(blocked)


class Blocklist:
    """The blocked domains of one version of the list. Immutable."""

    def __init__(self, domains: Iterable[str] = ()) -> None:
        self._domains = frozenset(domains)

    def holds(self, host: str) -> bool:
        """Whether a host is one of the domains or below one."""
        if not self._domains:
            return False
        name = host
        while name:
            if name in self._domains:
                return True
            name = name.partition(".")[2]
        return False

    def touches(self, site: str) -> bool:
        """Whether hosts of a site are blocked: it lies in a blocked domain, or a blocked domain in it."""
        return self.holds(site) or any(domain.endswith(f".{site}") for domain in self._domains)
