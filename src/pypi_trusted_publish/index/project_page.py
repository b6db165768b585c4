"""What the JSON simple index says of a project."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from packaging.utils import NormalizedName


class PageState(str, enum.Enum):
    """Whether the page could be read."""

    KNOWN = "known"
    """The index has a page for the project; it may list no file."""
    NO_PROJECT = "no project"
    """404: the index does not know the project."""
    UNREADABLE = "unreadable"
    """Whatever else was answered; nothing is known."""


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """One file that the index lists."""

    filename: str
    sha256: str | None
    """Hexadecimal, lower case; None when the index names no SHA-256."""
    size: int | None
    """Bytes."""
    upload_time: float | None
    """Seconds since the epoch."""
    provenance: str | None
    """URL of the file's provenance, if it has any."""


@dataclass(frozen=True, kw_only=True)
class ProjectPage:
    """A project's page, read once."""

    project: NormalizedName
    state: PageState
    files: tuple[PublishedFile, ...] = ()
    status: str = "active"
    """``active``, ``archived``, ``quarantined`` or ``deprecated`` (PEP 792)."""
    status_reason: str = ""
    why_unreadable: str = ""
    """A phrase for people when ``state`` is UNREADABLE, such as ``403 Forbidden``."""

    def file(self, filename: str) -> PublishedFile | None:
        """The entry of that name, or None."""
        return next((entry for entry in self.files if entry.filename == filename), None)
