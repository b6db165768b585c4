"""Distributions against what the index lists: what to upload, what is there, what is in the way."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .distributions.distribution import Distribution
from .errors import Diagnosis
from .index.project_page import ProjectPage


class Decision(str, enum.Enum):
    """What happens to one file; the values are what users read."""

    UPLOAD = "upload"
    IDENTICAL = "identical: skipped"
    CONFLICT = "conflict: same name, other bytes"
    SKIPPED = "skipped: same name, other bytes"
    """A conflict that ``skip-existing`` lets pass."""


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """One distribution and what will be done with it."""

    distribution: Distribution
    decision: Decision
    published_sha256: str | None = None
    """What the index has under that name, when it has something."""


@dataclass(frozen=True, kw_only=True)
class UploadPlan:
    """The whole run, decided before the first byte is sent."""

    files: tuple[PlannedFile, ...]
    pages: tuple[ProjectPage, ...]
    warnings: tuple[Diagnosis, ...] = ()

    @property
    def uploads(self) -> tuple[Distribution, ...]:
        """What will be sent."""
        return tuple(file.distribution for file in self.files if file.decision is Decision.UPLOAD)
