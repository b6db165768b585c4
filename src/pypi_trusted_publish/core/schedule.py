"""In which order files are sent, and which of them may be sent at the same time.

Three rules, the first one first:

1. A file that the index may refuse goes before all others, and alone: one file for each doubt. When the index takes
   it, it takes the others with the same doubt too; when it refuses it, nothing else has been sent.
2. Files that create one release at the same time fail on the index (observed on its server code in August 2026: six of
   eight answered 500), so the first file of each release goes before the others of that release. Releases of different
   projects do not wait for each other.
3. The sdists of a release come after its wheels, so that nobody has to build from source in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks.model import Doubt, Kind
from ..values import dataclass
from .plan import has_release
from .project_page import PageState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ..checks.model import Distribution
    from .plan import UploadPlan


@dataclass(frozen=True, kw_only=True)
class ScheduledUpload:
    """One upload, and those that must have succeeded before it may begin."""

    distribution: Distribution
    after: frozenset[str]
    """File names."""
    doubts: tuple[Doubt, ...] = ()
    """What the upload settles, when it goes first and alone for that."""


def schedule(plan: UploadPlan, doubts: Mapping[str, Collection[Doubt]]) -> tuple[ScheduledUpload, ...]:
    """The plan's uploads, each after those that it waits for; of those that may begin, the first one is the next.

    ``doubts`` holds the doubts about each file by its name; a file without any need not be there.
    """
    scheduled: list[ScheduledUpload] = []
    for file, settled in _doubtful(plan.uploads, doubts):
        before = frozenset(each.distribution.filename for each in scheduled[-1:])
        scheduled.append(ScheduledUpload(distribution=file, after=before, doubts=settled))
    doubtful = {each.distribution.filename for each in scheduled}
    settled_by = frozenset(each.distribution.filename for each in scheduled[-1:])
    created = {each.distribution.release for each in scheduled}
    creating: dict[str, frozenset[str]] = {each.distribution.project: settled_by for each in scheduled}
    for release, files in _releases(plan):
        rest = [file for file in files if file.filename not in doubtful]
        before = creating.get(files[0].project, settled_by)
        if rest and release not in created and not has_release(plan.page(files[0].project), files[0].version):
            first = min(rest, key=lambda file: (file.kind is Kind.SDIST, file.size, file.filename))
            scheduled.append(ScheduledUpload(distribution=first, after=before))
            rest.remove(first)
            before = frozenset({first.filename})
            if _is_new(plan, first):
                creating.setdefault(first.project, before)
        scheduled += _wheels_then_sdists(rest, before)
    return tuple(scheduled)


def _doubtful(
    uploads: Sequence[Distribution], doubts: Mapping[str, Collection[Doubt]]
) -> Iterator[tuple[Distribution, tuple[Doubt, ...]]]:
    """One file for each doubt, and the doubts that it settles; a file that settles more of them first."""
    having: dict[Doubt, list[Distribution]] = {}
    for file in uploads:
        for doubt in doubts.get(file.filename, ()):
            having.setdefault(doubt, []).append(file)
    settles: dict[str, list[Doubt]] = {}
    for doubt, files in having.items():
        largest = max(files, key=lambda file: (file.size, file.filename))
        for file in [largest] if doubt.by_size else files:
            settles.setdefault(file.filename, []).append(doubt)
    open_doubts = set(having)
    while open_doubts:
        file = min(
            (file for file in uploads if not open_doubts.isdisjoint(settles.get(file.filename, ()))),
            key=lambda file: (-len(open_doubts.intersection(settles[file.filename])), file.size, file.filename),
        )
        yield file, tuple(doubt for doubt in settles[file.filename] if doubt in open_doubts)
        open_doubts.difference_update(settles[file.filename])


def _releases(plan: UploadPlan) -> list[tuple[object, list[Distribution]]]:
    """The uploads by release: of new projects first, which are the likeliest to fail, then the most files first."""
    releases: dict[object, list[Distribution]] = {}
    for file in plan.uploads:
        releases.setdefault(file.release, []).append(file)
    return sorted(
        releases.items(),
        key=lambda each: (not _is_new(plan, each[1][0]), -len(each[1]), each[1][0].project, each[1][0].version),
    )


def _wheels_then_sdists(files: Sequence[Distribution], before: frozenset[str]) -> Iterator[ScheduledUpload]:
    """The largest wheel first, so that none is left over at the end; sdists one after the other."""
    wheels = sorted((file for file in files if file.kind is Kind.WHEEL), key=lambda file: (-file.size, file.filename))
    for file in wheels:
        yield ScheduledUpload(distribution=file, after=before)
    before = frozenset(file.filename for file in wheels) or before
    for file in sorted((file for file in files if file.kind is Kind.SDIST), key=lambda file: file.filename):
        yield ScheduledUpload(distribution=file, after=before)
        before = frozenset({file.filename})


def _is_new(plan: UploadPlan, file: Distribution) -> bool:
    return plan.page(file.project).state is PageState.NO_PROJECT
