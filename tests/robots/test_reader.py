import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.robots import MAX_BODY_BYTES, Decision, parse, product_token


def allowed(body: bytes, path: str = "/x", agent: str = "linkcrawl") -> bool:
    return parse(body, agent).decide(path).allowed


@pytest.mark.parametrize(
    "body",
    [
        b"User-agent: linkcrawl\nDisallow: /x",
        b"USER-AGENT: LinkCrawl\nDISALLOW: /x",
        b"\xef\xbb\xbfUser-agent: *\nDisallow: /x",
        b"\xefUser-agent: *\nDisallow: /x",  # the beginning of a byte order mark
        b"User-agent: *\rDisallow: /x",
        b"User-agent: *\r\nDisallow: /x\r\n",
        b"User-agent: *\r\r\nDisallow: /x",
        b"User-agent: *\n\n\nDisallow: /x",  # an empty line ends nothing
        b"User-agent *\nDisallow /x",
        b"User-agent\t*\nDisallow\t\t/x",
        b"useragent: *\ndisalow: /x",
        b"User Agent: *\ndissallow: /x",
        b"user-agent: *\ndiasllow: /x",
        b"user-agent: *\ndisallaw: /x",
        b"user-agent: *\nDisallowed: /x",
        b"user-agent: * and more\nDisallow: /x",
        b"user-agent: linkcrawl/2.0 (any)\nDisallow: /x",
        b"user-agent: *\nCrawl-delay: 5\nDisallow: /x",
        b"user-agent: linkcrawl\nsitemap: http://a.test/s\nuser-agent: other\nDisallow: /x",
        b"user-agent: linkcrawl\ncrawl-delay: 5\nuser-agent: other\nDisallow: /x",
        b"user-agent: linkcrawl\nwhatever: 5\nuser-agent: other\nDisallow: /x",
        b"user-agent: linkcrawl\nAllow: /y\nuser-agent: b\nAllow: /x\nuser-agent: linkcrawl\nDisallow: /x",
        b" \t user-agent : * \x0b\n  Disallow  :  /x  \x0c# a comment",
        b"<html>\nuser-agent: *\nDisallow: /x\n</html>",
        b"user-agent: *\nDisallow: /x\0/y",  # a line ends at NUL
        b"user-agent: *\nDisallow: /x?\nDisallow: " + b"/x" + b"#" * 20_000,
    ],
)
def test_disallows(body: bytes) -> None:
    assert not allowed(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Disallow: /x",
        b"user-agent: *\nDisallow:",
        b"user-agent: other\nDisallow: /x",
        b"user-agent: linkcrawler\nDisallow: /x",
        b"user-agent: link\nDisallow: /x",
        b"user-agent: **\nDisallow: /x",
        b"user-agent: *a\nDisallow: /x",
        b"user-agent: *\nDisallow: /x y",  # a space inside stays
        b"user-agent: *\nDisallow /x y",  # three words have no colon to guess
        b"user-agent: *\nDisallow: /x\xa0",  # no white space in ASCII
        b"user-agent: *\nDisallow: /X",
        b"user-agent: *\nDisallow: x",
        b"user-agent: *\nDisallow: http://a.test/x",
        b"user-agent: *\nDisallow: $",
        b"user-agent: *\n: /x",
        b"user-agent: *\nDisallow: /x\nuser-agent: linkcrawl\n",  # named, and given no rule
        b"user-agent: *\nDisallow: /x\nuser-agent: linkcrawl\nCrawl-delay: 1",
        b"<!doctype html><title>Not found</title><p>user-agent: *<p>Disallow: /x",
    ],
)
def test_allows(body: bytes) -> None:
    assert allowed(body)


def test_an_agent_that_is_no_token_gets_the_rules_of_all() -> None:
    body = b"user-agent: foo bar\nDisallow: /x\nuser-agent: *\nAllow: /"
    assert not allowed(body, agent="Foo")
    assert allowed(body, agent="foo bar")
    assert allowed(body, agent="foo/1.0")
    assert product_token("foo/1.0 (+http://a.test)") == "foo"
    assert product_token("1") == ""


def test_a_line_is_read_up_to_googles_limit() -> None:
    start = b"user-agent: *\nDisallow: "
    path = "/" + "x" * 20_000
    kept = 2083 * 8 - 1 - len("Disallow: ")
    rules = parse(start + path.encode(), "linkcrawl")
    assert not rules.decide(path[:kept]).allowed
    assert rules.decide(path[: kept - 1]).allowed


def test_beyond_500_kib_nothing_is_read_and_no_line_is_cut_short() -> None:
    start = b"user-agent: *\nDisallow: /early\n"
    filler = b"#" * (MAX_BODY_BYTES - len(start) - len(b"\nDisallow: /"))
    rules = parse(start + filler + b"\nDisallow: /late\nDisallow: /later", "linkcrawl")
    assert not rules.decide("/early").allowed
    assert rules.decide("/late").allowed
    assert rules.decide("/").allowed
    assert parse(b"x" * (MAX_BODY_BYTES + 1), "linkcrawl").lines == ()


def test_a_line_that_ends_with_the_500_kib_counts() -> None:
    last = b"\nDisallow: /last"
    start = b"user-agent: *\n"
    body = start + b"#" * (MAX_BODY_BYTES - len(start) - len(last)) + last
    assert len(body) == MAX_BODY_BYTES
    assert not allowed(body, "/last")
    assert not allowed(body + b"\nAllow: /last", "/last")


@pytest.mark.parametrize(
    ("lines", "delay_ms"),
    [
        (b"Crawl-delay: 10", 10_000),
        (b"crawl-delay: 0.5", 500),
        (b"crawl-delay: .25", 250),
        (b"crawl-delay: 1.23456", 1_234),
        (b"crawldelay: 2 seconds", 2_000),
        (b"crawl-delay: 1\ncrawl-delay: 3\ncrawl-delay: 2", 3_000),
        (b"crawl-delay: 0", 0),
        (b"crawl-delay: -1", None),
        (b"crawl-delay: soon", None),
        (b"crawl-delay: .", None),
        (b"crawl-delay:", None),
        (b"crawl-delay: " + b"9" * 5000, 999_999_999_000),
        (b"", None),
    ],
)
def test_crawl_delay(lines: bytes, delay_ms: int | None) -> None:
    other = b"\nuser-agent: other\nDisallow: /\ncrawl-delay: 77"
    assert (
        parse(b"user-agent: *\n" + lines + b"\nDisallow: /x" + other, "linkcrawl").crawl_delay_ms == delay_ms
    )


def test_the_crawl_delay_of_a_group_that_names_us_counts_alone() -> None:
    body = b"user-agent: *\ncrawl-delay: 9\nDisallow: /\nuser-agent: linkcrawl\ncrawl-delay: 2\nAllow: /"
    assert parse(body, "linkcrawl").crawl_delay_ms == 2_000
    assert parse(body, "other").crawl_delay_ms == 9_000


def test_sitemaps_belong_to_no_group() -> None:
    body = (
        b"Sitemap: http://a.test/1\nuser-agent: other\nSite-map: http://a.test/2\nDisallow: /\n"
        b"sitemap: http://a.test/1\nsitemap:\nsitemap: " + b"x" * 3000
    )
    assert parse(body, "linkcrawl").sitemaps == ("http://a.test/1", "http://a.test/2")


def test_sitemaps_are_bounded() -> None:
    body = b"".join(b"sitemap: http://a.test/%d\n" % n for n in range(1000))
    assert len(parse(body, "linkcrawl").sitemaps) == 100


@given(st.binary(max_size=400), st.text(max_size=20), st.text(max_size=40))
def test_any_bytes_give_rules_and_a_decision(body: bytes, agent: str, target: str) -> None:
    rules = parse(b"user-agent: *\ndisallow: /" + body, agent)
    assert isinstance(rules.decide(target), Decision)
