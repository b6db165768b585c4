"""Versions read from texts of others. Pure."""

from __future__ import annotations

from packaging.version import Version


def read_version(text: str) -> Version | None:
    """The version that ``text`` spells (PEP 440); None for what is none, and for more digits than ``int()`` reads."""
    try:
        return Version(text)
    except ValueError:
        return None
