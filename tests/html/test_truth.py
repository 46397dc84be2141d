"""Every `a` and `area` of nearly 2,800 real pages, against what parse5 and whatwg-url found on them."""

import copy
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from linkcrawl.html import Document, FoundLink, read
from linkcrawl.records import Element
from linkcrawl.urls import MAX_URL_LENGTH, IdentityRules, Resolver

from .truth import PAGES, SITES, Case, TrueLink, cases

# Pages, links and texts that must have been compared, at least.
LEAST = {
    "sites/flink.apache.org": (633, 40_000, 40_000),
    "sites/sakura-editor.github.io": (768, 4_000, 4_000),
    "sites/www.boost.org": (218, 3_100, 3_100),
    "sites/www.w3.org": (689, 8_800, 8_700),
    PAGES: (491, 73_000, 60_000),
}
# Spread over test processes: each part takes every so manyth page.
PARTS = [(archive, 0, 1) for archive in SITES] + [(PAGES, part, 4) for part in range(4)]


def differences(case: Case, resolver: Resolver, counts: Counter[str]) -> list[str]:
    """How our reading of a page differs from the truth; `counts` says how much was compared."""
    truth = case.truth
    document = read(case.body, truth["page"])
    ours = [link for link in document.links if link.element in (Element.A, Element.AREA)]
    counts["pages"] += 1
    if len(ours) != len(truth["links"]):
        return [f"{truth['file']}: {len(ours)} links, not {len(truth['links'])}"]
    found = [] if document.base_url == truth["base"] else [f"{truth['file']}: base {document.base_url}"]
    # Nothing declares the encoding of some pages, and the truth does not guess.
    same_encoding = document.charset == truth["encoding"].lower()
    for link, true in zip(ours, truth["links"], strict=True):
        counts["links"] += 1
        wrong = wrong_tokens(link, true)
        if same_encoding or true["href"].isascii():
            counts["urls"] += 1
            wrong += wrong_url(document, link, true, resolver)
        if same_encoding:
            counts["texts"] += 1
            wrong += wrong_text(document, link, true)
        found += [f"{truth['file']} {true['href']}: {what}" for what in wrong]
    return found


def wrong_tokens(link: FoundLink, true: TrueLink) -> list[str]:
    tokens = [token for part in true["rel"] for token in part.lower().split(",") if token]
    same = link.element.value == true["tag"] and list(link.rel) == list(dict.fromkeys(tokens))
    return [] if same else [f"{link.element} {link.rel}"]


def wrong_url(document: Document, link: FoundLink, true: TrueLink, resolver: Resolver) -> list[str]:
    """The truth has URLs of all schemes, with queries in UTF-8; ours are http ones of a bounded length."""
    target = resolver.resolve(document.base_url, link.href)
    url = true["url"]
    if url is not None and (not url.startswith(("http://", "https://")) or len(url) > MAX_URL_LENGTH):
        url = None
    resolved = None if target is None else target.resolved
    return [] if link.href == true["href"] and resolved == url else [f"{link.href!r} -> {resolved}"]


def wrong_text(document: Document, link: FoundLink, true: TrueLink) -> list[str]:
    details = document.describe(link)
    same = details.anchor == true["text"] and (details.image_alt or "") == true["alt"]
    return [] if same else [f"{details.anchor!r} {details.image_alt!r}"]


@pytest.mark.slow
@pytest.mark.parametrize(("archive", "part", "parts"), PARTS)
def test_real_pages_are_read_as_parse5_reads_them(
    shared: Path, archive: str, part: int, parts: int, record_property: Callable[[str, object], None]
) -> None:
    counts: Counter[str] = Counter()
    resolver = Resolver(IdentityRules())
    chosen = islice(cases(shared, archive), part, None, parts)
    wrong = [line for case in chosen for line in differences(case, resolver, counts)]
    for name, count in counts.items():
        record_property(name, count)
    print(archive, dict(counts))
    assert wrong == []
    # Pages differ in size: a part holds at least half of its share.
    share = parts if parts == 1 else 2 * parts
    for name, least in zip(("pages", "links", "texts"), LEAST[archive], strict=True):
        assert counts[name] >= least // share


@pytest.mark.parametrize(
    ("field", "value"),
    [("href", "/no"), ("url", "http://no.example/"), ("rel", ["no"]), ("text", "no"), ("alt", "no")],
)
def test_the_comparison_finds_what_is_wrong(shared: Path, field: str, value: object) -> None:
    case = next(case for case in cases(shared, SITES[0]) if len(case.truth["links"]) > 5)
    resolver = Resolver(IdentityRules())
    assert differences(case, resolver, Counter()) == []
    wrong = copy.deepcopy(case.truth)
    wrong["links"][3][field] = value  # type: ignore[literal-required]
    assert len(differences(Case(case.body, wrong), resolver, Counter())) == 1
    del wrong["links"][3]
    assert len(differences(Case(case.body, wrong), resolver, Counter())) == 1
