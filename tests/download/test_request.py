import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.download.failures import BadUrl
from linkcrawl.download.request import parse_request


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "target"),
    [
        ("http://a.test", "a.test", 80, "a.test", "/"),
        ("https://A.test/", "a.test", 443, "a.test", "/"),
        ("http://a.test:443/", "a.test", 443, "a.test:443", "/"),
        ("https://a.test:443/", "a.test", 443, "a.test", "/"),
        ("http://a.test?q", "a.test", 80, "a.test", "/?q"),
        ("http://a.test/x?", "a.test", 80, "a.test", "/x?"),
        ("http://a.test/x#!y", "a.test", 80, "a.test", "/x"),
        ("http://a.test//x/../%7e/%2F?a=b&&'\"|{}#f", "a.test", 80, "a.test", "//x/../%7e/%2F?a=b&&'\"|{}"),
        ("http://u:p@a.test/@", "a.test", 80, "a.test", "/@"),
        ("http://[::1]:8080/", "::1", 8080, "[::1]:8080", "/"),
        ("http://1.2.3.4/", "1.2.3.4", 80, "1.2.3.4", "/"),
    ],
)
def test_parts(url: str, host: str, port: int, authority: str, target: str) -> None:
    request = parse_request(url)
    assert (request.host, request.port, request.authority, request.target) == (host, port, authority, target)
    assert request.url.raw_path_qs == target
    assert (request.url.raw_host, request.url.port) == (host, port)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.test",
        "/x",
        "//a.test/",
        "ftp://a.test/",
        "file:///etc/passwd",
        "data:text/html,x",
        "javascript:x",
        "HTTP:/a.test",
        "http://",
        "http:///x",
        "http://:80/",
        "http://[::1",
        "http://[zz]/",
        "http://[1.2.3.4]/",
        "http://a.test:99999/",
        "http://a.test:0/",
        "http://a.test:x/",
        "http://a b.test/",
        "http://a.test/x y",
        "http://a.test/\r\nX: y",
        "http://a.test/\t",
        "http://ä.test/",
        "http://a.test/ä",
        "http://a\\b.test/",
        "http://a.test/\x7f",
    ],
)
def test_what_can_not_be_sent(url: str) -> None:
    with pytest.raises(BadUrl):
        parse_request(url)


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#")))
def test_path_and_query_are_sent_as_they_stand(tail: str) -> None:
    assert parse_request("http://a.test/" + tail).url.raw_path_qs == "/" + tail
