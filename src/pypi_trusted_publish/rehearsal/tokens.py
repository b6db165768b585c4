"""Upload tokens: macaroons with PyPI's caveats, minted, verified and revoked.

A token is ``pypi-`` and the unpadded URL-safe base64 of a version-2 binary macaroon: the byte 2; the fields location
(1) and identifier (2); an end mark (0); for each caveat its identifier (2) and an end mark; an end mark; the signature
(6). A field is its type, its length (both variable-length integers) and its bytes. The signature chains HMAC-SHA256
over identifier and caveats. Caveats are JSON arrays: ``[0, expires_at, not_before]``, ``[2, [project ids]]``,
``[4, publisher id]``; the numbers are PyPI's tags for expiration, project ids and publisher.
Sources: the libmacaroons format document and PyPI's public server code (2026-08).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from .publishers import Publisher

PREFIX: Final = "pypi-"
_END, _LOCATION, _IDENTIFIER, _SIGNATURE = 0, 1, 2, 6
_LOW_BITS, _MORE = 0x7F, 0x80
"""Of one byte of a variable-length integer."""
_KEY_GENERATOR: Final = b"macaroons-key-generator"


class NotAMacaroon(ValueError):
    """The text is no macaroon of this form."""


@dataclass(frozen=True, kw_only=True)
class Macaroon:
    """A signed description with conditions; whoever holds it can read them."""

    location: str
    identifier: str
    caveats: tuple[str, ...]
    signature: bytes

    def signed_by(self, key: bytes) -> bool:
        """Whether the signature is that of ``key``."""
        return hmac.compare_digest(self.signature, _signature(key, self.identifier, self.caveats))


def create_macaroon(*, location: str, identifier: str, caveats: tuple[str, ...], key: bytes) -> str:
    """The token's text."""
    parts = [b"\x02", _field(_LOCATION, location.encode()), _field(_IDENTIFIER, identifier.encode()), b"\x00"]
    for caveat in caveats:
        parts += [_field(_IDENTIFIER, caveat.encode()), b"\x00"]
    parts += [b"\x00", _field(_SIGNATURE, _signature(key, identifier, caveats))]
    return PREFIX + base64.urlsafe_b64encode(b"".join(parts)).decode("ascii").rstrip("=")


def parse_macaroon(token: str) -> Macaroon:
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
    for description in (identifier, *caveats):
        signature = hmac.digest(signature, description.encode(), hashlib.sha256)
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


DEFAULT_LIFETIME = 900


class TokenRefused(Exception):
    """The token does not open what it was shown for; the argument is the text of the 403."""


@dataclass(kw_only=True)
class IssuedToken:
    """One token that a mint gave away."""

    id: str
    text: str
    key: bytes
    publisher: Publisher
    expires_at: float
    """Seconds since the epoch, by the server's clock."""
    project_ids: dict[str, str]
    """Normalized name of each project covered, and its id."""
    revoked: bool = False


class TokenRegister:
    """Every token that was ever minted."""

    def __init__(self, *, location: str, now: Callable[[], float]) -> None:
        self._location = location
        self._now = now
        self._issued: dict[str, IssuedToken] = {}
        self.lifetime = DEFAULT_LIFETIME
        """Seconds that the next tokens live."""

    @property
    def issued(self) -> tuple[IssuedToken, ...]:
        """All, in the order of minting."""
        return tuple(self._issued.values())

    def live(self) -> tuple[IssuedToken, ...]:
        """Those that would still open something."""
        return tuple(token for token in self.issued if not token.revoked and token.expires_at > self._now())

    def mint(self, publisher: Publisher, project_ids: dict[str, str]) -> IssuedToken:
        """A new token for the projects of a publisher."""
        not_before = int(self._now())
        expires_at = not_before + self.lifetime
        identifier, key = str(uuid.uuid4()), secrets.token_bytes(32)
        caveats = ([4, publisher.id], [2, list(project_ids.values())], [0, expires_at, not_before])
        text = create_macaroon(
            location=self._location,
            identifier=identifier,
            caveats=tuple(json.dumps(caveat, separators=(",", ":")) for caveat in caveats),
            key=key,
        )
        token = IssuedToken(
            id=identifier,
            text=text,
            key=key,
            publisher=publisher,
            expires_at=expires_at,
            project_ids=project_ids,
        )
        self._issued[identifier] = token
        return token

    def find(self, text: str) -> IssuedToken | None:
        """The token with this text, if it was minted here, is untouched and not revoked."""
        try:
            shown = parse_macaroon(text)
        except NotAMacaroon:
            return None
        token = self._issued.get(shown.identifier)
        if token is None or token.revoked or token.text != text or not shown.signed_by(token.key):
            return None
        return token

    def revoke(self, text: str) -> bool:
        """Revoke; whether there was something to revoke."""
        token = self.find(text)
        if token is None:
            return False
        token.revoked = True
        return True

    def authorize(self, token: IssuedToken, project: str, display_name: str) -> None:
        """Whether the token is good for this project now. Raises :class:`TokenRefused`, with PyPI's texts."""
        if token.expires_at <= self._now():
            raise TokenRefused("Invalid API Token: token is expired, token is expired")
        if project not in token.project_ids:
            raise TokenRefused(
                f"Invalid API Token: OIDC scoped token is not valid for project {display_name!r}, "
                f"project-scoped token is not valid for project: {display_name!r}"
            )
