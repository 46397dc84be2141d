"""Sites by the Public Suffix List that tldextract ships."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import tldextract
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.urls import site
from linkcrawl.urls.parse import BadUrl, parse
from linkcrawl.urls.site import is_public_suffix, site_of

_LISTED = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def test_the_public_suffix_lists_own_vectors(shared: Path) -> None:
    text = (shared / "conformance" / "psl.txt").read_text()
    vectors = re.findall(r"^checkPublicSuffix\('([^']*)', (?:null|'([^']*)')\);", text, re.M)
    assert len(vectors) == 77  # and one for null, which is no host
    for domain, wanted in vectors:
        try:
            host = parse(f"http://{domain}/").host
        except BadUrl:
            assert not wanted
            continue
        # Where the vectors say that there is no registrable domain, the host is its own site.
        assert site_of(host) == (parse(f"http://{wanted}/").host if wanted else host), domain


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("www.example.co.uk", "example.co.uk"),
        ("foo.github.io", "foo.github.io"),
        ("a.foo.github.io", "foo.github.io"),
        ("github.io", "github.io"),
        ("co.uk", "co.uk"),
        ("com", "com"),
        ("localhost", "localhost"),
        ("a.b.localhost", "b.localhost"),
        ("city.kawasaki.jp", "city.kawasaki.jp"),
        ("www.city.kawasaki.jp", "city.kawasaki.jp"),
        ("a.b.other.kawasaki.jp", "b.other.kawasaki.jp"),
        ("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        (".com", ".com"),
        ("a..com", "a..com"),
        ("www.example.com.", "example.com"),
        ("example.com..", "example.com."),
        (".", "."),
    ],
)
def test_sites(host: str, site: str) -> None:
    assert site_of(host) == site


def test_public_suffixes() -> None:
    assert [is_public_suffix(host) for host in ("com", "co.uk", "github.io", "ck", "a.ck", "localhost")] == [
        True
    ] * 6
    listed = ("example.com", "www.ck", "foo.github.io", "192.0.2.1", "[::1]")
    assert [is_public_suffix(host) for host in listed] == [False] * 5


# Left out: rules below a wildcard, such as `*.svc.firenet.ch` beside `*.firenet.ch`. There tldextract takes
# `ch` for the suffix of `svc.firenet.ch`; by the list's algorithm the longest rule that matches counts.
_RULES = frozenset(_LISTED.tlds)
_PLAIN = (rule.lstrip("*.!") for rule in _RULES)
_SUFFIXES = sorted(suffix for suffix in _PLAIN if "*." + suffix.partition(".")[2] not in _RULES)
_LABELS = st.lists(st.sampled_from(["a", "b-c", "www", "xn--bcher-kva"]), max_size=3)


@settings(deadline=None)
@given(st.sampled_from(_SUFFIXES), _LABELS)
def test_agrees_with_tldextract(suffix: str, labels: list[str]) -> None:
    host = parse(f"http://{'.'.join([*labels, suffix])}/").host
    found = _LISTED(host)
    if found.suffix and found.domain:
        assert site_of(host) == f"{found.domain}.{found.suffix}"
    else:
        assert site_of(host) == host


def test_the_list_is_whole_with_and_without_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    read = set(site._listed())
    monkeypatch.setattr(site, "_SNAPSHOT", "not-there")
    assert read == set(site._listed()) == set(_LISTED.tlds)
    assert len(read) > 9_000


def test_neither_network_nor_cache_folder(tmp_path: Path) -> None:
    """In a process of its own, where any connection or written file is an error."""
    script = (
        "import sys, tldextract\n"
        "def refuse(event, args):\n"
        "    assert not event.startswith('socket.'), (event, args)\n"
        "    assert event not in ('os.mkdir', 'os.rename'), (event, args)\n"
        "    assert event != 'open' or not set(str(args[1])) & set('wax+'), (event, args)\n"
        "from linkcrawl.urls.site import site_of\n"
        "sys.addaudithook(refuse)\n"
        "print(site_of('a.b.foo.github.io'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script],
        env={"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("foo.github.io\n", "")
    assert not list(tmp_path.iterdir())
