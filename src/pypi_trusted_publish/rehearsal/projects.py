"""What the embedded index holds: projects, releases, files, and the names that are used up.

Every event that creates something takes a number from one sequence, and so does every request when it begins. A
request that began before something was created, and finds it there when it wants to create it, has raced: the real
server answers 500 then, and this one always does.
"""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

SIZE_LIMIT: Final = 100 << 20
"""Bytes of one file, as long as nobody has asked for more."""
DAY: Final = 86_400


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """One file that the index took."""

    filename: str
    project: NormalizedName
    version: Version
    filetype: str
    """``bdist_wheel`` or ``sdist``."""
    sha256: str
    blake2b_256: str
    size: int
    """Bytes."""
    uploaded_at: float
    """Seconds since the epoch."""
    path: Path
    fields: tuple[tuple[str, str], ...]
    """Every field of the form, in order, the file itself apart."""
    number: int
    """In the sequence of events."""
    provenance: str = ""
    """Its provenance (PEP 740) as JSON; empty when it came without attestations."""

    def values(self, name: str) -> tuple[str, ...]:
        """Every value that the form had for a field."""
        return tuple(value for key, value in self.fields if key == name)


@dataclass(kw_only=True)
class Release:
    """One version of a project."""

    version: Version
    created_at: float
    number: int


@dataclass(kw_only=True)
class Project:
    """One project."""

    name: str
    """As it was first spelled."""
    number: int
    status: str = "active"
    """``active``, ``archived``, ``quarantined`` or ``deprecated``."""
    status_reason: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    releases: dict[Version, Release] = field(default_factory=dict)
    files: dict[str, PublishedFile] = field(default_factory=dict)
    first_file: int | None = None
    """When in the sequence the first file came."""
    size_limit: int = SIZE_LIMIT
    """Bytes of one file."""
    total_limit: int = 10 * 1024 * 1024 * 1024
    """Bytes of all files."""

    @property
    def normalized(self) -> NormalizedName:
        """The name by which it is found."""
        return canonicalize_name(self.name)


class ProjectStore:
    """All projects. Changed only by the server's thread; read from anywhere."""

    def __init__(self) -> None:
        self.projects: dict[NormalizedName, Project] = {}
        self.used_filenames: set[str] = set()
        """Names of deleted files: never to be used again."""
        self._sequence = itertools.count(1)
        self._by_name: dict[str, PublishedFile] = {}
        self._by_content: dict[str, PublishedFile] = {}

    def next_number(self) -> int:
        """The next number of the sequence of events."""
        return next(self._sequence)

    def project(self, name: str) -> Project | None:
        """The project of that name, however it is spelled."""
        return self.projects.get(canonicalize_name(name))

    def create_project(self, name: str) -> Project:
        """A new, empty project; the present one when there is one."""
        return self.projects.setdefault(canonicalize_name(name), Project(name=name, number=self.next_number()))

    def find_file(self, filename: str) -> PublishedFile | None:
        """The file of exactly that name."""
        return self._by_name.get(filename)

    def find_content(self, blake2b_256: str) -> PublishedFile | None:
        """The file with these bytes, under whatever name."""
        return self._by_content.get(blake2b_256)

    def files(self) -> tuple[PublishedFile, ...]:
        """All files, in the order in which they came."""
        found = [file for project in tuple(self.projects.values()) for file in tuple(project.files.values())]
        return tuple(sorted(found, key=lambda file: file.number))

    def add(self, file: PublishedFile) -> None:
        """Take a file; makes its release when there is none."""
        project = self.projects[file.project]
        release = Release(version=file.version, created_at=file.uploaded_at, number=file.number)
        project.releases.setdefault(file.version, release)
        project.files[file.filename] = self._by_name[file.filename] = self._by_content[file.blake2b_256] = file
        if project.first_file is None:
            project.first_file = file.number

    def delete(self, filename: str) -> None:
        """Take a file away; its name stays used."""
        file = self._by_name.pop(filename)
        del self._by_content[file.blake2b_256], self.projects[file.project].files[filename]
        self.used_filenames.add(filename)
