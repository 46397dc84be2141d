"""The encoders of the Encoding Standard (https://encoding.spec.whatwg.org/), which Python's codecs are not
quite.

Python encodes more or other characters than browsers do; it decodes almost alike. So the tables are made by
decoding: every byte or pair of bytes, and the standard's rule for the characters that have several.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache

_ASCII = {code: bytes((code,)) for code in range(0x80)}
_YEN, _OVERLINE, _MINUS, _FULLWIDTH_MINUS = 0xA5, 0x203E, 0x2212, 0xFF0D
_HALFWIDTH_KATAKANA = range(0xFF61, 0xFFA0)
# Python's tables differ from the standard's here.
_CHANGED = {
    "koi8-u": {0x045E: 0xAE, 0x040E: 0xBE},
    "cp1255": {0x05BA: 0xCA},
}


def single_byte(codec: str) -> dict[int, bytes]:
    """Code point -> its byte. codec: Python's name."""
    table = {}
    for byte in range(256):
        try:
            table[ord(bytes((byte,)).decode(codec))] = bytes((byte,))
        except UnicodeDecodeError:
            if 0x80 <= byte <= 0x9F:
                # What Windows leaves open among the C1 controls is such a control on the web.
                table[byte] = bytes((byte,))
    changed = {code: bytes((byte,)) for code, byte in _CHANGED.get(codec, {}).items()}
    replaced = set(changed.values())
    return {code: unit for code, unit in table.items() if unit not in replaced} | changed


def double_byte(codec: str) -> dict[int, bytes]:
    """Code point -> its bytes, of an encoding for East Asia. codec: Python's name."""
    if codec == "euc_jp":
        return _euc_jp()
    if codec == "cp932":
        return _shift_jis()
    if codec == "big5hkscs":
        return _big5()
    table = dict(_ASCII)
    for code, units in _pairs("gb18030" if codec == "gbk" else codec):
        table.setdefault(code, units)
    if codec == "gbk":
        table[ord("€")] = b"\x80"
    return table


def _pairs(codec: str, leads: range = range(0x81, 0xFF)) -> Iterator[tuple[int, bytes]]:
    """Every pair of bytes that stands for one character, in order, with the character's code point."""
    for lead in leads:
        for trail in range(0x40, 0xFF):
            units = bytes((lead, trail))
            try:
                text = units.decode(codec)
            except UnicodeDecodeError:
                continue
            if len(text) == 1:
                yield ord(text), units


def _big5() -> dict[int, bytes]:
    """Pairs from A1 on (those below only decode); of several the first, but the last for six characters.

    Where Windows and Hong Kong differ in punctuation (A1 to A3), the standard's index goes with Windows.
    """
    table = dict(_ASCII)
    index = {units: code for code, units in _pairs("big5hkscs", range(0xA1, 0xFF))}
    index |= {units: code for code, units in _pairs("cp950", range(0xA1, 0xA4))}
    for units, code in sorted(index.items()):
        if code in (0x2550, 0x255E, 0x2561, 0x256A, 0x5341, 0x5345):
            table[code] = units
        else:
            table.setdefault(code, units)
    return table


@cache
def _jis_0208() -> dict[int, tuple[int, int]]:
    """Code point -> (row, cell) from 0, by the standard's index, which is Windows' (NEC's and IBM's rows
    too)."""
    index: dict[int, tuple[int, int]] = {}
    for code, (lead, trail) in _pairs("cp932"):
        if lead < 0xF0:
            cell = trail - (0x40 if trail < 0x7F else 0x41)
            row, cell = divmod((lead - (0x81 if lead < 0xA0 else 0xC1)) * 188 + cell, 94)
            index.setdefault(code, (row, cell))
    return index


def _shift_jis() -> dict[int, bytes]:
    table = dict(_ASCII) | {0x80: b"\x80", _YEN: b"\x5c", _OVERLINE: b"\x7e"}
    table |= {code: bytes((code - 0xFF61 + 0xA1,)) for code in _HALFWIDTH_KATAKANA}
    for code, units in _pairs("cp932"):
        # IBM's characters stand twice: NEC's copy (ED, EE) and the user-defined rows (F0 to F9) only decode.
        if units[0] not in (0xED, 0xEE) and not 0xF0 <= units[0] <= 0xF9:
            table.setdefault(code, units)
    table[_MINUS] = table[_FULLWIDTH_MINUS]
    return table


def _euc_jp() -> dict[int, bytes]:
    table = dict(_ASCII) | {_YEN: b"\x5c", _OVERLINE: b"\x7e"}
    table |= {code: bytes((0x8E, code - 0xFF61 + 0xA1)) for code in _HALFWIDTH_KATAKANA}
    for code, (row, cell) in _jis_0208().items():
        table.setdefault(code, bytes((row + 0xA1, cell + 0xA1)))
    table[_MINUS] = table[_FULLWIDTH_MINUS]
    return table


_TO_ASCII, _TO_ROMAN, _TO_JIS = b"\x1b(B", b"\x1b(J", b"\x1b$B"


def iso_2022_jp(text: str) -> Iterator[bytes | int]:
    """The text in ISO-2022-JP, piece by piece; an int is the code point of a character that it lacks."""
    state = _TO_ASCII
    for character in text:
        code = _in_iso_2022_jp(ord(character))
        cell = _jis_0208().get(code)
        if code in (0x0E, 0x0F, 0x1B) or (code >= 0x80 and cell is None and code not in (_YEN, _OVERLINE)):
            if state == _TO_JIS:
                state = _TO_ASCII
                yield state
            yield 0xFFFD if code < 0x80 else ord(character)
            continue
        wanted = (
            _TO_ROMAN if code in (_YEN, _OVERLINE) else _TO_ASCII if cell is None or code < 0x80 else _TO_JIS
        )
        if wanted == _TO_ASCII and state == _TO_ROMAN and code not in (0x5C, 0x7E):
            wanted = _TO_ROMAN
        if wanted != state:
            state = wanted
            yield state
        if state == _TO_JIS:
            assert cell is not None
            yield bytes((cell[0] + 0x21, cell[1] + 0x21))
        else:
            yield {_YEN: b"\x5c", _OVERLINE: b"\x7e"}.get(code) or bytes((code,))
    if state != _TO_ASCII:
        yield _TO_ASCII


def _in_iso_2022_jp(code: int) -> int:
    """Half-width katakana are sent full-width, and the minus sign as the full-width one."""
    if code == _MINUS:
        return _FULLWIDTH_MINUS
    if code not in _HALFWIDTH_KATAKANA:
        return code
    spacing = {0xFF9E: 0x309B, 0xFF9F: 0x309C}
    return spacing.get(code) or ord(unicodedata.normalize("NFKC", chr(code)))
