"""A URL as it stands -> what aiohttp is asked for, without a byte rewritten. Pure."""

import re
from dataclasses import dataclass, replace

from yarl import URL

from linkcrawl.download.connect_to import is_address
from linkcrawl.download.failures import BadUrl

_FORM = re.compile(
    r"(?P<scheme>https?)://(?:[^/?#@]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#:@\[\]\\]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?][^#]*)?(?:#.*)?"
)
# A space or a line break would end the request line: a way to send headers of a stranger's choice.
_VISIBLE = re.compile(r"[!-~]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Request:
    """host: as in the URL, without brackets, lower case. target: path and query, to be sent as they are."""

    scheme: str
    host: str
    port: int
    authority: str
    target: str

    @property
    def url(self) -> URL:
        # The query stays in the path, since yarl drops an empty one ("/a?").
        return URL.build(scheme=self.scheme, authority=self.authority, path=self.target, encoded=True)

    def redirected(self, ip: str, port: int) -> "Request":
        """The same request on the way to another address (which its Host header must not show)."""
        return replace(self, authority=f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}")


def parse_request(url: str) -> Request:
    """Raises BadUrl for what is not an http or https URL in ASCII with a host and a possible port."""
    match = _FORM.fullmatch(url) if _VISIBLE.fullmatch(url) else None
    if match is None:
        raise BadUrl("not an http or https URL")
    scheme, host, port, target = match.groups()
    default = _DEFAULT_PORTS[scheme]
    number = int(port) if port else default
    if not 1 <= number <= 65535:
        raise BadUrl(f"port {number} is not possible")
    host = host.lower()
    if host.startswith("[") and not (":" in host and is_address(host[1:-1])):
        raise BadUrl(f"{host} is not an IPv6 address")
    authority = host if number == default else f"{host}:{number}"
    target = target or "/"
    return Request(
        scheme, host.strip("[]"), number, authority, target if target.startswith("/") else "/" + target
    )
