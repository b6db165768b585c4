"""The form in which a publisher is registered on the index, and the facts of an index that explanations need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .claims import UnverifiedClaims

_SHOWN_PAGES = 5


@dataclass(frozen=True, kw_only=True)
class IndexFacts:
    """What an explanation must know of the index; handed in, because host names live in one place only."""

    name: str
    """As people call it: ``PyPI``, ``TestPyPI``, or the host name."""
    expected_audience: str | None = None
    """The constant of PyPI and TestPyPI; None for any other index."""
    project_publishing_page: str = ""
    """URL of a project's publishing settings with ``{project}`` where the name goes; empty when unknown."""
    pending_publishing_page: str = ""
    """URL of the page on which pending publishers are registered; empty when unknown."""

    def pages(
        self, projects: Sequence[str], unknown: Sequence[str], form: PublisherForm | None = None
    ) -> tuple[str, ...]:
        """The pages to open: the settings of each known project, that of pending publishers when some are unknown.

        ``form``: what the pages of known projects are to be filled in with.
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
        """The form as aligned lines to type from."""
        return "\n".join(f"{label + ':':<18}{value}" for label, value in self.fields())


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known when a mint was refused."""

    claims: UnverifiedClaims | None
    index: IndexFacts
    projects: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """Those of the projects that the index does not know."""


def _not_found(_situation: Situation) -> str:
    return "No publisher is registered for exactly this owner, repository, workflow and environment."


def _owner(situation: Situation) -> str:
    owner = situation.claims.repository_owner if situation.claims else ""
    return (
        f"The publisher's owner is not spelled {owner!r}; letter case counts, and a renamed account has another name."
    )


def _owner_id(situation: Situation) -> str:
    owner = situation.claims.repository_owner if situation.claims else ""
    return (
        f"The account {owner!r} is not the one for which the publisher was registered: the name was given up and taken "
        "again, or the repository was transferred. Remove the publisher and register it anew."
    )


def _repository(_situation: Situation) -> str:
    return "The publisher names another repository: it was renamed or transferred since, or the letter case differs."


def _subject(_situation: Situation) -> str:
    return (
        "The organization or repository customizes the 'sub' claim of its identity tokens, and this index reads it. "
        "Set the template back to the default (GitHub's REST API: actions/oidc/customization/sub)."
    )


def _workflow(situation: Situation) -> str:
    claims = situation.claims
    if claims is None:
        return "The publisher names another workflow file."
    job = claims.job_workflow
    if job.repository and job.repository.lower() != claims.repository.lower():
        return (
            f"The job stands in a workflow of {job.repository}, called from {claims.repository}; the index only takes "
            f"a workflow of {claims.repository} itself."
        )
    if job.at and job.at in (claims.ref, claims.sha):
        return f"The job stands in {job.filename} at {job.at}, the run's own; the publisher names another file."
    where = f"{job.filename or 'another file'} at {job.at or 'an unknown ref'}"
    return f"The job stands in {where}, which is not the ref or commit of this run."


def _no_workflow(situation: Situation) -> str:
    job = situation.claims.job_workflow_ref if situation.claims else ""
    return (
        f"The index found no workflow file in the claim 'job_workflow_ref' ({job or 'empty'}); it looks for a "
        "file that ends in .yml or .yaml, before an @. No field of the publisher can change that."
    )


def _environment(situation: Situation) -> str:
    environment = situation.claims.environment if situation.claims else None
    if environment is None:
        return "The publisher names an environment, and this job has none."
    return f"The publisher names an environment other than {environment!r}."


def _event(situation: Situation) -> str:
    event = situation.claims.event_name if situation.claims else ""
    return f"The index does not accept runs triggered by {event or 'this event'}: untrusted code may stand behind them."


def _missing(_situation: Situation) -> str:
    return (
        "GitHub's identity token lacks a claim that the index needs: an old GitHub Enterprise Server, or a new index."
    )


def _project_name(_situation: Situation) -> str:
    return "The name in the pending publisher is one that the index does not let anybody register."


def _issuer(_situation: Situation) -> str:
    return "The index knows no publishers for the issuer of this token; GitHub Enterprise Server is such an issuer."


def _malformed(_situation: Situation) -> str:
    return "The identity token was damaged on its way to the index."


REASONS: Final[tuple[tuple[re.Pattern[str], Callable[[Situation], str]], ...]] = (
    (
        re.compile(r"publisher with matching claims was not found|lookup strategies exhausted", re.IGNORECASE),
        _not_found,
    ),
    (re.compile(r"claim 'repository_owner_id'"), _owner_id),
    (re.compile(r"claim 'repository_owner'"), _owner),
    (re.compile(r"pull_request_target|claim 'event_name'"), _event),
    (re.compile(r"missing claim|ref and sha claims are empty", re.IGNORECASE), _missing),
    (re.compile(r"claim 'repository'"), _repository),
    (re.compile(r"claim 'sub'"), _subject),
    (re.compile(r"could not (?:job )?extract workflow filename", re.IGNORECASE), _no_workflow),
    (re.compile(r"job_workflow_ref|workflow filename", re.IGNORECASE), _workflow),
    (re.compile(r"claim 'environment'"), _environment),
    (re.compile(r"unknown trusted publishing issuer", re.IGNORECASE), _issuer),
    (re.compile(r"malformed JWT", re.IGNORECASE), _malformed),
    (
        re.compile(r"\bname\b.*(not allowed|prohibited|too similar|invalid|isn't allowed)", re.IGNORECASE | re.DOTALL),
        _project_name,
    ),
)
"""Words in the index's reason -> what it means here; the first row that matches counts."""


def reason_explained(description: str, situation: Situation) -> str:
    """What the reason in the index's description means here; empty for one that is not in the table."""
    return next((explain(situation) for words, explain in REASONS if words.search(description)), "")


def possible_differences(situation: Situation) -> tuple[str, ...]:
    """Everything that may differ, the likeliest first, one sentence each."""
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
    elif job.repository.lower() == claims.repository.lower():
        yield (
            f"Workflow: the job stands in the called file {job.filename}, not in {caller.filename}; the publisher must "
            f"name {job.filename}."
        )
    else:
        yield (
            f"Workflow: the job stands in {job.repository} ({job.filename}), called from {claims.repository} "
            f"({caller.filename}). A publisher can only name a workflow of {claims.repository}: move the job there."
        )


def _environment_difference(claims: UnverifiedClaims) -> str:
    if claims.environment is None:
        return (
            "Environment: this job names none, so a publisher that names one can never match; name it in the job too."
        )
    return (
        f"Environment: the publisher must name {claims.environment!r} (letter case does not count) or leave it empty, "
        "which lets every environment pass."
    )


def _spelling(claims: UnverifiedClaims) -> Iterator[str]:
    if claims.repository:
        mixed = " It has capitals: copy it from here." if claims.repository != claims.repository.lower() else ""
        yield f"Owner and repository: spelled exactly {claims.repository}, letter case included.{mixed}"
        yield (
            "Renamed or transferred: the publisher keeps the old names and the id of the old owner "
            f"(now {claims.repository_owner_id or 'unknown'}); remove it and register it anew."
        )


def _pending(situation: Situation) -> Iterator[str]:
    for name in situation.unknown[:5]:
        yield (
            f"New project: the index does not know {name!r}; it takes a pending publisher with exactly that project "
            "name, and a project that a pending publisher of another name creates does not help."
        )


def _which_index(index: IndexFacts) -> Iterator[str]:
    if index.expected_audience is not None:
        yield (
            f"Index: the publisher must be registered on {index.name} itself; PyPI and TestPyPI know nothing of each "
            f"other (this token's audience: {index.expected_audience})."
        )
