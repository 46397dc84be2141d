"""The demo's web shows every class of link, and the list of what must be found is right about it."""

import http.client
from urllib.parse import urlsplit

import html5lib
import pytest

from linkcrawl.demo import SEEDS, WATCH, Fact, facts, pages, serve_demo
from linkcrawl.demo.facts import visited
from linkcrawl.demo.web import Answer
from linkcrawl.records import FollowReason, RelClass


def get(port: int, host: str, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_every_path_answers_what_the_data_says() -> None:
    with serve_demo() as web:
        for host, site in pages().items():
            for path, answer in site.items():
                status, headers, body = get(web.port, host, path)
                assert (status, body) == (answer.status, answer.body)
                assert dict(answer.headers).items() <= headers.items()
        assert get(web.port, "wiki.oldtools.example", "/Axe")[0] == 404
        assert get(web.port, "wiki.oldtools.example:80", "/Adze", "HEAD")[::2] == (200, b"")


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1", "", "acme.example.evil.test:80"])
def test_a_host_that_is_not_its_own_gets_nothing(host: str) -> None:
    with serve_demo() as web:
        assert get(web.port, host, "/")[0] == 421


def test_two_webs_run_side_by_side() -> None:
    with serve_demo() as one, serve_demo() as two:
        assert one.port != two.port
        assert one.seeds == two.seeds == SEEDS
        assert one.connect_to == f"::127.0.0.1:{one.port}"
        assert one.watch == WATCH


def test_every_page_is_reached_and_a_few_are_not_there() -> None:
    there = {
        f"http://{host}{path}" for host, site in pages().items() for path in site if path != "/robots.txt"
    }
    assert there - visited() == {"http://forum.makers.example/private/inbox"}
    assert visited() - there == {"http://wiki.oldtools.example/Axe", "http://acme.example/old-press-kit"}


def test_all_names_are_reserved_ones() -> None:
    """RFC 2606: nobody can own what is below `.example`."""
    assert {urlsplit(fact.target_url).netloc.rpartition(".")[2] for fact in facts()} == {"example"}
    assert {host.rpartition(".")[2] for host in pages()} == {"example"}


def test_every_class_of_link_is_there() -> None:
    rows = facts()
    assert {row.rel_class for row in rows} == set(RelClass)
    assert {reason for row in rows for reason in row.follow_reasons} == set(FollowReason)
    assert {row.placement for row in rows} >= {"article", "comment", "aside", "footer", "body"}
    assert {row.element for row in rows} == {"a", "redirect"}
    assert any(row.hidden for row in rows)
    assert any(row.image_alt for row in rows)
    assert not any("/private/" in row.source_url for row in rows)


def test_the_facts_are_what_an_independent_parser_reads() -> None:
    def reads(url: str, answer: Answer) -> list[tuple[str, str, str]]:
        charset = dict(answer.headers)["Content-Type"].rpartition("charset=")[2]
        tree = html5lib.parse(answer.body.decode(charset), namespaceHTMLElements=False)
        return [
            (url, href.partition("?utm_")[0], "".join(tag.itertext()))
            for tag in tree.iter()
            if tag.tag == "a"
            and "acme.example" in (href := tag.get("href", ""))
            and "acme.example/" not in url
        ]

    def wanted(fact: Fact) -> bool:
        return "acme.example" in fact.target_url and fact.element == "a"

    web = pages()
    read = []
    for url in visited():
        parts = urlsplit(url)
        answer = web[parts.netloc].get(parts.path + (f"?{parts.query}" if parts.query else ""))
        if answer is not None and answer.status == 200:
            read += reads(url, answer)
    assert sorted(read) == sorted((f.source_url, f.target_url, f.anchor_text) for f in facts() if wanted(f))
