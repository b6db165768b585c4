"""Unpacking one member of a zip archive in bounded pieces."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from .zip_records import (
    DEFLATED,
    ENCRYPTED,
    LOCAL,
    LOCAL_FIELDS,
    PATCHED,
    STORED,
    STRONGLY_ENCRYPTED,
    Entry,
    SeekableReader,
)

_PIECE: Final = 256 * 1024
_RAW_DEFLATE: Final = -15


ELSEWHERE: Final = "is not where the directory says"
"""Why a member is damaged, as a phrase that follows its name."""


class MemberDamaged(Exception):
    """A member that cannot be read; the argument is a phrase that follows the member's name."""


def unpack(entry: Entry, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The member's content, at most ``entry.size`` bytes of it, as installers read it.

    ``pieces`` are its packed bytes. Raises MemberDamaged; a wrong checksum shows only after the last piece.
    """
    if entry.flags & ENCRYPTED:
        raise MemberDamaged("is encrypted")
    if entry.flags & (PATCHED | STRONGLY_ENCRYPTED):
        raise MemberDamaged("is patched or encrypted")
    if entry.method not in (STORED, DEFLATED):
        raise MemberDamaged(f"is packed by method {entry.method}")
    left, crc = entry.size, 0
    for piece in pieces if entry.method == STORED else _inflated(pieces):
        wanted = piece[:left]
        left -= len(wanted)
        crc = zlib.crc32(wanted, crc)
        yield wanted
        if not left:
            break
    if crc != entry.crc:
        raise MemberDamaged(f"has the checksum {crc:08x} instead of {entry.crc:08x}")


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(_RAW_DEFLATE)
    try:
        for piece in pieces:
            rest = piece
            while rest and not stream.eof:
                yield stream.decompress(rest, _PIECE)
                rest = stream.unconsumed_tail
            if stream.eof:
                return
        yield stream.flush()
    except zlib.error:
        raise MemberDamaged("is not valid deflate data") from None


def packed(reader: SeekableReader, entry: Entry) -> Iterator[bytes]:
    """The packed bytes of a member that is read by itself, out of the file's order. Raises MemberDamaged."""
    reader.seek(data_offset(reader, entry))
    left = entry.packed
    while left and (piece := reader.read(min(_PIECE, left))):
        left -= len(piece)
        yield piece


def data_offset(reader: SeekableReader, entry: Entry) -> int:
    """Where the packed bytes of a member begin, by its local header. Raises MemberDamaged."""
    reader.seek(entry.offset)
    header = reader.read(4 + LOCAL_FIELDS.size)
    if len(header) != 4 + LOCAL_FIELDS.size or not header.startswith(LOCAL):
        raise MemberDamaged(ELSEWHERE)
    *_, name_length, extra_length = LOCAL_FIELDS.unpack_from(header, 4)
    return entry.offset + len(header) + int(name_length) + int(extra_length)
