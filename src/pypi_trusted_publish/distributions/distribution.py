"""The words for a distribution: the file that was found, what it turned out to be, and what is wrong with it."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import Severity


class Kind(str, enum.Enum):
    """The two kinds of distribution; the values are those of the upload form's ``filetype``."""

    WHEEL = "bdist_wheel"
    SDIST = "sdist"


@dataclass(frozen=True, kw_only=True)
class FileIdentity:
    """What tells whether a path still names the same untouched file."""

    device: int
    inode: int
    size: int
    """Bytes."""
    mtime_ns: int
    """Nanoseconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A regular file that the user named and that may be a distribution; nothing in it has been read."""

    path: str
    """Absolute."""
    filename: str
    line: str
    """The line of ``packages-dir`` (or the argument of ``check``) that named it, as it was written."""
    identity: FileIdentity
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)
    """Opens it for reading in binary, without following links, and refuses (``OSError``) when it is not the file
    of ``identity``. Whoever calls it closes what it returns."""


@dataclass(frozen=True, kw_only=True)
class CoreMetadata:
    """The core metadata of one file, as the file itself spells it.

    ``fields`` holds every header in the order of the file: the field's name as spelt there and its unparsed value
    (folds keep their line ends); the body, if there is one, stands last as ``Description``.
    """

    version: str
    """``Metadata-Version``, such as ``"2.4"``."""
    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, the name compared without regard to case."""
        wanted = name.lower()
        return tuple(value for key, value in self.fields if key.lower() == wanted)

    def first(self, name: str) -> str | None:
        """The first value of a field, or None."""
        values = self.all(name)
        return values[0] if values else None


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A wheel or an sdist whose name and metadata could be read; what an upload needs to know of it."""

    path: str
    filename: str
    line: str
    identity: FileIdentity
    kind: Kind
    name: str
    """The project's name as the metadata spells it."""
    project: NormalizedName
    version: Version
    pyversion: str
    """The form's ``pyversion``: a wheel's python tag as in its file name, ``source`` for an sdist."""
    tags: tuple[str, ...]
    """A wheel's tags, expanded and sorted, such as ``("cp312-abi3-win_amd64",)``; empty for an sdist."""
    metadata: CoreMetadata
    sha256: str
    """Hexadecimal, lower case."""
    blake2b_256: str
    """BLAKE2b with a digest of 256 bits, hexadecimal, lower case."""
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)
    copies: tuple[str, ...] = ()
    """Paths of further files with the same name and the same bytes; they are not uploaded."""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.identity.size

    @property
    def release(self) -> tuple[NormalizedName, Version]:
        """The release that the file belongs to."""
        return (self.project, self.version)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with one file, by one rule."""

    rule: str
    """The rule's code, such as ``wheel-record-missing``."""
    severity: Severity
    filename: str
    message: str
    """One sentence that quotes the value. May hold foreign text: whoever prints it cleans it."""
    hint: str
    """How to fix it."""


@dataclass(frozen=True, kw_only=True)
class CheckedSet:
    """Every file that was looked at: those that could be read, and everything that was found, sorted."""

    filenames: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    findings: tuple[Finding, ...]
    by_every_rule: bool = True
    """False when only what cannot be left out was applied (``verify-metadata`` is off)."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that the index would refuse."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)
