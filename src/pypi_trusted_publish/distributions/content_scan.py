"""Marks in the content of members, looked for piece by piece: protected source, tokens, private keys."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from . import rules_content as rules
from .distribution import Finding
from .quoting import quoted

SCAN_LIMIT: Final = 5 * 1024 * 1024
"""Bytes; the index does not look into larger files."""
_SOURCE_SUFFIXES: Final = frozenset({".py", ".pye"})
_PYARMOR: Final = b"__pyarmor_"
_PYE: Final = b" PYE FILE---"
_SIGNS: Final = (_PYARMOR, _PYE)
"""What every mark holds: hardly any file does, so that two searches are enough for it. The marks are put together
from it because the index looks into this file too."""
_ANY_OF: Final = (
    _PYARMOR + b"_(__name__, __file__,",
    *(_PYARMOR + what + b"__" for what in (b"enter", b"exit", b"assert", b"bcc")),
)
"""PyArmor's marks: one of them is enough."""
_ALL_OF: Final = tuple(b"---" + edge + _PYE for edge in (b"BEGIN", b"END"))
"""SourceDefender's marks: both."""
_TOKEN_HEAD: Final = b"pypi-AgEIcHlwaS5vcmcCJ"
_TOKEN: Final = re.compile(rb"pypi-AgEIcHlwaS5vcmcCJ[A-Za-z0-9_-]{100,}")
"""An API token of the index: a fixed head, then base64 (documented by the index; August 2026)."""
_KEY: Final = re.compile(rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----")
_OVERLAP: Final = 160
"""Bytes of the piece before that are looked at again: the longest mark and the part of a token that proves it."""


def is_source(name: str) -> bool:
    """Whether the index looks into a member of that name: ``.py`` and ``.pye``, upper or lower case."""
    return posixpath.splitext(name.rstrip("/"))[1].lower() in _SOURCE_SUFFIXES


class SourceScan:
    """Looks for the marks in one file of Python source."""

    def __init__(self) -> None:
        self._tail = b""
        self._size = 0
        self._found: set[bytes] = set()
        self.token = False
        """Whether an API token of the index is in it."""

    def feed(self, piece: bytes) -> None:
        """The next piece of the file."""
        self._size += len(piece)
        window = self._tail + piece
        if any(sign in window for sign in _SIGNS):
            self._found.update(mark for mark in (*_ANY_OF, *_ALL_OF) if mark in window)
        if not self.token and _TOKEN_HEAD in window:
            self.token = _TOKEN.search(window) is not None
        self._tail = window[-_OVERLAP:]

    @property
    def protected_by(self) -> str | None:
        """The program whose marks are in it, or None; never for a file that is too large for the index to look at."""
        if self._size > SCAN_LIMIT:
            return None
        if self._found.intersection(_ANY_OF):
            return "PyArmor"
        return "SourceDefender" if self._found.issuperset(_ALL_OF) else None


class MarkedFiles:
    """The source files of one distribution that have marks in them."""

    def __init__(self) -> None:
        self._protected: list[tuple[str, str]] = []
        self._tokens: list[str] = []

    def note(self, name: str, scan: SourceScan) -> None:
        """Remember what the scan of a member found; it was fed the whole of it."""
        if scan.protected_by is not None:
            self._protected.append((name, scan.protected_by))
        if scan.token:
            self._tokens.append(name)

    def findings(self, filename: str) -> Iterator[Finding]:
        """One finding for each kind of mark."""
        if self._protected:
            (name, program), more = self._protected[0], _more(len(self._protected) - 1)
            yield rules.PROTECTED_SOURCE.finding(filename, f"{quoted(name)} is protected by {program}{more}.")
        if self._tokens:
            name, more = self._tokens[0], _more(len(self._tokens) - 1)
            yield rules.INDEX_TOKEN.finding(filename, f"{quoted(name)} holds an API token of the index{more}.")


def _more(others: int) -> str:
    return f", and {others} more files" if others else ""


def may_hold_key(name: str) -> bool:
    """Whether the name is one under which keys are kept."""
    return name.lower().endswith((".pem", ".key"))


def holds_key(piece: bytes) -> bool:
    """Whether the piece has the first line of a private key."""
    return _KEY.search(piece) is not None
