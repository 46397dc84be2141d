import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.download import AddressGuard, denied


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("fc00::1", "private"),
        ("fdff::1", "private"),
        ("100.64.0.1", "shared by a carrier"),
        ("100.127.255.255", "shared by a carrier"),
        ("169.254.1.1", "link-local"),
        ("169.254.169.254", "cloud metadata"),
        ("100.100.100.200", "cloud metadata"),
        ("168.63.129.16", "cloud metadata"),
        ("fd00:ec2::254", "cloud metadata"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "site-local"),
        ("192.0.0.8", "reserved"),
        ("192.0.0.9", "reserved"),
        ("198.18.0.1", "benchmarking"),
        ("192.88.99.1", "6to4 relay"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("ff02::1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("64:ff9b::7f00:1", "NAT64"),
        ("64:ff9b:1::1", "NAT64"),
        ("2002:7f00:1::", "6to4"),
        ("2001::1", "Teredo"),
        ("2001:10::1", "reserved"),
        ("2001:db8::1", "documentation"),
        ("203.0.113.9", "documentation"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:169.254.169.254", "cloud metadata"),
        ("::ffff:0:127.0.0.1", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("::10.0.0.1", "private"),
        ("::2", "reserved"),
        ("4000::1", "reserved"),
        ("a.test", "not an IP address"),
        ("", "not an IP address"),
    ],
)
def test_denied(address: str, reason: str) -> None:
    assert denied(address) == reason


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "192.167.255.255",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001::200e",
        "::ffff:1.1.1.1",
        "2003::1",
    ],
)
def test_not_denied(address: str) -> None:
    assert denied(address) is None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_each_of_its_ipv6_forms(address: object) -> None:
    for form in (f"::ffff:{address}", f"::ffff:0:{address}"):
        assert denied(form) == denied(str(address))


@given(st.ip_addresses())
def test_nothing_that_python_calls_special_gets_through(address: object) -> None:
    import ipaddress

    assert isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address)
    special = address.is_private or address.is_reserved or address.is_multicast or address.is_link_local
    if special and not (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped):
        assert denied(str(address)) is not None


def test_only_what_the_operator_named_is_exempt_at_its_port() -> None:
    guard = AddressGuard()
    guard.exempt("127.0.0.1", 8080)
    guard.exempt("::1", None)
    assert guard.reason("127.0.0.1", 8080) is None
    assert guard.reason("127.0.0.1", 8081) == "127.0.0.1 is loopback"
    assert guard.reason("127.0.0.2", 8080) == "127.0.0.2 is loopback"
    assert guard.reason("::1", 1) is None
    assert guard.reason("1.1.1.1", 80) is None
    assert guard.is_exempt("::1", 9)
    assert not guard.is_exempt("1.1.1.1", 80)


def test_private_addresses_may_be_allowed() -> None:
    guard = AddressGuard(allow_private=True)
    assert guard.reason("127.0.0.1", 80) is None
    assert not guard.is_exempt("127.0.0.1", 80)
