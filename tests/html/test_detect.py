"""Guesses at the encoding of pages that name none."""

import pytest

from linkcrawl.html.decode import decode
from linkcrawl.html.detect import detect

TEXTS = [
    (
        "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему.",
        ["windows-1251", "koi8-u", "iso-8859-5", "ibm866"],
    ),
    ("Όλες οι ευτυχισμένες οικογένειες μοιάζουν μεταξύ τους.", ["windows-1253"]),
    ("כל המשפחות המאושרות דומות זו לזו, כל משפחה אומללה אומללה בדרכה שלה.", ["windows-1255"]),
    ("كل العائلات السعيدة تتشابه، لكن لكل عائلة تعيسة طريقتها الخاصة في التعاسة.", ["windows-1256"]),
    ("ครอบครัวที่มีความสุขล้วนคล้ายคลึงกัน", ["windows-874"]),
    (
        "幸福な家庭はどれも似たものだが、不幸な家庭はいずれもそれぞれに不幸なものである。",
        ["shift_jis", "euc-jp"],
    ),
    ("幸福的家庭都是相似的，不幸的家庭各有各的不幸。他们的生活是这样的。", ["gbk"]),
    ("幸福的家庭都是相似的，不幸的家庭各有各的不幸。他們的生活是這樣的。", ["big5"]),
    ("행복한 가정은 모두 비슷하지만 불행한 가정은 저마다 다르다.", ["euc-kr"]),
    (
        "Alle glücklichen Familien ähneln einander; jede unglückliche aber ist auf ihre Weise unglücklich.",
        ["windows-1252"],
    ),
    (
        "Toutes les familles heureuses se ressemblent, mais où est-ce écrit? À côté, ça gêne.",
        ["windows-1252"],
    ),
    (
        "Wszystkie szczęśliwe rodziny są do siebie podobne, każda nieszczęśliwa jest na swój sposób.",
        ["windows-1250", "iso-8859-2"],
    ),
    (
        "Mutlu ailelerin hepsi birbirine benzer, her mutsuz ailenin mutsuzluğu ise kendine göredir, şöyle çığ.",
        ["windows-1254"],
    ),
]
CODECS = {"ibm866": "cp866", "windows-874": "cp874", "shift_jis": "cp932", "big5": "big5", "euc-kr": "cp949"}


@pytest.mark.parametrize(("text", "encoding"), [(text, name) for text, names in TEXTS for name in names])
def test_a_sentence_tells_its_encoding(text: str, encoding: str) -> None:
    body = f"<html><p>{text}</p><p>{text}</p>".encode(
        CODECS.get(encoding, encoding.replace("windows-", "cp"))
    )
    guess = detect(body, 16_384)
    assert guess is not None
    assert decode(body, guess) == decode(body, encoding)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"plain", None),
        (b"", None),
        ("naïve".encode(), "utf-8"),
        ("naïve é".encode()[:-1], "utf-8"),
        (b"\x1b$B$3$s\x1b(B", "iso-2022-jp"),
        (b"\x81\x8d\x8f" * 5, None),
    ],
)
def test_what_is_told_without_a_guess(body: bytes, encoding: str | None) -> None:
    assert detect(body, 16_384) == encoding


def test_only_so_many_bytes_are_looked_at() -> None:
    german, russian = "schöne Grüße ".encode("cp1252"), "счастливые семьи ".encode("koi8-r")
    assert detect(german * 10 + russian * 1000, 100) == "windows-1252"
    assert detect(german + russian * 1000, 16_384) == "koi8-u"
