import gzip
import random
import zlib
from collections.abc import Callable
from functools import partial

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from linkcrawl.download.decode import DecodeError, decoded, decoders

NO_LIMIT = 10**9


def bare_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": bare_deflate,
    "br": partial(brotli.compress, quality=1),
    "zstd": zstandard.compress,
    "identity": bytes,
    "": bytes,
}


def undo(coding: str, data: bytes, chunk: int = 10**9, limit: int = NO_LIMIT) -> tuple[bytes, bool]:
    """What comes out of chunks of this size, and whether the stream came to its end."""
    layers = decoders(coding)
    parts = [data[at : at + chunk] for at in range(0, len(data), chunk)]
    out = b"".join(piece for part in parts for piece in decoded(layers, part, limit))
    return out, all(layer.complete for layer in layers)


@pytest.mark.parametrize("coding", ENCODERS)
@pytest.mark.parametrize("chunk", [1, 2, 7, 10**9])
@settings(max_examples=25)
@given(data=st.binary(max_size=300))
def test_what_was_coded_comes_back(coding: str, chunk: int, data: bytes) -> None:
    assert undo(coding, ENCODERS[coding](data), chunk) == (data, True)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "Deflate", "br", "zstd"])
def test_large_bodies_come_in_small_pieces(coding: str) -> None:
    data = random.Random(1).randbytes(200_000) + bytes(5_000_000)
    layers = decoders(coding)
    pieces = list(decoded(layers, ENCODERS[coding](data), NO_LIMIT))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 2 * 64 * 1024
    assert layers[0].complete


@pytest.mark.parametrize("coding", ["gzip", "deflate", "Deflate", "br", "zstd"])
def test_a_cut_stream_is_not_complete(coding: str) -> None:
    data = random.Random(1).randbytes(20_000)
    out, complete = undo(coding, ENCODERS[coding](data)[:-3])
    assert not complete
    assert data.startswith(out)


def test_layers_are_undone_from_the_last() -> None:
    data = b"text " * 100
    assert undo("gzip, br", brotli.compress(gzip.compress(data))) == (data, True)
    assert undo("gzip,gzip", gzip.compress(gzip.compress(data)), chunk=3) == (data, True)


@pytest.mark.parametrize("chunk", [1, 10**9])
def test_members_and_frames_follow_each_other(chunk: int) -> None:
    assert undo("gzip", gzip.compress(b"one ") + gzip.compress(b"two"), chunk) == (b"one two", True)
    frames = zstandard.compress(b"one ") + zstandard.compress(b"two")
    assert undo("zstd", frames, chunk) == (b"one two", True)
    assert not undo("gzip", gzip.compress(b"one ") + gzip.compress(b"two")[:-3], chunk)[1]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("chunk", [1, 10**9])
def test_what_follows_the_end_is_ignored(coding: str, chunk: int) -> None:
    assert undo(coding, ENCODERS[coding](b"text") + b"\0\0 junk \x1f\x8b", chunk) == (b"text", True)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "gzip, gzip"])
def test_bytes_of_another_coding_raise(coding: str) -> None:
    with pytest.raises(DecodeError):
        undo(coding, b"<!doctype html><p>not coded at all" * 10)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_who_asks_for_no_more_pays_for_no_more(coding: str) -> None:
    bomb = ENCODERS[coding](bytes(50_000_000))
    assert len(bomb) < 100_000
    size = 0
    for piece in decoded(decoders(coding), bomb, 1_000_000):
        size += len(piece)
    assert 1_000_000 < size < 1_200_000


def test_a_bomb_in_an_inner_layer_is_stopped_too() -> None:
    """The outer stream holds a gzip member that ended, and then 50 MB that nobody reads."""
    inner = gzip.compress(b"text") + bytes(50_000_000)
    given_out = b"".join(decoded(decoders("gzip, gzip"), gzip.compress(inner), 100_000))
    assert given_out == b"text"


def test_a_window_larger_than_the_web_allows_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    coded = compressor.compress(random.Random(1).randbytes(1000)) + compressor.flush()
    with pytest.raises(DecodeError):
        undo("zstd", coded)


@pytest.mark.parametrize("coding", ["sdch", "gzip, none", "compress", "gzip, gzip, gzip, gzip, gzip"])
def test_what_is_not_known_is_said(coding: str) -> None:
    with pytest.raises(ValueError, match="content encoding"):
        decoders(coding)
