"""Which addresses may be connected to. Pure.

A crawler follows what strangers write, so a link must not make it speak to what only its own machine or
network can reach. Checked for the final address of every connection, names and literals alike.
"""

import ipaddress
from functools import lru_cache

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# `ipaddress.is_global` is true for several of these (multicast, 192.0.0.9, NAT64, 6to4, site-local), so the
# registries are named here: IANA's special-purpose registries for IPv4 (RFC 6890) and IPv6.
_DENIED: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "unspecified"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by a carrier"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "reserved"),
    ("192.52.193.0/24", "reserved"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "reserved"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("100::/64", "discard-only"),
    ("2001::/32", "Teredo"),
    ("2001::/23", "reserved"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
)
_NETWORKS: tuple[tuple[_Network, str], ...] = tuple((ipaddress.ip_network(net), why) for net, why in _DENIED)
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"),
    )
)
"""Where clouds serve their instances credentials; one of them is an ordinary public address."""
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")


class AddressDenied(OSError):
    """A connection that the guard refused, before any packet was sent."""


@lru_cache(maxsize=4096)
def denied(address: str) -> str | None:
    """Why an IP address (text, with or without a zone) may not be connected to; None if it may."""
    try:
        parsed = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return "not an IP address"
    if parsed in _METADATA:
        return "cloud metadata"
    for network, reason in _NETWORKS:
        if parsed.version == network.version and parsed in network:
            return reason
    if isinstance(parsed, ipaddress.IPv6Address) and parsed not in _GLOBAL_UNICAST:
        return "reserved"
    return None


def _unwrapped(address: _Address) -> _Address:
    """The IPv4 address inside an IPv4-mapped, -translated or -compatible IPv6 address; any other as it is."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _TRANSLATED or (address in _COMPATIBLE and int(address) > 0xFFFF):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


class AddressGuard:
    """Decides for one fetcher. Addresses that the operator named are exempt, at the ports named with them."""

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._exempt: set[tuple[str, int | None]] = set()

    def exempt(self, address: str, port: int | None) -> None:
        """From now on this address may be connected to; port None: at any port."""
        self._exempt.add((address, port))

    def is_exempt(self, address: str, port: int) -> bool:
        return (address, port) in self._exempt or (address, None) in self._exempt

    def reason(self, address: str, port: int) -> str | None:
        """Why a connection may not be made ("127.0.0.1 is loopback"); None if it may."""
        if self._allow_private or self.is_exempt(address, port):
            return None
        why = denied(address)
        return f"{address} is {why}" if why else None
