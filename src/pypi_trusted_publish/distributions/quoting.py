"""How a message quotes a value of a file: on one line, and short."""

from __future__ import annotations

from typing import Final

_LIMIT: Final = 120
"""Characters of a value that are shown."""


def quoted(value: str) -> str:
    """The value as a Python literal, cut in the middle when it is long. Its length is bounded whatever the value's."""
    if len(value) <= _LIMIT:
        return repr(value)
    half = _LIMIT // 2
    return f"{value[:half]!r} ... {value[-half:]!r}"
