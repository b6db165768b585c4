"""As much of DER (ITU-T X.690) as timestamps and certificate extensions need."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Final

SEQUENCE: Final = 0x30
SET: Final = 0x31
OCTET_STRING: Final = 0x04
INTEGER: Final = 0x02
OBJECT_IDENTIFIER: Final = 0x06
UTF8_STRING: Final = 0x0C
GENERALIZED_TIME: Final = 0x18


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element: tag, definite length, contents."""
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """A SET OF: DER wants its members in ascending order."""
    return tlv(SET, *sorted(parts))


def explicit(number: int, *parts: bytes) -> bytes:
    """A constructed, context-specific tag: ``[number]``."""
    return tlv(0xA0 | number, *parts)


def integer(value: int) -> bytes:
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(data: bytes) -> bytes:
    return tlv(OCTET_STRING, data)


def utf8(text: str) -> bytes:
    return tlv(UTF8_STRING, text.encode())


def generalized_time(moment: datetime) -> bytes:
    return tlv(GENERALIZED_TIME, moment.astimezone(timezone.utc).strftime("%Y%m%d%H%M%SZ").encode())


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    return tlv(OBJECT_IDENTIFIER, *(_base128(arc) for arc in (40 * first + second, *rest)))


def _base128(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | value & 0x7F)
    return bytes(reversed(digits))


def elements(content: bytes) -> list[tuple[int, bytes, bytes]]:
    """Split contents into elements: tag, contents, and the element as a whole."""
    found: list[tuple[int, bytes, bytes]] = []
    position = 0
    while position < len(content):
        start = position
        tag, length = content[position], content[position + 1]
        position += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(content[position : position + size], "big")
            position += size
        if position + length > len(content):
            raise ValueError("an element ends beyond its container")
        found.append((tag, content[position : position + length], content[start : position + length]))
        position += length
    return found
