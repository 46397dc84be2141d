"""How a link is kept out of sight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.html.hidden import SEEN, style_of

from .pages import details

DISPLAY, VISIBILITY, OPACITY = "display_none", "visibility_hidden", "opacity_zero"
SIZE, AWAY = "zero_size", "off_screen"

STYLES = [
    ("color: red", None),
    ("display:none", DISPLAY),
    (" DISPLAY : None !important", DISPLAY),
    ("display: none; display: block", None),
    ("display: none !important; display: block", DISPLAY),
    ("/* display: none */", None),
    ("visibility:hidden", VISIBILITY),
    ("visibility: collapse", VISIBILITY),
    ("opacity:0", OPACITY),
    ("opacity: 0.0", OPACITY),
    ("opacity: 0%", OPACITY),
    ("opacity: 0.5", None),
    ("font-size:0", SIZE),
    ("font-size: 0px", SIZE),
    ("font-size: 10px", None),
    ("width:0;height:0", SIZE),
    ("height: 0px; overflow: hidden", SIZE),
    ("height: 0; padding-bottom: 56.25%", None),
    ("height: 0; overflow: visible", None),
    ("width: 1px; height: 1px; overflow: hidden", SIZE),
    ("width: 1px; height: 1px", None),
    ("max-height: 0", SIZE),
    ("width: 100%", None),
    ("width: 0%", SIZE),
    ("position:absolute; clip: rect(0 0 0 0)", SIZE),
    ("clip: rect(1px, 1px, 1px, 1px)", SIZE),
    ("clip: rect(0, 100px, 50px, 0)", None),
    ("clip-path: inset(50%)", SIZE),
    ("clip-path: inset(10%)", None),
    ("transform: scale(0)", SIZE),
    ("transform: scale(0.5)", None),
    ("text-indent:-9999px", AWAY),
    ("text-indent: -999px", AWAY),
    ("text-indent: -99px", None),
    ("text-indent: -100em", AWAY),
    ("position:absolute; left:-10000px", AWAY),
    ("position: fixed; top: -999px", AWAY),
    ("left: -100%", None),
    ("margin-left: -9999px", AWAY),
    ("margin: 0 0 0 -9999px", AWAY),
    ("transform: translateX(-9999px)", AWAY),
    ("left: 9999px", None),
    ("display", None),
    (";;:;", None),
]


@pytest.mark.parametrize(("style", "hidden"), STYLES)
def test_inline_styles(style: str, hidden: str | None) -> None:
    assert details(f"<a href=x style='{style}'>L</a>").hidden == hidden
    assert details(f"<div style='{style}'><p><a href=x>L</a></div>").hidden == hidden


@pytest.mark.parametrize(
    ("html", "hidden"),
    [
        ("<a href=x>", None),
        ("<a href=x hidden>", "attribute"),
        ("<div hidden><a href=x>", "attribute"),
        ("<div hidden=until-found><a href=x>", "attribute"),
        ("<div hidden style='display:block'><a href=x>", None),
        ("<div style='visibility:hidden'><a href=x style='visibility:visible'>", None),
        ("<div style='display:none'><a href=x style='display:block'>", DISPLAY),
        ("<div style='opacity:0'><a href=x style='opacity:1'>", OPACITY),
        ("<div style='font-size:0'><a href=x style='font-size:12px'>", None),
        ("<div style='text-indent:-9999px'><a href=x style='text-indent:0'>", None),
        ("<div style='left:-9999px'><a href=x style='left:0'>", AWAY),
        ("<div style='display:none'></div><a href=x>", None),
        ("<body style='display:none'><a href=x>", DISPLAY),
        ("<iframe src=x width=0 height=0></iframe>", SIZE),
        ("<iframe src=x width=1 height=0></iframe>", None),
        ("<iframe src=x style='display:none;visibility:hidden'></iframe>", DISPLAY),
        ("<form action=x style='display:none'>", DISPLAY),
        ("<style>a{display:none}</style><a href=x>", None),
    ],
)
def test_what_is_inherited_and_what_is_overruled(html: str, hidden: str | None) -> None:
    assert details(html).hidden == hidden


@given(st.text(st.sampled_from("display:none;opacity0 px-!/*(),left1"), max_size=200))
def test_no_style_is_an_error(style: str) -> None:
    SEEN.within({"style": style}).hidden()
    style_of(style * 20)
