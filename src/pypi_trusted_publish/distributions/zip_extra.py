"""The extra fields of a zip archive's headers: sizes above 4 GiB (ZIP64) and names in UTF-8 (Unicode path).

Source: PKWARE APPNOTE.TXT 6.3, sections 4.5.3 and 4.6.9; what of them the index refuses was observed in August 2026.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from . import rules_zip as rules
from .zip_records import STORED, FramingFault, check_printable

ZIP64: Final = 0x0001
UNICODE_PATH: Final = 0x7075
FULL32: Final = 0xFFFFFFFF
FULL64: Final = 0xFFFFFFFFFFFFFFFF
"""In a size or offset: the value stands in the ZIP64 extra field."""

_ZIP64_LENGTHS: Final = frozenset({0, 8, 16, 24, 28})
_ONCE: Final = frozenset({ZIP64, UNICODE_PATH})
_UNICODE_HEADER: Final = struct.Struct("<BL")


def extra_fields(extra: bytes, name: bytes, *, whole: bool) -> Iterator[tuple[int, bytes]]:
    """Number and content of each extra field; FramingFault (zip-extra-field) for one that is cut off.

    With ``whole`` fewer than four bytes at the end are a fault too; in the central directory readers skip them.
    """
    position = 0
    while len(extra) - position >= 4:  # noqa: PLR2004
        number, length = struct.unpack_from("<HH", extra, position)
        position += 4
        if position + length > len(extra):
            raise FramingFault(
                rules.ZIP_EXTRA_FIELD, f"The extra field 0x{number:04x} of the member {name!r} is cut off."
            )
        yield number, extra[position : position + length]
        position += length
    if whole and position < len(extra):
        raise FramingFault(rules.ZIP_EXTRA_FIELD, f"The extra fields of the member {name!r} end in stray bytes.")


def local_sizes(extra: bytes, name: bytes, *, method: int, packed: int, size: int) -> tuple[int, int]:
    """Packed size and size of a member by its own header and its extra fields."""
    seen: set[int] = set()
    for number, content in extra_fields(extra, name, whole=True):
        if number in seen and number in _ONCE:
            raise FramingFault(rules.ZIP_EXTRA_FIELD, f"The member {name!r} has the extra field 0x{number:04x} twice.")
        seen.add(number)
        if number == ZIP64:
            packed, size = _local_zip64(content, name, method=method, packed=packed, size=size)
        elif number == UNICODE_PATH:
            _check_unicode_path(content[5:], name)
    return packed, size


def _local_zip64(content: bytes, name: bytes, *, method: int, packed: int, size: int) -> tuple[int, int]:
    if len(content) not in _ZIP64_LENGTHS:
        raise FramingFault(
            rules.ZIP_EXTRA_FIELD, f"The ZIP64 extra field of the member {name!r} has {len(content)} bytes."
        )
    if not content:
        if FULL32 in (packed, size):
            raise FramingFault(rules.ZIP_EXTRA_FIELD, f"The ZIP64 extra field of the member {name!r} lacks its sizes.")
        return packed, size
    first = int.from_bytes(content[:8], "little")
    real = first if size == FULL32 else size
    if len(content) > 8:  # noqa: PLR2004
        return int.from_bytes(content[8:16], "little"), real
    if method != STORED:
        raise FramingFault(
            rules.ZIP_EXTRA_FIELD, f"The ZIP64 extra field of the member {name!r} lacks its packed size."
        )
    return first, real


def _check_unicode_path(path: bytes, name: bytes) -> None:
    check_printable(path)
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        raise FramingFault(rules.ZIP_MEMBER_NAME, f"The Unicode path of the member {name!r} is not UTF-8.") from None


def directory_sizes(sizes: list[int], content: bytes, name: bytes) -> list[int]:
    """Size, packed size and offset of a directory entry, with what its ZIP64 field says in place of full values."""
    resolved = []
    for value in sizes:
        if value in (FULL32, FULL64):
            if len(content) < 8:  # noqa: PLR2004
                raise FramingFault(rules.ZIP_EXTRA_FIELD, f"The ZIP64 extra field of the member {name!r} is too short.")
            resolved.append(int.from_bytes(content[:8], "little"))
            content = content[8:]
        else:
            resolved.append(value)
    return resolved


def unicode_path(content: bytes, name: bytes) -> str | None:
    """The name in a Unicode path extra field, when it is for this very header name."""
    if len(content) < _UNICODE_HEADER.size:
        raise FramingFault(rules.ZIP_EXTRA_FIELD, f"The Unicode path extra field of the member {name!r} is too short.")
    version, crc = _UNICODE_HEADER.unpack_from(content)
    if version != 1 or crc != zlib.crc32(name):
        return None
    try:
        path = content[_UNICODE_HEADER.size :].decode("utf-8")
    except UnicodeDecodeError:
        raise FramingFault(rules.ZIP_MEMBER_NAME, f"The Unicode path of the member {name!r} is not UTF-8.") from None
    return path.partition("\0")[0] or None
