"""Ask the index what it lists, until every file is there with our bytes or the wait is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from ..core.project_page import PageState, ProjectPage
from ..errors import Diagnosis, PublishError, Severity
from ..events import Confirmed, DiagnosisReported, Emit, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from ..checks.model import Distribution
    from ..clock import Clock
    from ..core.project_page import ProjectPage


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What the index's own list says of the files that should be there."""

    confirmed: tuple[Distribution, ...]
    missing: tuple[Distribution, ...]
    """Not listed, or listed with other bytes."""


def confirm(
    expected: Iterable[Distribution],
    pages: Mapping[NormalizedName, ProjectPage],
    *,
    with_provenance: frozenset[str] = frozenset(),
) -> Confirmation:
    """Hold the files that should be there against the pages.

    ``with_provenance`` names the files that were sent with attestations: they count once their provenance shows.
    """
    confirmed: list[Distribution] = []
    missing: list[Distribution] = []
    for distribution in expected:
        wants_provenance = distribution.filename in with_provenance
        there = _is_there(distribution, pages.get(distribution.project), wants_provenance=wants_provenance)
        (confirmed if there else missing).append(distribution)
    return Confirmation(confirmed=tuple(confirmed), missing=tuple(missing))


def _is_there(distribution: Distribution, page: ProjectPage | None, *, wants_provenance: bool) -> bool:
    entry = page.file(distribution.filename) if page is not None else None
    if entry is None or entry.sha256 != distribution.sha256:
        return False
    if entry.size is not None and entry.size != distribution.size:
        return False
    return entry.provenance is not None or not wants_provenance


FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 15.0
"""Seconds between two looks: doubled each time, so that a line appears at least every 15 seconds."""


class Pages(Protocol):
    """Where the index's own list can be read."""

    def project_page(self, project: NormalizedName, *, fresh: bool = False) -> ProjectPage:
        """The project's page; ``fresh`` goes past every cache on the way."""

    def project_url(self, distribution: Distribution) -> str:
        """The page for people on which a file is shown."""


def look(
    expected: Sequence[Distribution], *, pages: Pages, with_provenance: frozenset[str] = frozenset()
) -> Confirmation:
    """What the index lists now."""
    projects = sorted({file.project for file in expected})
    return confirm(expected, {name: _read_one(name, pages) for name in projects}, with_provenance=with_provenance)


def read_back(
    expected: Sequence[Distribution],
    *,
    pages: Pages,
    wait: float,
    with_provenance: frozenset[str],
    clock: Clock,
    emit: Emit,
) -> Confirmation:
    """Look once, and again until ``wait`` seconds are over; tell what is there and warn of what is not."""
    began = clock.monotonic()
    pause = FIRST_PAUSE
    while True:
        answer = look(expected, pages=pages, with_provenance=with_provenance)
        waited = clock.monotonic() - began
        if not answer.missing or waited + pause > wait:
            break
        emit(Waiting(missing=tuple(file.filename for file in answer.missing), waited=waited))
        clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    for file in answer.confirmed:
        emit(Confirmed(filename=file.filename, url=pages.project_url(file)))
    if answer.missing:
        emit(DiagnosisReported(diagnosis=_not_there_yet(answer.missing, waited)))
    return answer


def _read_one(project: NormalizedName, pages: Pages) -> ProjectPage:
    """The page as it is now; one that cannot be read shows nothing, and is no reason to fail: the files are public."""
    try:
        return pages.project_page(project, fresh=True)
    except PublishError as problem:
        return ProjectPage(project=project, state=PageState.UNREADABLE, why_unreadable=str(problem))


def _not_there_yet(missing: Sequence[Distribution], waited: float) -> Diagnosis:
    names = ", ".join(file.filename for file in missing)
    return Diagnosis(
        code="not-confirmed",
        message=f"The index took these files and does not list them yet, after {waited:.0f} s: {names}.",
        likely_cause="The simple index is served from a cache, which can lag behind by minutes.",
        fix="Look at the project's page in a few minutes; `wait-for-index` sets how long a run waits for it.",
        severity=Severity.WARNING,
    )
