"""Content codings, undone piece by piece so that a bomb costs no more than the limit. Pure.

A decoder takes what came off the wire and yields pieces of at most 64 KiB; who asks for no more pieces pays
for no more. `complete` says whether the coded stream came to its own end: without that, a body is truncated.
"""

import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPT_ENCODING = "gzip, deflate, br, zstd"
_PIECE_BYTES = 64 * 1024
_MAX_LAYERS = 4
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_WINDOW_LOG = 23
"""8 MiB: the most that a browser accepts (RFC 9659)."""

DecodeError = (zlib.error, brotli.error, zstd.ZstdError, EOFError)
"""What feeding a decoder may raise: the bytes are not of its coding."""


class Decoder(Protocol):
    @property
    def complete(self) -> bool: ...
    def feed(self, data: bytes) -> Iterator[bytes]: ...


class _Gzip:
    """RFC 1952: members one after the other; what follows the last and is no member is ignored."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(31)
        self._between = b""

    @property
    def complete(self) -> bool:
        return self._member.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member.eof:
                data = self._between + data
                if len(data) < 2:
                    self._between = data
                    return
                if not data.startswith(_GZIP_MAGIC):
                    self._between = b"\0"  # garbage: whatever comes is no member either
                    return
                self._member, self._between = zlib.decompressobj(31), b""
            yield from _inflate(self._member, data)
            data = self._member.unused_data


class _Deflate:
    """RFC 9110, 8.4.1.2 means zlib's form; half of the servers that use it send bare deflate."""

    def __init__(self) -> None:
        self._inflater: zlib._Decompress | None = None
        self._start = b""

    @property
    def complete(self) -> bool:
        return self._inflater is not None and self._inflater.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._inflater is None:
            self._start = data = self._start + data
            if len(data) < 2:
                return
            has_header = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._inflater = zlib.decompressobj(15 if has_header else -15)
        if not self._inflater.eof:
            yield from _inflate(self._inflater, data)


def _inflate(inflater: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    while True:
        piece = inflater.decompress(data, _PIECE_BYTES)
        yield piece
        data = inflater.unconsumed_tail
        # A full piece may leave output pending inside, with all input taken.
        if inflater.eof or (not data and len(piece) < _PIECE_BYTES):
            return


class _Brotli:
    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._brotli.is_finished())

    def feed(self, data: bytes) -> Iterator[bytes]:
        while not self._brotli.is_finished():
            piece = self._brotli.process(data, output_buffer_limit=_PIECE_BYTES)
            yield piece
            data = b""
            # As with zlib, a full piece may leave output pending, with all input taken.
            if self._brotli.can_accept_more_data() and len(piece) < _PIECE_BYTES:
                return


class _Zstd:
    """RFC 8878: frames one after the other."""

    def __init__(self) -> None:
        self._frame = self._new()

    @staticmethod
    def _new() -> "zstd.ZstdDecompressor":
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})

    @property
    def complete(self) -> bool:
        return self._frame.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._frame.eof:
                self._frame = self._new()
            yield self._frame.decompress(data, _PIECE_BYTES)
            while not self._frame.eof and not self._frame.needs_input:
                yield self._frame.decompress(b"", _PIECE_BYTES)
            data = self._frame.unused_data if self._frame.eof else b""


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}


def decoders(content_encoding: str) -> list[Decoder]:
    """The decoders that undo a Content-Encoding ("gzip, br"), in the order to use them; [] for none.

    Raises ValueError, with a message to show, if a coding is not known or there are too many.
    """
    names = [
        name for part in content_encoding.split(",") if (name := part.strip().lower()) not in ("", "identity")
    ]
    if len(names) > _MAX_LAYERS:
        raise ValueError(f"{len(names)} content encodings over each other")
    if unknown := [name for name in names if name not in _DECODERS]:
        raise ValueError(f"unknown content encoding {unknown[0][:40]!r}")
    return [_DECODERS[name]() for name in reversed(names)]


def decoded(layers: Sequence[Decoder], data: bytes, limit: int) -> Iterator[bytes]:
    """The pieces that come out of the last layer. Stops where any layer has given more than `limit` bytes."""
    if not layers:
        yield data
        return
    first, *rest = layers
    given = 0
    for piece in first.feed(data):
        given += len(piece)
        yield from decoded(rest, piece, limit) if rest else (piece,)
        if given > limit:
            return
