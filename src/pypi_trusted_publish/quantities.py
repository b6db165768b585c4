"""Numbers as people read them."""

from __future__ import annotations

from typing import Final

_STEP: Final = 1000
_UNITS: Final = ("kB", "MB", "GB", "TB")


def size_text(size: float) -> str:
    """Bytes in decimal units, one digit behind the point: ``61 B``, ``12.3 kB``, ``1.1 GB``."""
    if size < _STEP:
        return f"{size:.0f} B"
    power = 1
    while round(size / _STEP**power, 1) >= _STEP and power < len(_UNITS):
        power += 1
    return f"{size / _STEP**power:.1f} {_UNITS[power - 1]}"


def seconds_text(seconds: float) -> str:
    """A duration: ``0.42 s``, ``12 s``, ``3 min``, ``3 min 5 s``."""
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.2f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    return " ".join(filter(None, (f"{minutes} min" if minutes else "", f"{rest} s" if rest else "")))


def count_text(number: int, noun: str, plural: str = "") -> str:
    """A number and its noun: ``1 file``, ``2 files``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(words: tuple[str, ...], limit: int = 3) -> str:
    """Words in a sentence: ``a``, ``a and b``, ``a, b and 3 more``."""
    if len(words) > limit:
        return f"{', '.join(words[: limit - 1])} and {len(words) - limit + 1} more"
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
