"""The records of a zip archive as values. Source: PKWARE APPNOTE.TXT 6.3, section 4.3."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Protocol

from .rule import Rule
from .rules_zip import ZIP_DATA_DESCRIPTOR, ZIP_MEMBER_NAME, ZIP_UNREADABLE

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
