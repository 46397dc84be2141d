"""`linkcrawl normalize`: URLs on standard input -> JSON lines."""

import argparse
import sys

import msgspec

from linkcrawl.config import checked
from linkcrawl.urls.identity import IdentityRules
from linkcrawl.urls.parse import BadUrl, parse
from linkcrawl.urls.site import site_of


def run(arguments: argparse.Namespace) -> int:
    """One line in, one line out, in order; a URL that is none has an error instead of a failure."""
    rules = IdentityRules(checked([{"tracking_param": arguments.tracking_param}]).tracking_param)
    for line in sys.stdin.buffer:
        text = line.rstrip(b"\r\n").decode("utf-8", "replace")
        if text.strip():
            sys.stdout.buffer.write(msgspec.json.encode(normalized(text, rules)) + b"\n")
    return 0


def normalized(text: str, rules: IdentityRules) -> dict[str, str | None]:
    """`url` as given, `normalized`, `host` and `site`; or `error`."""
    row: dict[str, str | None] = {"url": text, "normalized": None, "host": None, "site": None, "error": None}
    try:
        parsed = parse(text)
    except BadUrl as why:
        return row | {"error": str(why)}
    if parsed.scheme not in {"http", "https"}:
        return row | {"error": f"its scheme is {parsed.scheme}, not http or https"}
    url, host = rules.identify(parsed.href)
    return row | {"normalized": url, "host": host, "site": site_of(host)}
