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

from .projects import Project
from .publishers import Publisher

PREFIX: Final = "pypi-"
_END, _LOCATION, _IDENTIFIER, _SIGNATURE = 0, 1, 2, 6
_LOW_BITS, _MORE = 0x7F, 0x80
"""The two parts of a byte of a variable-length integer."""
_KEY_GENERATOR: Final = b"macaroons-key-generator"


class NotAMacaroon(ValueError):
    """The text is not a macaroon of this form."""


@dataclass(frozen=True, kw_only=True)
class Macaroon:
    """A parsed token."""

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
        raise NotAMacaroon("not base64") from error
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
            raise NotAMacaroon("truncated")
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
    raise NotAMacaroon("truncated")


DEFAULT_LIFETIME = 900


class TokenRefused(Exception):
    """The token does not cover an upload; the argument is the text of the 403."""


@dataclass(kw_only=True)
class IssuedToken:
    """One minted token."""

    id: str
    text: str
    key: bytes
    publisher: Publisher
    expires_at: float
    """Seconds since the epoch, by the server's clock."""
    project_ids: dict[str, str]
    """Id of each covered project, by normalized name."""
    revoked: bool = False


class TokenRegister:
    """All minted tokens."""

    def __init__(self, *, location: str, now: Callable[[], float]) -> None:
        self._location = location
        self._now = now
        self._issued: dict[str, IssuedToken] = {}
        self.lifetime = DEFAULT_LIFETIME
        """Lifetime of the next tokens in seconds."""

    @property
    def issued(self) -> tuple[IssuedToken, ...]:
        """All tokens, in the order of minting."""
        return tuple(self._issued.values())

    def live(self) -> tuple[IssuedToken, ...]:
        """The tokens that are neither revoked nor expired."""
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
        """The token that this text identifies, unless it was revoked; its signature is not verified here."""
        try:
            presented = parse_macaroon(text)
        except NotAMacaroon:
            return None
        token = self._issued.get(presented.identifier)
        return None if token is None or token.revoked else token

    def revoke(self, text: str) -> bool:
        """Revoke a token; whether there was one to revoke."""
        token = self.find(text)
        if token is None or token.text != text:
            return False
        token.revoked = True
        return True

    def authorize(self, text: str, token: IssuedToken, project: Project) -> None:
        """Check that the token, presented as ``text``, covers the project now.

        Raises :class:`TokenRefused` with PyPI's text: what each caveat says, twice, because the server tries two kinds
        of identities.
        """
        if text != token.text:
            raise TokenRefused("Invalid API Token: signatures do not match")
        failures = []
        if project.normalized not in token.publisher.projects:
            failures.append(f"OIDC scoped token is not valid for project {project.name!r}")
        if project.id not in token.project_ids.values():
            failures.append(f"project-scoped token is not valid for project: {project.name!r}")
        if token.expires_at <= self._now():
            failures.append("token is expired")
        if failures:
            raise TokenRefused(f"Invalid API Token: {', '.join(failures * 2)}")
