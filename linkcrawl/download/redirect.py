"""Where an answer sends its reader. Pure."""

from linkcrawl.records import Fetch


def location(fetch: Fetch) -> str | None:
    """The Location header as text, not resolved; None if there is none.

    Its bytes are UTF-8 where they can be, as browsers take them, else latin-1.
    """
    for name, value in fetch.headers:
        if name.lower() == b"location" and (value := value.strip()):
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError:
                return value.decode("latin-1")
    return None
