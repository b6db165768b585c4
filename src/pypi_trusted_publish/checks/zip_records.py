"""The records of a zip archive as values. Source: PKWARE APPNOTE.TXT 6.3, section 4.3."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from .model import SEEN, Rule

_APPNOTE: Final = "Zip file format specification (PKWARE APPNOTE.TXT 6.3)"
_REFUSED: Final = (
    "The index refuses the file: tools that read the archive from the front and tools that read its directory would "
    "see "
    "different files."
)
_REBUILD: Final = (
    "Build the wheel again and upload it as it was built; if a tool changes it afterwards (signing, repairing, "
    "recompressing), "
    "let that tool write a plain archive, or unpack and pack it with `wheel unpack` and `wheel pack`."
)

ZIP_UNREADABLE: Final = Rule(
    code="zip-unreadable",
    statement="A wheel is a whole zip archive whose directory can be read.",
    source=_APPNOTE + "; " + SEEN,
    meaning="The index refuses the file. Most often it is empty, truncated, or no zip archive at all.",
    fix="Build the wheel again, and check that it was uploaded to and downloaded from the artifact store as a whole.",
)

ZIP_MULTI_DISK: Final = Rule(
    code="zip-multi-disk",
    statement="A wheel is one archive, not part of a set that spans several disks.",
    source=_APPNOTE + ", sections 4.3.16 and 4.3.15; " + SEEN,
    meaning="The index refuses the file.",
    fix="Build the wheel again with an ordinary backend; do not split it.",
)

ZIP_UNKNOWN_RECORD: Final = Rule(
    code="zip-unknown-record",
    statement="From its first byte on a wheel holds nothing but the records of a plain zip archive, in their order.",
    source=_APPNOTE + ", section 4.3.6; " + SEEN,
    meaning=_REFUSED,
    fix="Remove what stands before or between the members (a prepended script, padding, an encryption header): "
    + _REBUILD[0].lower()
    + _REBUILD[1:],
)

ZIP_TRAILING_DATA: Final = Rule(
    code="zip-trailing-data",
    statement="A wheel ends with its end record and the comment that this record announces.",
    source=_APPNOTE + ", section 4.3.16; " + SEEN,
    meaning=_REFUSED,
    fix="Remove what was appended (a signature, a second archive): " + _REBUILD[0].lower() + _REBUILD[1:],
)

ZIP_DATA_DESCRIPTOR: Final = Rule(
    code="zip-data-descriptor",
    statement="Sizes stand before each member, not in a data descriptor behind it.",
    source=_APPNOTE + ", section 4.3.9; " + SEEN,
    meaning=_REFUSED,
    fix="The archive was written as a stream. Write it to a seekable file: Python's `zipfile` then fills in the sizes.",
)

ZIP_MEMBER_NAME: Final = Rule(
    code="zip-member-name",
    statement="Names of members are UTF-8, flagged as such where they are not ASCII, and hold no control character.",
    source=_APPNOTE + ", appendix D; " + SEEN,
    meaning="The index refuses the file.",
    fix="Rename the file in the project, or pack with a tool that writes UTF-8 names (Python's `zipfile` does).",
)

ZIP_DUPLICATE_NAME: Final = Rule(
    code="zip-duplicate-name",
    statement="Each name stands once in a wheel.",
    source=_APPNOTE + "; " + SEEN,
    meaning=_REFUSED,
    fix="Find out which two parts of the build write the same file (hatchling: `force-include`; setuptools: data "
    "files that are "
    "package data too; maturin: `include`) and let only one do it.",
)

ZIP_DIRECTORY_MISMATCH: Final = Rule(
    code="zip-directory-mismatch",
    statement="The members and the central directory name the same files with the same sizes.",
    source=_APPNOTE + ", sections 4.3.7 and 4.3.12; " + SEEN,
    meaning=_REFUSED,
    fix=_REBUILD,
)

ZIP_MEMBER_COMMENT: Final = Rule(
    code="zip-member-comment",
    statement="No member carries a comment. (The archive may.)",
    source=SEEN,
    meaning="The index refuses the file.",
    fix=_REBUILD,
)

ZIP_EXTRA_FIELD: Final = Rule(
    code="zip-extra-field",
    statement="Extra fields are well formed, and those for ZIP64 sizes and Unicode paths stand at most once in a "
    "member.",
    source=_APPNOTE + ", sections 4.5.3 and 4.6.9; " + SEEN,
    meaning=_REFUSED,
    fix=_REBUILD,
)

ZIP_END_RECORD: Final = Rule(
    code="zip-end-record",
    statement="The end records tell the true number, size and place of the central directory.",
    source=_APPNOTE + ", sections 4.3.14 to 4.3.16; " + SEEN,
    meaning=_REFUSED,
    fix=_REBUILD,
)

ZIP_VERSION_NEEDED: Final = Rule(
    code="zip-version-needed",
    statement="No member asks for a zip version above 6.3.",
    source=_APPNOTE + ", section 4.4.3; " + SEEN,
    meaning="The index answers with a bare 500: its reader gives up.",
    fix=_REBUILD,
)

ZIP_ALSO_TAR: Final = Rule(
    code="zip-also-tar",
    statement="A wheel is a zip archive and not a tar archive at the same time.",
    source=SEEN,
    meaning="The index refuses the file: installers would not agree on what is in it.",
    fix=_REBUILD,
)

RULES: Final = (
    ZIP_UNREADABLE,
    ZIP_MULTI_DISK,
    ZIP_UNKNOWN_RECORD,
    ZIP_TRAILING_DATA,
    ZIP_DATA_DESCRIPTOR,
    ZIP_MEMBER_NAME,
    ZIP_DUPLICATE_NAME,
    ZIP_DIRECTORY_MISMATCH,
    ZIP_MEMBER_COMMENT,
    ZIP_EXTRA_FIELD,
    ZIP_END_RECORD,
    ZIP_VERSION_NEEDED,
    ZIP_ALSO_TAR,
)


LOCAL: Final = b"PK\x03\x04"
CENTRAL: Final = b"PK\x01\x02"
END: Final = b"PK\x05\x06"
ZIP64_END: Final = b"PK\x06\x06"
ZIP64_LOCATOR: Final = b"PK\x06\x07"

LOCAL_FIELDS: Final = struct.Struct("<2xHH8xLLHH")
"""After the signature: flags, method, packed size, size, lengths of name and extra fields."""
CENTRAL_FIELDS: Final = struct.Struct("<2xHHH4xLLLHHH2x6xL")
"""After the signature: version needed, flags, method, CRC-32, packed size, size, lengths of name, extra fields and
comment, offset of the local header."""
END_FIELDS: Final = struct.Struct("<HHHHLLH")
"""After the signature: this disk, the directory's disk, entries here, entries, size and offset of the directory, length
of the comment."""
ZIP64_END_FIELDS: Final = struct.Struct("<Q2x2xLLQQQQ")
"""After the signature: size of the rest, this disk, the directory's disk, entries here, entries, size and offset of the
directory."""
ZIP64_LOCATOR_FIELDS: Final = struct.Struct("<LQL")
"""After the signature: the end record's disk, its offset, number of disks."""

ENCRYPTED: Final = 0x1
DATA_DESCRIPTOR: Final = 0x8
PATCHED: Final = 0x20
STRONGLY_ENCRYPTED: Final = 0x40
UTF8: Final = 0x800
"""Bits of the flags."""

STORED: Final = 0
DEFLATED: Final = 8
"""Methods of compression."""

_SPACE: Final = 0x20
_DELETE: Final = 0x7F


class SeekableReader(Protocol):
    """What the archive is read through."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes; fewer only at the end of the file."""

    def seek(self, offset: int, /) -> int:
        """Go to a place, counted from the start of the file."""


class FramingFault(Exception):
    """The archive is not framed as the index wants it."""

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        """One sentence that quotes the value and, where there is one, the offset."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One member as the central directory tells of it. Sizes and offset in bytes, ZIP64 values resolved."""

    name: str
    """As installers see it: the Unicode path extra field has the last word."""
    header_name: str
    """As the header spells it, which the local header must repeat."""
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int

    @property
    def is_folder(self) -> bool:
        """Whether the name says that it is a folder."""
        return self.name.endswith(("/", "\\"))


def read_exactly(reader: SeekableReader, size: int, what: str) -> bytes:
    """``size`` bytes. Raises FramingFault (zip-unreadable) when the file ends before."""
    data = reader.read(size)
    if len(data) != size:
        raise FramingFault(ZIP_UNREADABLE, f"The file ends within {what}.")
    return data


def check_printable(name: bytes) -> None:
    """Raise FramingFault (zip-member-name) for a control character in a member's name."""
    bad = next((byte for byte in name if byte < _SPACE or byte == _DELETE), None)
    if bad is not None:
        raise FramingFault(ZIP_MEMBER_NAME, f"The member {name!r} has the control character 0x{bad:02x} in its name.")


def check_no_descriptor(flags: int, name: bytes) -> None:
    """Raise FramingFault (zip-data-descriptor) when the sizes stand behind the member."""
    if flags & DATA_DESCRIPTOR:
        raise FramingFault(ZIP_DATA_DESCRIPTOR, f"The member {name!r} has its sizes in a data descriptor.")


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
            raise FramingFault(ZIP_EXTRA_FIELD, f"The extra field 0x{number:04x} of the member {name!r} is cut off.")
        yield number, extra[position : position + length]
        position += length
    if whole and position < len(extra):
        raise FramingFault(ZIP_EXTRA_FIELD, f"The extra fields of the member {name!r} end in stray bytes.")


def local_sizes(extra: bytes, name: bytes, *, method: int, packed: int, size: int) -> tuple[int, int]:
    """Packed size and size of a member by its own header and its extra fields."""
    seen: set[int] = set()
    for number, content in extra_fields(extra, name, whole=True):
        if number in seen and number in _ONCE:
            raise FramingFault(ZIP_EXTRA_FIELD, f"The member {name!r} has the extra field 0x{number:04x} twice.")
        seen.add(number)
        if number == ZIP64:
            packed, size = _local_zip64(content, name, method=method, packed=packed, size=size)
        elif number == UNICODE_PATH:
            _check_unicode_path(content[5:], name)
    return packed, size


def _local_zip64(content: bytes, name: bytes, *, method: int, packed: int, size: int) -> tuple[int, int]:
    if len(content) not in _ZIP64_LENGTHS:
        raise FramingFault(ZIP_EXTRA_FIELD, f"The ZIP64 extra field of the member {name!r} has {len(content)} bytes.")
    if not content:
        if FULL32 in (packed, size):
            raise FramingFault(ZIP_EXTRA_FIELD, f"The ZIP64 extra field of the member {name!r} lacks its sizes.")
        return packed, size
    first = int.from_bytes(content[:8], "little")
    real = first if size == FULL32 else size
    if len(content) > 8:  # noqa: PLR2004
        return int.from_bytes(content[8:16], "little"), real
    if method != STORED:
        raise FramingFault(ZIP_EXTRA_FIELD, f"The ZIP64 extra field of the member {name!r} lacks its packed size.")
    return first, real


def _check_unicode_path(path: bytes, name: bytes) -> None:
    check_printable(path)
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        raise FramingFault(ZIP_MEMBER_NAME, f"The Unicode path of the member {name!r} is not UTF-8.") from None


def directory_sizes(sizes: list[int], content: bytes, name: bytes) -> list[int]:
    """Size, packed size and offset of a directory entry, with what its ZIP64 field says in place of full values."""
    resolved = []
    for value in sizes:
        if value in (FULL32, FULL64):
            if len(content) < 8:  # noqa: PLR2004
                raise FramingFault(ZIP_EXTRA_FIELD, f"The ZIP64 extra field of the member {name!r} is too short.")
            resolved.append(int.from_bytes(content[:8], "little"))
            content = content[8:]
        else:
            resolved.append(value)
    return resolved


def unicode_path(content: bytes, name: bytes) -> str | None:
    """The name in a Unicode path extra field, when it is for this very header name."""
    if len(content) < _UNICODE_HEADER.size:
        raise FramingFault(ZIP_EXTRA_FIELD, f"The Unicode path extra field of the member {name!r} is too short.")
    version, crc = _UNICODE_HEADER.unpack_from(content)
    if version != 1 or crc != zlib.crc32(name):
        return None
    try:
        path = content[_UNICODE_HEADER.size :].decode("utf-8")
    except UnicodeDecodeError:
        raise FramingFault(ZIP_MEMBER_NAME, f"The Unicode path of the member {name!r} is not UTF-8.") from None
    return path.partition("\0")[0] or None
