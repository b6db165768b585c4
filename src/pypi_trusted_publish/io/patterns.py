"""Paths that a pattern such as ``dist/**/*.whl`` names, found in bounded time whatever the folders hold.

As the standard library's ``glob`` with ``recursive=True``, but ``**`` enters no symbolic link, so that no circle of
links is ever walked, and a search ends after :data:`MOST_ENTRIES` entries. A link that a line spells, or that a single
``*`` matches, is followed: each names one step.
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
"""Entries of folders that one search looks at."""
_RECURSIVE: Final = "**"


class TooManyEntries(Exception):
    """The search has looked at so many entries that it was given up."""


class PatternSearch:
    """One search. Raises TooManyEntries while it is iterated over; folders that cannot be read are passed over."""

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        self._left = most

    def paths(self, base: Path, pattern: str) -> list[Path]:
        """What ``pattern``, relative to ``base`` unless it is absolute, names; sorted, each path once."""
        parts = Path(pattern).parts
        if Path(pattern).anchor:
            base, parts = Path(parts[0]), parts[1:]
        return sorted(set(self._matching(base, parts)))

    def entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """What is in a folder, sorted by name; raises OSError when it cannot be read."""
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
        """What matches in a folder and in all folders below it; hidden ones and links are not entered."""
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
    """Whether a name matches; a hidden one only where the pattern begins with a dot too."""
    return fnmatch.fnmatch(name, pattern) and (pattern.startswith(".") or not name.startswith("."))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Say no where ``is_dir`` raises: a circle of links, a folder that may not be entered."""
    try:
        return entry.is_dir()
    except OSError:
        return False
