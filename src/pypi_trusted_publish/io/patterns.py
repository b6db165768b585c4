"""The paths that a pattern such as ``dist/**/*.whl`` matches, found in bounded time for any folder.

Like the standard library's ``glob`` with ``recursive=True``, but ``**`` does not enter symbolic links, so that a cycle
of links is never walked, and a search ends after :data:`MOST_ENTRIES` entries. A link that a line names, or that a
single ``*`` matches, is followed.
"""

from __future__ import annotations

import fnmatch
import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ENTRIES: Final = 200_000
"""Folder entries that one search may read."""
_RECURSIVE: Final = "**"


class TooManyEntries(Exception):
    """The search was stopped because it read too many entries."""


class PatternSearch:
    """One search. Its iterators raise TooManyEntries; folders that cannot be read are skipped."""

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        self._left = most

    def paths(self, base: Path, pattern: str) -> list[Path]:
        """What ``pattern`` matches, relative to ``base`` unless it is absolute; sorted, each path once."""
        parts = Path(pattern).parts
        if Path(pattern).anchor:
            base, parts = Path(parts[0]), parts[1:]
        return sorted(set(self._matching(base, parts)))

    def entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """The entries of a folder, sorted by name; raises OSError."""
        found = []
        with os.scandir(folder) as entries:
            for entry in entries:
                self._left -= 1
                if self._left < 0:
                    raise TooManyEntries
                found.append(entry)
        return sorted(found, key=lambda entry: entry.name)

    def _readable(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            return self.entries(folder)
        except OSError:
            return []

    def _matching(self, base: Path, parts: tuple[str, ...]) -> Iterator[Path]:
        if not parts:
            yield base
            return
        first, rest = parts[0], parts[1:]
        if first == _RECURSIVE:
            while rest[:1] == (_RECURSIVE,):
                rest = rest[1:]
            yield from self._below(base, rest)
        elif glob.has_magic(first):
            for entry in self._readable(base):
                if _fits(entry.name, first) and (not rest or _is_folder(entry)):
                    yield from self._matching(Path(entry.path), rest)
        elif os.path.lexists(base / first):
            yield from self._matching(base / first, rest)

    def _below(self, base: Path, rest: tuple[str, ...]) -> Iterator[Path]:
        """All matches in a folder and below it; hidden folders and links are not entered."""
        folders = [base]
        while folders:
            folder = folders.pop()
            entries = [entry for entry in self._readable(folder) if not entry.name.startswith(".")]
            if rest:
                yield from self._matching(folder, rest)
            else:
                yield folder
                yield from (Path(entry.path) for entry in entries)
            folders += [Path(entry.path) for entry in entries if _is_folder(entry) and not entry.is_symlink()]


def _fits(name: str, pattern: str) -> bool:
    """Whether a name matches; a hidden name matches only a pattern that starts with a dot."""
    return fnmatch.fnmatch(name, pattern) and (pattern.startswith(".") or not name.startswith("."))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """``is_dir``, but False where it raises: for a cycle of links, or a folder without permission."""
    try:
        return entry.is_dir()
    except OSError:
        return False
