"""A release beside the one before it, as far as the page of the project shows both. Pure; no further request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName
from packaging.version import Version

from ..checks.model import PROJECT_SIZE_LIMIT, Distribution, Finding
from ..formatting import count_text, size_text
from .baseline import Baseline, ReleaseFile, files_of, find_baseline, parse_release_file
from .comparison import FileComparison, compare_files
from .project_page import PageState, ProjectPage
from .release_findings import file_findings


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a project uses of its room on the index, in bytes."""

    used: int
    limit: int
    releases: int
    """For how many releases of this size what is left lasts."""


@dataclass(frozen=True, kw_only=True)
class PageComparison:
    """One release of the set beside the one before it."""

    name: str
    project: NormalizedName
    version: Version
    baseline: Baseline
    files: FileComparison
    room: Room | None
    size: int
    """Bytes of the files of this run."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the comparison finds."""
        return tuple(file_findings(self.files, f"{self.name} {self.baseline.version}"))

    @property
    def line(self) -> str:
        """The comparison in one line."""
        kept, new, lost = len(self.files.kept), len(self.files.new), len(self.files.lost)
        sdist = "; the sdist is lost" if self.files.lost_sdist else ""
        room = f"; the project then uses {size_text(self.room.used + self.size)}" if self.room else ""
        return f"{count_text(kept, 'file')} kept, {new} new, {lost} lost{sdist}; {size_text(self.size)}{room}"


def compare_with_pages(distributions: Sequence[Distribution], pages: Sequence[ProjectPage]) -> Iterator[PageComparison]:
    """Each release of the set that has an older one; files of the same version on the index count as ours."""
    for page in pages:
        mine = [file for file in distributions if file.project == page.project]
        for version in dict.fromkeys(file.version for file in mine):
            files = [file for file in mine if file.version == version]
            baseline = find_baseline(page, version)
            if baseline.version is None:
                continue
            ours = [release_file(file) for file in files]
            names = {file.filename for file in ours}
            published = [file for file in files_of(page, version) if file.filename not in names]
            yield PageComparison(
                name=files[0].name,
                project=page.project,
                version=version,
                baseline=baseline,
                files=compare_files(
                    [*ours, *published],
                    baseline.files,
                    requires_python=files[0].metadata.first("Requires-Python") or "",
                ),
                room=room_of(page, files),
                size=sum(file.size for file in files),
            )


def release_file(file: Distribution) -> ReleaseFile:
    """A file of ours as it is compared."""
    parsed = parse_release_file(file.filename, project=file.project, size=file.size)
    return parsed[1] if parsed else ReleaseFile(filename=file.filename, size=file.size)


def room_of(page: ProjectPage, files: Sequence[Distribution]) -> Room | None:
    """What the project uses; None when the index does not say the size of every file."""
    sizes = [entry.size for entry in page.files]
    if page.state is not PageState.KNOWN or not sizes or any(size is None for size in sizes):
        return None
    used, ours = sum(size or 0 for size in sizes), sum(file.size for file in files)
    return Room(used=used, limit=PROJECT_SIZE_LIMIT, releases=max(0, PROJECT_SIZE_LIMIT - used) // max(1, ours))
