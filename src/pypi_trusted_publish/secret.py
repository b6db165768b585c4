"""Secrets: values that are never printed by accident."""

from __future__ import annotations

import base64
import re
from typing import Final, NewType, NoReturn

from .values import dataclass

REDACTED: Final = "***"


class Secret:
    """Text that must not be printed: a token, or a URL with credentials.

    ``str``, ``repr`` and ``format`` give ``***``. Pickling and copying are refused, so that a secret does not
    travel to a child process by accident. Two secrets are equal when their texts are.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the code that sends it."""
        return self._text

    def spellings(self) -> tuple[str, ...]:
        """Every form in which the text may appear in a log: unchanged, and as basic auth with ``__token__``."""
        if not self._text:
            return ()
        basic = base64.b64encode(f"__token__:{self._text}".encode("utf-8", "surrogateescape")).decode("ascii")
        return (self._text, basic)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return f"Secret({REDACTED})"

    def __str__(self) -> str:
        return REDACTED

    def __format__(self, spec: str) -> str:
        return REDACTED

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


Audience = NewType("Audience", str)
"""The audience of an identity token, such as ``pypi``, which the index names and our policy allows."""

TOKEN_PATTERN: Final = re.compile(r"[!-~]{1,16384}")
"""What any token must match (``fullmatch``) before it is used: printable ASCII without spaces, limited in length."""


@dataclass(frozen=True, kw_only=True)
class IdentityToken:
    """A JSON Web Token that GitHub signed for this job; valid for one mint."""

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
