"""Distributions against what the index lists: what to upload, what is there, what is in the way."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import Diagnosis, IndexRefused, raise_together
from ..index.project_page import PageState, ProjectPage
from . import plan_problems as problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from ..distributions.distribution import Distribution


class Decision(str, enum.Enum):
    """What happens to one file; the values are what users read."""

    UPLOAD = "upload"
    IDENTICAL = "identical: skipped"
    CONFLICT = "conflict: same name, other bytes"
    SKIPPED = "skipped: same name, other bytes"
    """A conflict that ``skip-existing`` lets pass."""


@dataclass(frozen=True, kw_only=True)
class PlanPolicy:
    """What the plan needs to know beside the files and the pages."""

    skip_existing: bool
    like_pypi: bool
    """The index is PyPI or TestPyPI, or a rehearsal of them: their rules about age and size hold."""
    run_attempt: int
    """``GITHUB_RUN_ATTEMPT``: above 1, a conflict is most likely a rebuild."""
    now: float
    """Seconds since the epoch."""


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

    @property
    def published(self) -> tuple[Distribution, ...]:
        """What the index has with our bytes when the plan has been carried out."""
        there = (Decision.UPLOAD, Decision.IDENTICAL)
        return tuple(file.distribution for file in self.files if file.decision in there)

    @property
    def projects(self) -> tuple[NormalizedName, ...]:
        """Those to which something will be sent, each once."""
        return tuple({distribution.project: None for distribution in self.uploads})

    @property
    def project_names(self) -> tuple[str, ...]:
        """The same as the metadata spells them."""
        return tuple({distribution.project: distribution.name for distribution in self.uploads}.values())

    @property
    def new_projects(self) -> tuple[NormalizedName, ...]:
        """Those to which something will be sent and which the index does not know."""
        return tuple(project for project in self.projects if self.page(project).state is PageState.NO_PROJECT)

    def page(self, project: NormalizedName) -> ProjectPage:
        """The page of one of the plan's projects."""
        return next(page for page in self.pages if page.project == project)

    def refusals(self, policy: PlanPolicy) -> tuple[IndexRefused, ...]:
        """Everything for which the index would refuse the plan: nothing may be sent while there is one."""
        return tuple(IndexRefused(diagnosis) for diagnosis in _refusals(self, policy))


def plan_uploads(
    distributions: Iterable[Distribution], pages: Mapping[NormalizedName, ProjectPage], policy: PlanPolicy
) -> UploadPlan:
    """Decide about every file; the plan may still hold conflicts (see :func:`require_feasible`)."""
    files = tuple(_decide(distribution, pages[distribution.project], policy) for distribution in distributions)
    plan = UploadPlan(files=files, pages=tuple(pages.values()))
    return replace(plan, warnings=tuple(_warnings(plan, policy)))


def require_feasible(plan: UploadPlan, policy: PlanPolicy) -> None:
    """Raise :class:`IndexRefused` with every cause for which the index would refuse the plan."""
    raise_together(plan.refusals(policy))


def _decide(distribution: Distribution, page: ProjectPage, policy: PlanPolicy) -> PlannedFile:
    entry = page.file(distribution.filename)
    if entry is None or entry.sha256 is None:
        return PlannedFile(distribution=distribution, decision=Decision.UPLOAD)
    if entry.sha256 == distribution.sha256:
        decision = Decision.IDENTICAL
    else:
        decision = Decision.SKIPPED if policy.skip_existing else Decision.CONFLICT
    return PlannedFile(distribution=distribution, decision=decision, published_sha256=entry.sha256)


def _refusals(plan: UploadPlan, policy: PlanPolicy) -> Iterator[Diagnosis]:
    conflicts = [file for file in plan.files if file.decision is Decision.CONFLICT]
    if conflicts:
        yield problems.conflicts(
            [(file.distribution, file.published_sha256 or "") for file in conflicts], rebuilt=policy.run_attempt > 1
        )
    for distribution in plan.uploads:
        page = plan.page(distribution.project)
        twin = page.file_of(distribution.sha256)
        if twin is not None:
            yield problems.same_bytes(distribution, twin.filename)
        sdist = problems.other_sdist(distribution, page)
        if sdist is not None and policy.like_pypi:
            yield problems.second_sdist(distribution, sdist.filename)
    for page in plan.pages:
        news = [distribution for distribution in plan.uploads if distribution.project == page.project]
        if news:
            yield from _closed(page, news, policy)


def _closed(page: ProjectPage, news: Sequence[Distribution], policy: PlanPolicy) -> Iterator[Diagnosis]:
    if page.status in problems.CLOSED_STATUSES:
        yield problems.closed_project(page)
    if not policy.like_pypi:
        return
    for version in sorted({distribution.version for distribution in news}):
        age = problems.release_age(page, version, policy.now)
        if age is not None and age > problems.RELEASE_OPEN_SECONDS:
            yield problems.old_release(page.project, version, age)


def _warnings(plan: UploadPlan, policy: PlanPolicy) -> Iterator[Diagnosis]:
    yield from (problems.unreadable_page(page) for page in plan.pages if page.state is PageState.UNREADABLE)
    skipped = [file.distribution for file in plan.files if file.decision is Decision.SKIPPED]
    if skipped:
        sent = {distribution.release for distribution in plan.uploads}
        mixed = [distribution for distribution in skipped if distribution.release in sent]
        yield problems.skipped(skipped, mixed)
    if policy.like_pypi:
        yield from problems.beyond_limits(plan.uploads, plan.pages)
