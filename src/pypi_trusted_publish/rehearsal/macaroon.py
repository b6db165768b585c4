"""Macaroons in the version-2 binary form, as PyPI's API tokens are.

A token is ``pypi-`` and the unpadded URL-safe base64 of: the byte 2; the fields location (1) and identifier (2); an
end mark (0); for each caveat its identifier (2) and an end mark; an end mark; the signature (6). A field is its type,
its length (both variable-length integers) and its bytes. The signature chains HMAC-SHA256 over identifier and caveats.
Source: the libmacaroons format document and PyPI's public server code, 2026-08.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

PREFIX: Final = "pypi-"
_END, _LOCATION, _IDENTIFIER, _SIGNATURE = 0, 1, 2, 6
_LOW_BITS, _MORE = 0x7F, 0x80
"""Of one byte of a variable-length integer."""
_KEY_GENERATOR: Final = b"macaroons-key-generator"


class NotAMacaroon(ValueError):
    """The text is no macaroon of this form."""


@dataclass(frozen=True, kw_only=True)
class Macaroon:
    """A signed statement with conditions; whoever holds it can read them."""

    location: str
    identifier: str
    caveats: tuple[str, ...]
    signature: bytes

    def signed_by(self, key: bytes) -> bool:
        """Whether the signature is that of ``key``."""
        return hmac.compare_digest(self.signature, _signature(key, self.identifier, self.caveats))


def create(*, location: str, identifier: str, caveats: tuple[str, ...], key: bytes) -> str:
    """The token's text."""
    parts = [b"\x02", _field(_LOCATION, location.encode()), _field(_IDENTIFIER, identifier.encode()), b"\x00"]
    for caveat in caveats:
        parts += [_field(_IDENTIFIER, caveat.encode()), b"\x00"]
    parts += [b"\x00", _field(_SIGNATURE, _signature(key, identifier, caveats))]
    return PREFIX + base64.urlsafe_b64encode(b"".join(parts)).decode("ascii").rstrip("=")


def parse(token: str) -> Macaroon:
    """Read a token's text without verifying anything. Raises :class:`NotAMacaroon`."""
    if not token.startswith(PREFIX):
        raise NotAMacaroon("no prefix")
    text = token[len(PREFIX) :]
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAMacaroon("no base64") from error
    if data[:1] != b"\x02":
        raise NotAMacaroon("unknown version")
    location, identifier, signature = "", "", b""
    caveats: list[str] = []
    head = True
    for kind, value in _fields(data[1:]):
        if kind == _END:
            head = False
        elif kind == _LOCATION:
            location = value.decode("utf-8", "replace")
        elif kind == _IDENTIFIER and head:
            identifier = value.decode("utf-8", "replace")
        elif kind == _IDENTIFIER:
            caveats.append(value.decode("utf-8", "replace"))
        elif kind == _SIGNATURE:
            signature = value
    return Macaroon(location=location, identifier=identifier, caveats=tuple(caveats), signature=signature)


def _signature(key: bytes, identifier: str, caveats: tuple[str, ...]) -> bytes:
    signature = hmac.digest(_KEY_GENERATOR, key, hashlib.sha256)
    for statement in (identifier, *caveats):
        signature = hmac.digest(signature, statement.encode(), hashlib.sha256)
    return signature


def _field(kind: int, value: bytes) -> bytes:
    return _number(kind) + _number(len(value)) + value


def _number(value: int) -> bytes:
    out = bytearray()
    while value > _LOW_BITS:
        out.append(value & _LOW_BITS | _MORE)
        value >>= 7
    out.append(value)
    return bytes(out)


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(data):
        kind, position = _read_number(data, position)
        if kind == _END:
            yield kind, b""
            continue
        length, position = _read_number(data, position)
        value = data[position : position + length]
        if len(value) != length:
            raise NotAMacaroon("cut short")
        position += length
        yield kind, value


def _read_number(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data):
        byte = data[position]
        position += 1
        value |= (byte & _LOW_BITS) << shift
        if not byte & _MORE:
            return value, position
        shift += 7
    raise NotAMacaroon("cut short")
