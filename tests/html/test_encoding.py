"""Which encoding a page is in."""

import pytest

from linkcrawl.html.decode import charset_of_header
from linkcrawl.html.encoding import CharsetSource, encoding_of_page
from linkcrawl.html.labels import CODEC_OF, ENCODING_OF, codec_of, encoding_of
from linkcrawl.html.prescan import charset_in, prescan

PADDING = b"<!-- " + b"x" * 2000 + b" -->"


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("UTF8", "utf-8"),
        (" utf-8\t", "utf-8"),
        ("ISO-8859-1", "windows-1252"),
        ("ascii", "windows-1252"),
        ("latin5", "windows-1254"),
        ("iso-8859-9", "windows-1254"),
        ("tis-620", "windows-874"),
        ("gb2312", "gbk"),
        ("x-sjis", "shift_jis"),
        ("ks_c_5601-1987", "euc-kr"),
        ("hz-gb-2312", "replacement"),
        ("utf-16", "utf-16le"),
        ("iso-8859-8-i", "iso-8859-8-i"),
        ("utf-7", None),
        ("", None),
    ],
)
def test_labels_name_the_encodings_of_the_standard(label: str, encoding: str | None) -> None:
    assert encoding_of(label) == encoding


def test_the_table_of_labels_is_whole() -> None:
    assert len(ENCODING_OF) == 228
    assert len(set(ENCODING_OF.values())) == 40
    assert set(CODEC_OF) <= set(ENCODING_OF.values()) | {"windows-1252"}


@pytest.mark.parametrize("encoding", sorted(set(ENCODING_OF.values())))
def test_every_encoding_has_a_codec_to_write_queries_with(encoding: str) -> None:
    assert "a".encode(codec_of(encoding)) == b"a"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16le", "utf-16be", "replacement"])
def test_queries_are_written_in_utf_8_where_the_encoding_can_not_be_written(encoding: str) -> None:
    assert codec_of(encoding) == "utf-8"


@pytest.mark.parametrize(
    ("header", "label"),
    [
        ("text/html; charset=utf-8", "utf-8"),
        ('text/html;CHARSET="Shift_JIS"', "Shift_JIS"),
        ("text/html; charset=a; charset=b", "a"),
        ("text/html; boundary=x; charset = koi8-r ;q", "koi8-r"),
        ("text/html", None),
    ],
)
def test_the_charset_of_a_content_type_header(header: str, label: str | None) -> None:
    assert charset_of_header(header) == label


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b'<meta charset="koi8-r">', "koi8-r"),
        (b"<META CHARSET = koi8-r>", "koi8-r"),
        (b"<meta charset='koi8-r'/>", "koi8-r"),
        (b"<meta/charset=koi8-r>", "koi8-r"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">', "koi8-r"),
        (b"<meta content=\"text/html; charset = 'koi8-r'\" http-equiv=content-type>", "koi8-r"),
        (b'<meta content="text/html; charset=koi8-r">', None),
        (b'<meta name=x content="charset=koi8-r">', None),
        (b"<meta charset=utf-16>", "utf-8"),
        (b"<meta charset=x-user-defined>", "windows-1252"),
        (b"<meta charset=bogus><meta charset=koi8-r>", "koi8-r"),
        (b"<!-- <meta charset=koi8-r> -->", None),
        (b"<!--><meta charset=koi8-r>", "koi8-r"),
        (b'<a title="<meta charset=koi8-r>">', None),
        (b"<?php <meta charset=big5> ?><meta charset=koi8-r>", "koi8-r"),
        (b"</x <meta charset=koi8-r><meta charset=gbk>", "gbk"),
        (b"<metax charset=koi8-r>", None),
        (b"<meta charset=koi8-r charset=gbk>", "koi8-r"),
        (b'<?xml version="1.0" encoding="koi8-r"?><html>', "koi8-r"),
        (b'<?xml version="1.0" encoding="koi8-r"?><meta charset=gbk>', "gbk"),
        (b"<\0?\0x\0m\0l\0", "utf-16le"),
        (b"", None),
    ],
)
def test_the_prescan(head: bytes, encoding: str | None) -> None:
    assert prescan(head) == encoding


def test_the_charset_within_a_content_type_of_a_meta_element() -> None:
    assert charset_in(b"text/html; xcharset=gbk; charset=koi8-r") == "gbk"
    assert charset_in(b"text/html") is None


@pytest.mark.parametrize(
    ("body", "content_type", "name", "source"),
    [
        (b"\xef\xbb\xbf<meta charset=gbk>", "text/html; charset=koi8-r", "utf-8", CharsetSource.BOM),
        (b"\xff\xfeh\0", None, "utf-16le", CharsetSource.BOM),
        (b"\xfe\xff\0h", None, "utf-16be", CharsetSource.BOM),
        (b"<meta charset=gbk>", "text/html; charset=koi8-r", "koi8-r", CharsetSource.HTTP),
        (b"<meta charset=gbk>", "text/html; charset=bogus", "gbk", CharsetSource.META),
        (PADDING + b"<meta charset=gbk>", None, "gbk", CharsetSource.META),
        ("<p>über".encode(), None, "utf-8", CharsetSource.DETECTED),
        ("<p>über".encode()[:-1] + "r ü".encode()[:-1], None, "utf-8", CharsetSource.DETECTED),
        (b"<p>plain", None, "windows-1252", CharsetSource.DEFAULT),
        (b"", None, "windows-1252", CharsetSource.DEFAULT),
    ],
)
def test_what_decides(body: bytes, content_type: str | None, name: str, source: CharsetSource) -> None:
    found = encoding_of_page(body, [content_type] if content_type else [])
    assert (found.name, found.source) == (name, source)
