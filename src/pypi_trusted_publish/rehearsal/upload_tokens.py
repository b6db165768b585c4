"""Upload tokens of the embedded index: minted as macaroons with PyPI's caveats, verified, burnt, counted.

Caveats are JSON arrays: ``[0, expires_at, not_before]``, ``[2, [project ids]]``, ``[4, publisher id]``; the numbers
are PyPI's tags for expiration, project ids and publisher (public server code, 2026-08).
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from . import macaroon
from .publishers import Publisher

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
    burnt: bool = False


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
        return tuple(token for token in self.issued if not token.burnt and token.expires_at > self._now())

    def mint(self, publisher: Publisher, project_ids: dict[str, str]) -> IssuedToken:
        """A new token for the projects of a publisher."""
        not_before = int(self._now())
        expires_at = not_before + self.lifetime
        identifier, key = str(uuid.uuid4()), secrets.token_bytes(32)
        caveats = ([4, publisher.id], [2, list(project_ids.values())], [0, expires_at, not_before])
        text = macaroon.create(
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
        """The token with this text, if it was minted here, is untouched and not burnt."""
        try:
            shown = macaroon.parse(text)
        except macaroon.NotAMacaroon:
            return None
        token = self._issued.get(shown.identifier)
        if token is None or token.burnt or token.text != text or not shown.signed_by(token.key):
            return None
        return token

    def burn(self, text: str) -> bool:
        """Revoke; whether there was something to revoke."""
        token = self.find(text)
        if token is None:
            return False
        token.burnt = True
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
