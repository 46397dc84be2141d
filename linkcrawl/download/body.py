"""Reading a body: as it comes, decoded, up to a limit, whatever happens on the way."""

import asyncio
from dataclasses import dataclass

import aiohttp
from aiohttp import StreamReader

from linkcrawl.download.decode import DecodeError, decoded, decoders
from linkcrawl.download.failures import BadResponse

_DRAIN_BYTES = 64 * 1024
_DRAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Body:
    """data: decoded, at most `limit` bytes. cut: why it is not whole, None if it is. wire_bytes: received."""

    data: bytes
    wire_bytes: int
    cut: str | None = None


async def read_body(content: StreamReader, content_encoding: str, limit: int) -> Body:
    """Read until the end, the limit, or the loss of the connection; what came until then is kept.

    Raises BadResponse if the coding is not known, or the first bytes are not of it.
    """
    try:
        layers = decoders(content_encoding)
    except ValueError as error:
        raise BadResponse(str(error)) from None
    pieces: list[bytes] = []
    size = wire_bytes = 0
    cut: str | None = None
    while cut is None:
        chunk, lost = await _next(content)
        if not chunk:
            cut = lost or _unfinished(wire_bytes, all(layer.complete for layer in layers))
            break
        wire_bytes += len(chunk)
        try:
            for piece in decoded(layers, chunk, limit) if layers else (chunk,):
                pieces.append(piece)
                size += len(piece)
                if size > limit:
                    break
        except DecodeError as error:
            if not size:
                raise BadResponse(f"the body is not {content_encoding[:40]}: {error}") from None
            cut = f"the body is damaged: {error}"
        cut = cut or lost
        if max(size, wire_bytes) > limit:
            cut = f"the body is longer than {limit} bytes"
    data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return Body(data if len(data) <= limit else data[:limit], wire_bytes, cut)


def _unfinished(wire_bytes: int, complete: bool) -> str | None:
    # An empty body under a Content-Encoding is common and means no more than it says.
    return None if complete or not wire_bytes else "the coded body ends too early"


async def _next(content: StreamReader) -> tuple[bytes, str | None]:
    """What has come, b'' at the end; and how the connection was lost, if it was."""
    try:
        return await content.readany(), None
    except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise
        # What came together with the loss waits in the buffer, and no public method gives it any more.
        return b"".join(content._buffer), "the connection was lost in the body"


async def drain(content: StreamReader) -> int:
    """Read the rest of a small unwanted body, so that its connection can be used again; gives its size."""
    wire_bytes = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while wire_bytes <= _DRAIN_BYTES and (chunk := await content.readany()):
                wire_bytes += len(chunk)
    except (TimeoutError, aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, OSError):
        pass
    return wire_bytes
