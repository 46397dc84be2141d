"""Where a meta refresh leads: the shared declarative refresh steps of the HTML standard."""

import re

# Steps 1 to 9: white space, digits (or nothing but dots), dots and digits, then a separator or the end.
_TIME = re.compile(r"[\t\n\f\r ]*(?:[0-9]+[0-9.]*|\.[0-9.]*)(?=[;,\t\n\f\r ]|\Z)")
_SEPARATOR = re.compile(r"\A[\t\n\f\r ]*[;,]?[\t\n\f\r ]*")
# "url" and "=" in any case, with white space between; without them the rest is the URL itself.
_URL_WORD = re.compile(r"url[\t\n\f\r ]*=[\t\n\f\r ]*", re.IGNORECASE | re.ASCII)


def refresh_target(content: str) -> str | None:
    """The URL in the content of a `meta http-equiv=refresh`, as written; None where there is none.

    A refresh without a URL reloads the page itself: no link.
    """
    time = _TIME.match(content)
    if time is None:
        return None
    rest = _SEPARATOR.sub("", content[time.end() :], count=1)
    word = _URL_WORD.match(rest)
    if word is not None:
        rest = rest[word.end() :]
    if rest[:1] in ("'", '"'):
        rest = rest[1:].partition(rest[0])[0]
    return rest or None
