"""The form that registers a publisher on the index, and what explanations need to know about an index."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .claims import UnverifiedClaims

_SHOWN_PAGES = 5


@dataclass(frozen=True, kw_only=True)
class IndexInfo:
    """What explanations need to know about an index; passed in, because only one module has host names."""

    name: str
    """The display name: ``PyPI``, ``TestPyPI``, or the host name."""
    expected_audience: str | None = None
    """The constant of PyPI and TestPyPI; None for any other index."""
    mint_url: str = ""
    project_publishing_page: str = ""
    """URL of a project's publishing settings with ``{project}`` where the name goes; empty when unknown."""
    pending_publishing_page: str = ""
    """URL of the page on which pending publishers are registered; empty when unknown."""

    def words(self, project: str) -> dict[str, str]:
        """The values of the index for the rows of :data:`.responses.ANSWERS`."""
        publishing = self.project_publishing_page.replace("{project}", project)
        return {
            "index": self.name,
            "project": project,
            "mint_url": self.mint_url,
            "publishing": publishing or f"the publishing settings of {project} on {self.name}",
            "pending": self.pending_publishing_page or f"the publishing settings of your account on {self.name}",
        }

    def pages(
        self, projects: Sequence[str], unknown: Sequence[str], form: PublisherForm | None = None
    ) -> tuple[str, ...]:
        """The pages to open: the settings of each known project, and that of pending publishers if some are unknown.

        ``form``: prefills the pages of known projects.
        """
        known = [name for name in projects if name not in unknown]
        pages = [self.project_publishing_page.replace("{project}", name) for name in known[:_SHOWN_PAGES]]
        pages = [form.filled_in(page) if form is not None else page for page in pages]
        if unknown or not projects:
            pages.append(self.pending_publishing_page)
        return tuple(page for page in pages if page)


@dataclass(frozen=True, kw_only=True)
class PublisherForm:
    """The fields of the form for GitHub, filled. Labels as on PyPI, August 2026."""

    owner: str
    repository: str
    """Name without the owner."""
    workflow: str
    """File name alone, such as ``release.yml``."""
    environment: str | None

    @classmethod
    def of(cls, claims: UnverifiedClaims) -> PublisherForm:
        """Fill the form so that it matches the job that these claims are from."""
        return cls(
            owner=claims.repository_owner or claims.repository.partition("/")[0],
            repository=claims.repository_name,
            workflow=claims.job_workflow.filename,
            environment=claims.environment,
        )

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Label and value of each field."""
        return (
            ("Owner", self.owner or "(unknown)"),
            ("Repository name", self.repository or "(unknown)"),
            ("Workflow name", self.workflow or "(unknown)"),
            ("Environment name", self.environment or "(leave empty)"),
        )

    def filled_in(self, page: str) -> str:
        """The address of a project's publishing settings with this form filled in."""
        values = {
            "owner": self.owner,
            "repository": self.repository,
            "workflow_filename": self.workflow,
            "environment": self.environment or "",
        }
        given = {name: value for name, value in values.items() if value}
        return f"{page}?{urlencode({'provider': 'github', **given})}" if page else ""

    def lines(self) -> str:
        """The form as aligned lines."""
        return "\n".join(f"{label + ':':<18}{value}" for label, value in self.fields())


@dataclass(frozen=True, kw_only=True)
class Situation:
    """The context of a refused mint."""

    claims: UnverifiedClaims | None
    index: IndexInfo
    projects: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """The projects that are not on the index."""


def words_of(situation: Situation) -> dict[str, str]:
    """The values of the job for the rows of a refused mint."""
    claims = situation.claims
    if claims is None:
        return {"workflow_difference": "The publisher names another workflow file."}
    return {
        "owner": claims.repository_owner,
        "environment": repr(claims.environment) if claims.environment else "this job has none",
        "event": claims.event_name,
        "job_workflow_ref": claims.job_workflow_ref or "empty",
        "workflow_difference": _workflow_difference(claims),
    }


def _workflow_difference(claims: UnverifiedClaims) -> str:
    job = claims.job_workflow
    if claims.is_called_from_elsewhere:
        return (
            f"The job is in a workflow of {job.repository}, called from {claims.repository}; the index accepts only "
            f"a workflow of {claims.repository} itself."
        )
    if job.at and job.at in (claims.ref, claims.sha):
        return f"The job is in {job.filename} at {job.at}, that of the run; the publisher names another file."
    where = f"{job.filename or 'another file'} at {job.at or 'an unknown ref'}"
    return f"The job is in {where}, which is not the ref or commit of this run."


def possible_differences(situation: Situation) -> tuple[str, ...]:
    """Everything that may differ, most likely first, one sentence each."""
    return tuple(_differences(situation))


def _differences(situation: Situation) -> Iterator[str]:
    claims = situation.claims
    if claims is not None:
        yield from _called(claims)
        yield _environment_difference(claims)
        yield from _spelling(claims)
    yield from _pending(situation)
    yield from _which_index(situation.index)


def _called(claims: UnverifiedClaims) -> Iterator[str]:
    job = claims.job_workflow
    if not claims.is_called or not job.repository:
        return
    caller = claims.caller_workflow
    if (job.repository, job.filename) == (caller.repository, caller.filename):
        yield f"Workflow: the job runs {job.filename} as it was at {job.at}, not at the ref or commit of this run."
    elif not claims.is_called_from_elsewhere:
        yield (
            f"Workflow: the job is in the called file {job.filename}, not in {caller.filename}; the publisher must "
            f"name {job.filename}."
        )
    else:
        yield (
            f"Workflow: the job is in {job.repository} ({job.filename}), called from {claims.repository} "
            f"({caller.filename}). A publisher can only name a workflow of {claims.repository}: move the job there."
        )


def _environment_difference(claims: UnverifiedClaims) -> str:
    if claims.environment is None:
        return "Environment: this job has none, so a publisher that names one can never match; name it in the job too."
    return (
        f"Environment: the publisher must name {claims.environment!r} (in any case) or leave it empty, "
        "which allows every environment."
    )


def _spelling(claims: UnverifiedClaims) -> Iterator[str]:
    if claims.repository:
        mixed = " It has capitals: copy it from here." if claims.repository != claims.repository.lower() else ""
        yield f"Owner and repository: spelled exactly {claims.repository}, including case.{mixed}"
        yield (
            "Renamed or transferred: the publisher keeps the old names and the id of the old owner "
            f"(now {claims.repository_owner_id or 'unknown'}); remove it and register it again."
        )


def _pending(situation: Situation) -> Iterator[str]:
    for name in situation.unknown[:5]:
        yield (
            f"New project: {name!r} is not on the index; it needs a pending publisher with exactly that project "
            "name. A pending publisher with another name creates another project."
        )


def _which_index(index: IndexInfo) -> Iterator[str]:
    if index.expected_audience is not None:
        yield (
            f"Index: the publisher must be registered on {index.name} itself; PyPI and TestPyPI are separate "
            f"indexes (this token's audience: {index.expected_audience})."
        )
