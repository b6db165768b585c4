"""How a message quotes a value of a file: on one line, and short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_LIMIT: Final = 120
"""Characters of a value that are shown."""
_PHRASES: Final = 3
"""Of a list of phrases, how many are told."""


def quoted(value: str) -> str:
    """The value as a Python literal, cut in the middle when it is long. Its length is bounded whatever the value's."""
    if len(value) <= _LIMIT:
        return repr(value)
    half = _LIMIT // 2
    return f"{value[:half]!r} ... {value[-half:]!r}"


def told(phrases: Sequence[str]) -> str:
    """The first phrases of a list, and how many more there are."""
    more = f"; and {len(phrases) - _PHRASES} more" if len(phrases) > _PHRASES else ""
    return "; ".join(phrases[:_PHRASES]) + more
