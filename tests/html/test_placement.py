"""The part of the page that a link stands in."""

import pytest

from linkcrawl.html.placement import BY_NAME, BY_ROLE, by_names
from linkcrawl.records import Placement

from .pages import details

LINK = "<a href=x>L</a>"


@pytest.mark.parametrize(
    ("html", "placement"),
    [
        (LINK, "body"),
        ("<div><p>" + LINK, "body"),
        *((f"<{name}>{LINK}", name) for name in ("main", "article", "nav", "header", "footer", "aside")),
        *((f"<div role='{role}'>{LINK}", placement.value) for role, placement in BY_ROLE.items()),
        (f"<div role='unknown Navigation'>{LINK}", "nav"),
        (f"<nav role=main>{LINK}", "main"),
        (f"<footer><nav><ul><li>{LINK}", "nav"),
        (f"<nav></nav><footer><p>{LINK}", "footer"),
        (f"<article><header>{LINK}", "header"),
        (f"<main><article><p>{LINK}", "article"),
        (f"<div class='Sidebar wide'>{LINK}", "aside"),
        (f"<div id=footer><p>{LINK}", "footer"),
        (f"<div id=content><div id=nav>{LINK}", "nav"),
        (f"<div class=sidebar><div class=widget-title><p>{LINK}", "aside"),
        (f"<main><div class=sidebar>{LINK}", "main"),
        (f"<body class='nav footer'>{LINK}", "body"),
        (f"<div class='navigate foot-note'>{LINK}", "body"),
        (f"<ol class=comment-list><li>{LINK}", "comment"),
        (f"<article><div id=comments><p>{LINK}", "comment"),
        (f"<div id=comments><article><footer class=comment-meta>{LINK}", "comment"),
        (f"<div id=comments><nav>{LINK}", "nav"),
        (f"<aside class=comments>{LINK}", "comment"),
        (f"<span class=comments-link>{LINK}", "body"),
    ],
)
def test_placements(html: str, placement: str) -> None:
    assert details(html).placement.value == placement


def test_an_element_s_own_name_is_not_its_place() -> None:
    assert details("<a href=x class=footer id=nav role=main>L</a>").placement is Placement.BODY


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_name_of_the_list_names_its_part(name: str) -> None:
    assert by_names(f"other {name.upper()}", "") == by_names("", name) == BY_NAME[name]


def test_every_part_but_the_body_has_names() -> None:
    assert set(BY_NAME.values()) == set(Placement) - {Placement.BODY}
