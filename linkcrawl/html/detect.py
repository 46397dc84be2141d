"""A guess at the encoding of a page that names none, from what its texts would look like in each.

Only the encodings that pages of the past were really written in are tried, by two tests: texts in East Asian
encodings are valid in them and full of that script's common signs; texts in single-byte encodings consist of the
letters of some language, and the languages that do not use Latin letters write whole words beyond ASCII.
"""

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from .decode import decode

# A page cut at the size limit may end inside a character.
_CUT = 4
_ISO_2022_JP = re.compile(rb"\x1b\$[B@]")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_RUN = re.compile(rb"[\x80-\xff]{3,}")
# Fewer bytes beyond ASCII tell nothing of East Asian texts.
_FEW = 8
# Broken characters tolerated: one in this many.
_BROKEN = 100
_FIRST_LOOK = 512

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc]")
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HAN = re.compile("[\u4e00-\u9fff]")
_WIDE = re.compile("[^\x00-\x7f]")
# Among the most common signs of any Chinese text, simplified and traditional.
_COMMON_HAN = re.compile(
    "[的一是不了在人有我他这個个們们中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子]"
)


class _Script(NamedTuple):
    """A script beyond Latin: its most frequent letters, which are half of any text, and where it is encoded."""

    frequent: str
    encodings: tuple[str, ...]


_SCRIPTS = (
    _Script("оеаинтсрвлкмдпу", ("windows-1251", "koi8-u", "iso-8859-5", "ibm866")),
    _Script("αοιετσνηυρπκμλς", ("windows-1253", "iso-8859-7")),
    _Script("יוהלארמתבשנםכדע", ("windows-1255",)),
    _Script("اليمنتروبةدعسهف", ("windows-1256",)),
    _Script("านรอกเงมยลวดทสต่้ี", ("windows-874",)),
)

# Per encoding, the letters beyond ASCII of each language that is written in it; of two that fit alike the first.
_LANGUAGES = (
    ("windows-1252", "éèàçêùôîâëïûœÿ äöüß áéíóúñü¿¡ áéíóúüãõâêôàç àèéìòù åäö æøå ëïéöü áðéíóúýþæö"),
    ("windows-1250", "ąćęłńóśźż áčďéěíňóřšťúůýž áéíóöőúüű áäčďéíĺľňóôŕšťúýž ăâîşţ čćđšž čšž"),
    ("iso-8859-2", "ąćęłńóśźż áčďéěíňóřšťúůýž áéíóöőúüű áäčďéíĺľňóôŕšťúýž ăâîşţ čćđšž čšž"),
    ("windows-1254", "çğıöşüâî"),
    ("windows-1257", "āčēģīķļņšūž ąčęėįšųūž õäöüšž"),
)
_NEUTRAL = frozenset("\u00a0\u00ad«»„“”‚‘’‹›–—…•·©®™°§€£ªº")
_BEST_LATIN = 0.9
_BEST_SCRIPT = 0.45
_CLEARLY = 0.005


def detect(body: bytes, most: int) -> str | None:
    """The encoding that the bytes look like, or None where nothing tells (plain ASCII, above all).

    most: bytes looked at, from the first one beyond ASCII on. Valid UTF-8 with a character beyond ASCII is taken for
    UTF-8: texts in other encodings hardly ever are.
    """
    if body.isascii():
        return "iso-2022-jp" if _ISO_2022_JP.search(body) else None
    if _is_utf_8(body):
        return "utf-8"
    first = _BEYOND_ASCII.search(body)
    assert first is not None
    part = body[first.start() : first.start() + most]
    beyond = b"".join(_BEYOND_ASCII.findall(part))
    return (_east_asian(part) if len(beyond) >= _FEW else None) or _single_byte(part, beyond)


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start >= len(body) - _CUT
    return True


def _east_asian(part: bytes) -> str | None:
    """Japanese is told by its syllables, Korean by being nothing else, Chinese by its commonest signs."""
    texts = {}
    for encoding in ("shift_jis", "euc-jp", "euc-kr", "gbk", "big5"):
        # What is written in another encoding breaks within the first few characters.
        if _valid(part[:_FIRST_LOOK], encoding) and (found := _valid(part, encoding)):
            texts[encoding] = found
    for encoding in ("euc-jp", "shift_jis"):
        if encoding in texts:
            text, wide = texts[encoding]
            if len(_KANA.findall(text)) > 0.2 * wide and len(_HALF_WIDTH_KANA.findall(text)) < 0.1 * wide:
                return encoding
    if "euc-kr" in texts:
        text, wide = texts["euc-kr"]
        if len(_HANGUL.findall(text)) > 0.8 * wide and _both_high(part) > 0.9:
            return "euc-kr"
    return _chinese(texts)


def _valid(part: bytes, encoding: str) -> tuple[str, int] | None:
    """The text in that encoding and how many of its characters are beyond ASCII; None if too many are broken."""
    text = decode(part, encoding)
    wide = len(_WIDE.findall(text))
    return (text, wide) if wide and (text.count("\ufffd") - 1) * _BROKEN <= wide else None


def _both_high(part: bytes) -> float:
    """The share of bytes beyond ASCII that stand in runs of an even length, as characters of two such bytes do."""
    runs = re.findall(rb"[\xa1-\xfe]+", part)
    even = sum(len(run) for run in runs if len(run) % 2 == 0)
    return even / max(1, sum(map(len, _BEYOND_ASCII.findall(part))))


def _chinese(texts: dict[str, tuple[str, int]]) -> str | None:
    shares = {}
    for encoding in ("gbk", "big5"):
        if encoding in texts:
            text, wide = texts[encoding]
            if len(_HAN.findall(text)) > 0.5 * wide:
                shares[encoding] = len(_COMMON_HAN.findall(text)) / wide
    best = max(shares, key=lambda encoding: shares[encoding], default=None)
    return best if best is not None and shares[best] > 0.04 else None


def _single_byte(part: bytes, beyond: bytes) -> str | None:
    counts = Counter(beyond)
    in_words = sum(map(len, _RUN.findall(part)))
    return _other_script(counts) if in_words * 2 > len(beyond) else _latin(counts)


@lru_cache(maxsize=32)
def _alphabet(encoding: str) -> list[str | None]:
    """Byte -> its character in small letters; None for signs that texts in all languages hold."""
    text = decode(bytes(range(256)), encoding)
    return [None if character in _NEUTRAL else character.lower() for character in text]


@lru_cache(maxsize=32)
def _small(encoding: str) -> frozenset[int]:
    """The bytes that are small letters, or letters of a script that knows no others."""
    text = decode(bytes(range(256)), encoding)
    return frozenset(byte for byte, letter in enumerate(text) if letter == letter.lower())


def _letters(counts: Counter[int], encoding: str) -> Counter[str]:
    """How often each letter beyond ASCII occurs in that encoding, and each character that is no text at all."""
    alphabet = _alphabet(encoding)
    letters: Counter[str] = Counter()
    for byte, count in counts.items():
        letter = alphabet[byte]
        if letter is not None:
            letters[letter] += count
    return letters


def _other_script(counts: Counter[int]) -> str | None:
    shares: dict[str, float] = {}
    for script in _SCRIPTS:
        for encoding in script.encodings:
            letters = _letters(counts, encoding)
            share = sum(letters[letter] for letter in script.frequent) / max(1, letters.total())
            # Capitals are rare: in a wrong Cyrillic encoding small letters come out as capitals.
            small = sum(count for byte, count in counts.items() if byte in _small(encoding)) / counts.total()
            shares[encoding] = share * (0.5 + 0.5 * small)
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] >= _BEST_SCRIPT else None


def _latin(counts: Counter[int]) -> str | None:
    best, best_share = None, _BEST_LATIN
    for encoding, languages in _LANGUAGES:
        letters = _letters(counts, encoding)
        total = letters.total()
        for language in languages.split():
            share = sum(letters[letter] for letter in language) / max(1, total)
            if total and share > best_share + _CLEARLY:
                best, best_share = encoding, share
    return best
