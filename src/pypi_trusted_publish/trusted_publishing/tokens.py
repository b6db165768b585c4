"""The tokens of the exchange, as types that cannot be mixed up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NewType

from ..secret import Secret

Audience = NewType("Audience", str)
"""Whom an identity token is for, as the index names it and our policy lets it; such as ``pypi``."""

TOKEN_PATTERN: Final = re.compile(r"[!-~]{1,16384}")
"""What any token must match (``fullmatch``) before it is used: printable ASCII, no blank, bounded."""


@dataclass(frozen=True, kw_only=True)
class IdentityToken:
    """A JSON Web Token that GitHub signed for this job; good for one mint."""

    secret: Secret
    audience: Audience


@dataclass(frozen=True, kw_only=True)
class UploadToken:
    """A short-lived API token of the index, bound to the publisher's projects."""

    secret: Secret
    minted_at: float
    """Seconds on the monotonic clock."""
    lifetime: float
    """Seconds from ``minted_at``: ``expires`` minus the answer's ``Date``; 900 when either is unknown."""
