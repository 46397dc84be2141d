"""What a URL is: the URL standard (https://url.spec.whatwg.org/), as implemented by ada."""

import re
from typing import NamedTuple

import ada_url

SPECIAL_SCHEMES = frozenset(("http", "https", "ws", "wss", "ftp", "file"))
# "C0 control or space": what the standard strips from both ends of its input.
C0_OR_SPACE = "".join(map(chr, range(0x21)))
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_IN_URL = re.compile("[\t\n\r]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# A serialized URL: every delimiter that belongs to a part's content is percent-encoded in it by then.
_SERIALIZED = re.compile(
    r"([^:]*):(?://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.S
)
_SERIALIZED_ALREADY = re.compile(
    # A host of plain labels, the last no number; segments that are no dots; characters that stay everywhere. No group
    # is possessive: before Python 3.11.5 such a group keeps what its last, failed turn had taken.
    r"https?://(?:(?!xn--)[a-z0-9_-]++\.)+(?!xn--)[a-z][a-z0-9_-]*+"
    r"(?:/(?!\.|%2[Ee])[A-Za-z0-9_.~!$&()*+,;=:@%-]*+)+"
    r"(?:\?[A-Za-z0-9_.~!$&()*+,;=:@%/?-]*+)?(?:#[A-Za-z0-9_.~!$&()*+,;=:@%/?-]*+)?"
)
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^|]")
_NUMBER = re.compile(r"(?:0[xX][0-9A-Fa-f]*|[0-9]+)")


class BadUrl(ValueError):
    """The text is no URL; its own text is the reason, as one short clause ("it has no host")."""


class Url(NamedTuple):
    """A URL by the standard, in parts. `href` is its serialization and holds all that the parts hold."""

    href: str
    scheme: str
    """Lower case, without the colon."""
    host: str
    """As it stands in the href: lower case, punycode, IPv6 addresses in their brackets, a trailing dot kept;
    '' if there is none."""
    port: int | None
    """None if it is the scheme's default or there is none."""
    path: str
    """Starts with a slash in http(s) URLs."""
    query: str | None
    """Without '?'; '' for a written bare '?', None for none."""
    fragment: str | None
    """Without '#'; '' for a written bare '#', None for none."""


def href_of(text: str, base: str | None = None) -> str:
    """The URL standard's serialization of `text`, resolved against `base` (an absolute URL) if given.

    Any scheme. Lone surrogates count as U+FFFD. Raises BadUrl with the reason.
    """
    if _SERIALIZED_ALREADY.fullmatch(text):
        # Most links are written so that parsing changes nothing: telling that costs a fifth of parsing.
        return text
    try:
        return ada_url.normalize_url(text) if base is None else ada_url.join_url(base, text)
    except ValueError:
        if _SURROGATE.search(text):
            return href_of(_without_surrogates(text), base)
        raise BadUrl(_reason(text, base)) from None


def parse(text: str, base: str | None = None) -> Url:
    """`text`, resolved against `base` if given, in parts. Raises BadUrl with the reason."""
    return split(href_of(text, base))


def split(href: str) -> Url:
    """The parts of an href that the URL standard serialized; of anything else, nonsense."""
    match = _SERIALIZED.fullmatch(href)
    if match is None:
        raise BadUrl("it has no scheme")
    scheme, host, port, path, query, fragment = match.groups()
    if host is None and path.startswith("/.//"):
        # The serializer's guard: without it such a path would read as a host.
        path = path[2:]
    return Url(href, scheme, host or "", int(port) if port else None, path, query, fragment)


def _without_surrogates(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _reason(text: str, base: str | None) -> str:
    """Why the standard refuses the text, as far as that can be told for people."""
    if base is not None and not ada_url.check_url(base):
        return "the base URL that it is relative to is not a URL"
    text = _NOT_IN_URL.sub("", text.strip(C0_OR_SPACE))
    scheme = _SCHEME.match(text)
    if scheme is None:
        if not text:
            return "it is empty"
        if base is None:
            return "it has no scheme"
        rest = text if text[:1] in ("/", "\\") else ""
        name = base.partition(":")[0].lower()
    else:
        rest, name = text[scheme.end() :], scheme[1].lower()
    special = name in SPECIAL_SCHEMES
    if not rest.startswith("//") and not (special and name != "file"):
        return (
            "it does not fit the URL that it is relative to"
            if scheme is None
            else "its parts do not fit together"
        )
    authority = re.split(
        r"[/?#\\]" if special else r"[/?#]", rest.lstrip("/\\" if special else "/"), maxsplit=1
    )[0]
    return _reason_of_authority(authority, special)


def _reason_of_authority(authority: str, special: bool) -> str:
    host, port = authority.rpartition("@")[2], ""
    if not host.startswith("["):
        host, _, port = host.partition(":")
    elif "]" in host:
        host, _, port = host.partition("]")
        port = port.removeprefix(":")
    if not host:
        return "it has no host"
    if port and not (port.isascii() and port.isdigit() and int(port[-6:]) <= 65535):
        return "its port is not a number from 0 to 65535"
    if host.startswith("["):
        return "its IPv6 address is not valid"
    forbidden = _FORBIDDEN_IN_HOST.search(host)
    if forbidden and not (special and forbidden[0] == "%"):
        return f"its host holds {forbidden[0]!r}, which no host may hold"
    if _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        return "its IPv4 address is not valid"
    return "its host is not a valid domain name"
