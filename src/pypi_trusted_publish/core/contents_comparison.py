"""The members of a distribution beside those of the one that it replaces, and a wheel beside its sdist. Pure.

Names are compared without the version that stands in them. What every build writes anew (METADATA, RECORD, WHEEL,
PKG-INFO) is left out. A compiled module counts by its name without the interpreter's suffix, and a vendored library by
its name without the hash of its contents, so that neither is lost by being built again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

_WRITTEN_ANEW: Final = frozenset({"METADATA", "RECORD", "RECORD.jws", "RECORD.p7s", "WHEEL", "PKG-INFO"})
_COMPILED_SUFFIX: Final = re.compile(r"\.(?:cp[0-9]|pypy|cpython|abi3|graalpy)[\w-]*(?=\.(?:so|pyd)$)")
_VENDORED_HASH: Final = re.compile(r"-[0-9a-f]{8,}(?=\.(?:so|dll|dylib))")
_COMPILED: Final = (".so", ".pyd", ".dll", ".dylib")
_SECRET_NAMES: Final = re.compile(
    r"(?:^|/)(?:\.env(?:\.\w+)?|\.pypirc|\.netrc|\.npmrc|id_(?:rsa|dsa|ecdsa|ed25519)|[^/]*\.(?:pem|p12|pfx|jks))$"
)
_GENERATED: Final = re.compile(r"(?:^|/)(?:_?version|__version__|_version_info)\.py$")
"""Written by the build from the version, and often absent from an sdist."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file in an archive."""

    name: str
    size: int
    """Bytes, unpacked."""
    crc: int | None = None
    """CRC-32 of a zip member; None where the archive has none."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A member or folder that a reader should see."""

    name: str
    why: str
    loss: bool = False
    """It is gone, and somebody may have used it."""


@dataclass(frozen=True, kw_only=True)
class ContentsComparison:
    """Members of two distributions; names are ours, of removed members the baseline's. Sorted."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    marked: tuple[Mark, ...] = ()

    def by_folder(self) -> Mapping[str, tuple[int, int, int]]:
        """Added, removed and changed members of each folder, by count."""
        counts = [Counter(str(PurePosixPath(name).parent) for name in names) for names in self._lists]
        return {
            folder: (counts[0][folder], counts[1][folder], counts[2][folder]) for folder in sorted(set().union(*counts))
        }

    @property
    def _lists(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        return self.added, self.removed, self.changed


def compare_contents(
    before: Iterable[Member], after: Iterable[Member], *, versions: tuple[str, str], project: str
) -> ContentsComparison:
    """Compare the members of a distribution with those of the one that it replaces.

    ``versions`` are the spellings of the older and of the newer version in names; ``project`` is the name in them.
    """
    old = _by_meaning(before, versions[0], project)
    new = _by_meaning(after, versions[1], project)
    added = sorted(new[key].name for key in new.keys() - old.keys())
    removed = sorted(old[key].name for key in old.keys() - new.keys())
    changed = sorted(new[key].name for key in old.keys() & new.keys() if _differ(old[key], new[key]))
    return ContentsComparison(
        added=tuple(added),
        removed=tuple(removed),
        changed=tuple(changed),
        marked=(*_losses(old, new), *_news(old, new)),
    )


def missing_from_sdist(wheel: Iterable[Member], sdist: Iterable[Member]) -> tuple[str, ...]:
    """Python modules and data of a wheel that no member of the sdist ends with; compiled and generated files apart."""
    tails = {tail for member in sdist for tail in _tails(member.name)}
    return tuple(
        sorted(
            member.name
            for member in wheel
            if not member.name.endswith(("/", *_COMPILED))
            and ".dist-info/" not in member.name
            and ".data/" not in member.name
            and not _GENERATED.search(member.name)
            and member.name not in tails
        )
    )


def _tails(name: str) -> Iterable[str]:
    """A path, and what is left of it without its first folders, at most three (top folder, ``src``, one more)."""
    parts = name.removeprefix("./").split("/")
    return ("/".join(parts[first:]) for first in range(min(4, len(parts))))


def _by_meaning(members: Iterable[Member], version: str, project: str) -> dict[str, Member]:
    release = re.compile(rf"(?<![\w.]){re.escape(project)}-{re.escape(version)}(?=[./]|$)", re.IGNORECASE)
    found: dict[str, Member] = {}
    for member in members:
        if member.name.endswith("/") or PurePosixPath(member.name).name in _WRITTEN_ANEW:
            continue
        key = release.sub(project, member.name)
        found[_VENDORED_HASH.sub("", _COMPILED_SUFFIX.sub("", key))] = member
    return found


def _differ(old: Member, new: Member) -> bool:
    return old.size != new.size or (old.crc is not None and new.crc is not None and old.crc != new.crc)


def _losses(old: Mapping[str, Member], new: Mapping[str, Member]) -> Iterable[Mark]:
    """Folders with modules that are gone, and data files that are gone from a folder that stays."""
    folders_now = {str(parent) for name in new for parent in PurePosixPath(name).parents}
    gone_folders = {
        folder
        for name in old.keys() - new.keys()
        if (folder := str(PurePosixPath(name).parent)) not in folders_now and folder != "." and _is_code(name)
    }
    tops = sorted(folder for folder in gone_folders if not any(_is_below(folder, other) for other in gone_folders))
    for folder in tops:
        yield Mark(name=folder, why="a folder with modules is gone", loss=True)
    for name in sorted(old.keys() - new.keys()):
        if not _is_metadata(name) and not any(_is_below(name, folder) for folder in tops):
            why = "a module is gone" if _is_code(name) else "a data file is gone"
            yield Mark(name=old[name].name, why=why, loss=True)


def _news(old: Mapping[str, Member], new: Mapping[str, Member]) -> Iterable[Mark]:
    """What a reviewer wants to know of that came."""
    tops_before = {name.split("/")[0] for name in old if not _is_metadata(name)}
    for top in sorted({name.split("/")[0] for name in new if not _is_metadata(name)} - tops_before):
        yield Mark(name=top, why="a new top-level name")
    for name in sorted(new.keys() - old.keys()):
        member = new[name]
        if _SECRET_NAMES.search(member.name):
            yield Mark(name=member.name, why="looks like a secret")
        elif member.name.endswith(".pth"):
            yield Mark(name=member.name, why="a new .pth file runs at every start of Python")
        elif ".data/scripts/" in member.name:
            yield Mark(name=member.name, why="a new script")
        elif member.name.endswith(_COMPILED):
            yield Mark(name=member.name, why="a new compiled library")


def _is_code(name: str) -> bool:
    return name.endswith((".py", ".pyi", *_COMPILED))


def _is_metadata(name: str) -> bool:
    return ".dist-info/" in name or ".egg-info/" in name


def _is_below(name: str, folder: str) -> bool:
    return name.startswith(f"{folder}/")


def lost(comparisons: Sequence[ContentsComparison]) -> tuple[Mark, ...]:
    """Everything that is gone, once each."""
    return tuple(dict.fromkeys(mark for each in comparisons for mark in each.marked if mark.loss))
