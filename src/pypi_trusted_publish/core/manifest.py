"""The manifest of a set of distributions: one line that identifies exactly these files with exactly these names.

A preview prints it, an approver reviews what it covers, and the publishing job refuses any other set. It covers only
the distributions, not the attestation files next to them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from ..values import dataclass

if TYPE_CHECKING:
    from ..checks.model import Distribution

ANY_MANIFEST: Final = "any"
"""The value for no comparison."""
_FORM: Final = 1
"""The version of the format; it changes whenever the counting or hashing does."""
_NO_LIST: Final = "it is not a JSON list of filename, size and sha256"
_LINE: Final = re.compile(r"([0-9]{1,3}):([0-9]{1,6}):([0-9a-f]{64})")


@dataclass(frozen=True, order=True)
class ManifestEntry:
    """One distribution."""

    filename: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal, lower case."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """``format:files:sha256``, such as ``1:6:9f86d0...``."""

    files: int
    sha256: str
    """Over ``name NUL size NUL sha256 LF`` of each file in UTF-8, sorted by name."""
    form: int = _FORM

    def __str__(self) -> str:
        return f"{self.form}:{self.files}:{self.sha256}"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The differences from the approved files, as far as their names are known; sorted."""

    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class UnreadableManifest(ValueError):
    """The text is not a manifest. The message says why, without quoting the text."""


def entries_of(distributions: Iterable[Distribution]) -> tuple[ManifestEntry, ...]:
    """What a manifest contains about each file."""
    return tuple(ManifestEntry(filename=file.filename, size=file.size, sha256=file.sha256) for file in distributions)


def manifest_of(entries: Iterable[ManifestEntry]) -> Manifest:
    """The manifest of these files, in any order."""
    digest, count = hashlib.sha256(), 0
    for entry in sorted(set(entries)):
        digest.update(f"{entry.filename}\0{entry.size}\0{entry.sha256}\n".encode("utf-8", "surrogatepass"))
        count += 1
    return Manifest(files=count, sha256=digest.hexdigest())


def parse_manifest(text: str) -> Manifest:
    """Read the line that a preview printed. Raises UnreadableManifest."""
    found = _LINE.fullmatch(text.strip())
    if found is None:
        raise UnreadableManifest("it is not of the form VERSION:FILES:SHA256")
    if int(found[1]) != _FORM:
        raise UnreadableManifest(f"its form is version {int(found[1])}, and this action reads version {_FORM}")
    return Manifest(files=int(found[2]), sha256=found[3])


def parse_entries(text: str) -> tuple[ManifestEntry, ...]:
    """Read the output ``distributions`` of a preview: a JSON list of filename, size and sha256.

    Raises UnreadableManifest.
    """
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        raise UnreadableManifest(_NO_LIST)
    return tuple(map(_entry, listed))


def _entry(listed: object) -> ManifestEntry:
    match listed:
        case {"filename": str(filename), "size": int(size), "sha256": str(sha256)}:
            return ManifestEntry(filename=filename, size=size, sha256=sha256)
    raise UnreadableManifest(_NO_LIST)


def differences(approved: Sequence[ManifestEntry], ours: Sequence[ManifestEntry]) -> Difference:
    """Which files differ from the approved ones."""
    before = {entry.filename: entry for entry in approved}
    now = {entry.filename: entry for entry in ours}
    return Difference(
        changed=tuple(sorted(name for name in before.keys() & now.keys() if before[name] != now[name])),
        added=tuple(sorted(now.keys() - before.keys())),
        missing=tuple(sorted(before.keys() - now.keys())),
    )
