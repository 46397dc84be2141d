"""Bytes to text, where the Encoding Standard and Python's codecs part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkcrawl.html.decode import decode
from linkcrawl.html.labels import ENCODING_OF


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("windows-1252", b"\x80\x81\x8d\x8f\x90\x9d", "\u20ac\x81\x8d\x8f\x90\x9d"),
        ("windows-1253", b"\x81\xaa\xd2\xff", "\x81\ufffd\ufffd\ufffd"),
        ("windows-1255", b"\xca\xd9", "\u05ba\ufffd"),
        ("windows-874", b"\x80\x81\xa1\xdb", "\u20ac\x81\u0e01\ufffd"),
        ("koi8-u", b"\xae\xbe\xa4", "\u045e\u040e\u0454"),
        ("iso-8859-8-i", b"\xe0", "\u05d0"),
        ("x-user-defined", b"a\x80\xff", "a\uf780\uf7ff"),
        ("macintosh", b"\xdb", "\u20ac"),
        ("gbk", b"\x80\xc4\xe3", "\u20ac\u4f60"),
        ("gbk", b"\xff<a>", "\ufffd<a>"),
        ("gb18030", b"\x81\x30\x81\x30", "\x80"),
        ("shift_jis", b"\x81\x60\x87\x40\x80", "\uff5e\u2460\x80"),
        ("shift_jis", b"\xf0\x40\xa0\xfd", "\ue000\ufffd\ufffd"),
        ("shift_jis", b"\x81 <a>", "\ufffd <a>"),
        ("euc-jp", b"\xa1\xc1\xa1\xdd\xad\xa1\xa4\xa2", "\uff5e\uff0d\u2460\u3042"),
        ("euc-jp", b"\xa4<a>", "\ufffd<a>"),
        ("iso-2022-jp", b'\x1b$B$"!A\x1b(Ba', "\u3042\uff5ea"),
        ("euc-kr", b"\xb0\xa1\x81\x41", "\uac00\uac02"),
        ("big5", b"\xa4\xa4\x81<", "\u4e2d\ufffd<"),
        ("utf-8", b"\xe2\x82<\xff\xf0\x9f\x98", "\ufffd<\ufffd\ufffd"),
        ("utf-16le", b"a\0\x3d\xd8b\0c", "a\ufffdb\ufffd"),
        ("replacement", b"<a href=x>", "\ufffd"),
        ("replacement", b"", ""),
    ],
)
def test_the_web_s_meaning_of_bytes(encoding: str, body: bytes, text: str) -> None:
    assert decode(body, encoding) == text


@given(st.binary(max_size=64), st.sampled_from(sorted(set(ENCODING_OF.values()))))
def test_no_bytes_are_an_error_and_all_text_can_be_written(body: bytes, encoding: str) -> None:
    decode(body, encoding).encode("utf-8")


@given(st.text(st.characters(max_codepoint=0x7F, exclude_characters="\x1b\x0e\x0f"), max_size=40))
def test_ascii_means_itself_in_all_encodings_but_utf_16_and_replacement(text: str) -> None:
    for encoding in set(ENCODING_OF.values()) - {"utf-16le", "utf-16be", "replacement"}:
        assert decode(text.encode(), encoding) == text
