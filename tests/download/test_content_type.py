import pytest

from linkcrawl.download.content_type import essence, is_html, looks_like_html


@pytest.mark.parametrize(
    ("header", "verdict"),
    [
        ("text/html", True),
        ("TEXT/HTML;charset=utf-8", True),
        (" text/html ; charset=x", True),
        ("text/html,text/html", True),
        ("application/xhtml+xml", True),
        ("text/plain", False),
        ("application/xml", False),
        ("application/pdf", False),
        ("text/htmlx", False),
        ("html", False),
        (None, None),
        ("", None),
        ("*/*", None),
        ("unknown/unknown", None),
        ("; charset=utf-8", None),
    ],
)
def test_the_header(header: str | None, verdict: bool | None) -> None:
    assert is_html(header) is verdict


def test_essence() -> None:
    assert essence("Text/HTML ; charset=x") == "text/html"
    assert essence(None) == ""


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html>",
        b"\n\t <!doctype HTML PUBLIC",
        b"<html>",
        b"<HEAD >",
        b"<!-- x",
        b"<p>",
        b"<a\nhref=x>",
        b"\xef\xbb\xbf<html>",
        b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC>',
        b"<title>x",
    ],
)
def test_html(body: bytes) -> None:
    assert looks_like_html(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"%PDF-1.4",
        b"text <html>",
        b"<htmlx>",
        b"<paragraph>",
        b"<?xml version='1.0'?><rss>",
        b"{}",
        b"<a",
        b" " * 5000 + b"<p>",
    ],
)
def test_not_html(body: bytes) -> None:
    assert not looks_like_html(body)
