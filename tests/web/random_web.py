"""Webs made from a seed: small enough to crawl in a second, odd enough to find mistakes. Pure."""

from random import Random

from hypothesis import strategies as st

from linkcrawl.records import Element, Placement
from tests.web.pages import Html, LinkTag, Page, Web, redirect

WATCHED = ("acme.test", "=www.exact.test", "paths.test/blog/")
"""The watch list for random webs."""

_TARGETS = (
    "https://acme.test/",
    "https://acme.test/p?id=2&utm_source=x",
    "http://shop.acme.test/Case/Kept/",
    "//acme.test/no-scheme#part",
    "https://www.exact.test/yes",
    "https://exact.test/no",
    "https://paths.test/blog/post",
    "https://paths.test/about",
    "https://elsewhere.test/",
    "mailto:someone@acme.test",
    "javascript:void(0)",
)
_RELS = ("", "", "", "nofollow", "ugc", "sponsored noopener", "UGC,NoFollow", "noopener noreferrer")
_TEXTS = ("", "Acme", "two  words\n here", "日本語のアンカー", "<b>not bold</b> & co", "https://acme.test/")
_PLACES = tuple(Placement)
_OTHER_ELEMENTS = (Element.AREA, Element.IFRAME, Element.FORM, Element.CANONICAL, Element.ALTERNATE)
_DIRECTIVES = (None, None, None, "nofollow", "noindex", "none", "NoIndex, NoFollow")


def random_web(seed: int, hosts: int = 3, pages: int = 5, links: int = 6) -> dict[str, dict[str, Page]]:
    """A web of `hosts` hosts with `pages` pages each and about `links` links a page; same seed, same web.

    Every page is reached from its host's `/` over followed links, whatever else stands on it. The hosts are
    sites of their own: `h0.example`, `h1.example` ...
    """
    chance = Random(seed)
    names = [f"h{number}.example" for number in range(hosts)]
    web: dict[str, dict[str, Page]] = {}
    for name in names:
        paths = ["/"] + [f"/p{number}{chance.choice(('', '.html', '/'))}" for number in range(1, pages)]
        # Pages with directives are leaves: whether nofollow is obeyed must not decide what is reached.
        inner = paths[: max(1, pages // 2)]
        web[name] = {
            path: _page(chance, names, [p for p in paths[1:] if p != path] if path in inner else [], links)
            for path in paths
        }
        web[name]["/moved"] = redirect(chance.choice(("/", f"http://{name}/", "https://acme.test/new-home")))
    return web


def _page(chance: Random, hosts: list[str], within: list[str], links: int) -> Html:
    tags = [LinkTag(path, text=f"to {path}", placement=Placement.NAV) for path in within]
    if within:
        tags.append(LinkTag("/moved", text="moved"))
    tags += [_tag(chance, hosts) for _ in range(chance.randint(0, 2 * links))]
    robots = None if within else chance.choice(_DIRECTIVES)
    header = (("X-Robots-Tag", "nofollow"),) if not within and chance.random() < 0.1 else ()
    return Html(tuple(tags), title=f"Page {chance.randint(0, 99)}", robots=robots, headers=header)


def _tag(chance: Random, hosts: list[str]) -> LinkTag:
    href = chance.choice((*_TARGETS, f"http://{chance.choice(hosts)}/"))
    if href.startswith(("http", "//")) and chance.random() < 0.1:
        return LinkTag(href, element=chance.choice(_OTHER_ELEMENTS))
    alt = chance.choice((None, None, None, "", "a picture"))
    return LinkTag(
        href, chance.choice(_TEXTS), chance.choice(_RELS), alt=alt, placement=chance.choice(_PLACES)
    )


def webs(max_hosts: int = 3, max_pages: int = 5) -> st.SearchStrategy[Web]:
    """Random webs for hypothesis; they shrink towards one host, one page, seed 0."""
    return st.builds(
        random_web,
        seed=st.integers(0, 2**32),
        hosts=st.integers(1, max_hosts),
        pages=st.integers(1, max_pages),
        links=st.integers(0, 8),
    )
