"""Reading an answer up to a bound that counts decoded bytes. Pure: the raw chunks are handed in."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
"""zlib's "detect the header" window."""


class UndecodableBody(Exception):
    """The body is not in the encoding that its header names, or in one that was never asked for."""


class _Decoder(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def read_bounded(raw: Iterable[bytes], *, encoding: str, limit: int) -> tuple[bytes, bool]:
    """The decoded body up to ``limit`` bytes, and whether there was more.

    ``encoding`` is the Content-Encoding; we ask for none, and take gzip and deflate from servers that send them all
    the same. Reading stops at the bound, whatever is still to come. Raises UndecodableBody.
    """
    decoder = _decoder(encoding)
    kept = bytearray()
    for chunk in raw:
        kept += _decoded(decoder, chunk, limit + 1 - len(kept))
        if len(kept) > limit:
            return bytes(kept[:limit]), True
    return bytes(kept), False


def _decoder(encoding: str) -> _Decoder | None:
    named = encoding.strip().lower()
    if named in {"", "identity"}:
        return None
    if named in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(_GZIP_OR_ZLIB)
    raise UndecodableBody


def _decoded(decoder: _Decoder | None, chunk: bytes, room: int) -> bytes:
    if decoder is None:
        return chunk[:room]
    try:
        return decoder.decompress(chunk, room)
    except zlib.error:
        raise UndecodableBody from None
