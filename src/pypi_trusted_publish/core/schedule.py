"""The order of the uploads, and which of them may run in parallel.

There are three rules, by priority:

1. A file that the index may refuse is uploaded before all others and alone, one file for each doubt. If the index
   accepts it, it accepts the others with the same doubt too; if it refuses it, nothing else has been sent.
2. Files that create one release at the same time fail on the index (observed on its server code in August 2026: six of
   eight answered 500), so the first file of each release is uploaded before the others of that release. Releases of
   different projects do not wait for each other.
3. The sdists of a release are uploaded after its wheels, so that no user has to build from source in between.
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
    """One upload, and those that must succeed before it may start."""

    distribution: Distribution
    after: frozenset[str]
    """File names."""
    doubts: tuple[Doubt, ...] = ()
    """The doubts that this upload settles by going first and alone."""


def schedule(plan: UploadPlan, doubts: Mapping[str, Collection[Doubt]]) -> tuple[ScheduledUpload, ...]:
    """The plan's uploads in order, each after those it waits for.

    ``doubts`` has the doubts about each file by its name; files without doubts may be missing.
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
        scheduled += _wheels_then_sdist(rest, before)
    return tuple(scheduled)


def _doubtful(
    uploads: Sequence[Distribution], doubts: Mapping[str, Collection[Doubt]]
) -> Iterator[tuple[Distribution, tuple[Doubt, ...]]]:
    """One file for each doubt, and the doubts that it settles; files that settle most come first."""
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
    """The uploads by release: first new projects, which are most likely to fail, then those with the most files."""
    releases: dict[object, list[Distribution]] = {}
    for file in plan.uploads:
        releases.setdefault(file.release, []).append(file)
    return sorted(
        releases.items(),
        key=lambda each: (not _is_new(plan, each[1][0]), -len(each[1]), each[1][0].project, each[1][0].version),
    )


def _wheels_then_sdist(files: Sequence[Distribution], before: frozenset[str]) -> Iterator[ScheduledUpload]:
    """The largest wheel first, so that it does not finish last; the sdist of the release after all of them."""
    wheels = sorted((file for file in files if file.kind is Kind.WHEEL), key=lambda file: (-file.size, file.filename))
    for file in wheels:
        yield ScheduledUpload(distribution=file, after=before)
    before = frozenset(file.filename for file in wheels) or before
    for file in files:
        if file.kind is Kind.SDIST:
            yield ScheduledUpload(distribution=file, after=before)


def _is_new(plan: UploadPlan, file: Distribution) -> bool:
    return plan.page(file.project).state is PageState.NO_PROJECT
