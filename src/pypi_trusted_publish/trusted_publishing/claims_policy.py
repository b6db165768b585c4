"""Whether the identity token proves what the workflow promised: above all the deployment environment.

No variable of the runner tells the name of the environment; the signed claim is the only proof. A publisher that names
no environment accepts all of them, so this check has a value of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import Diagnosis, IndexUnavailable, PublishError, Severity, WorkflowError, raise_together
from .yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .identity_token import UnverifiedClaims
    from .tokens import Audience

REFUSED_EVENT: Final = "pull_request_target"
"""Runs with the rights of the repository and, easily, the code of a stranger; PyPI refuses it as well."""

_SKEW: Final = 300.0
"""Seconds by which this machine's clock may be off before a word is said."""


@dataclass(frozen=True, kw_only=True)
class AcceptedClaims:
    """Claims that satisfied the policy."""

    claims: UnverifiedClaims
    environment: str
    """As the claim spells it."""
    warnings: tuple[Diagnosis, ...] = ()
    """What does not stop the run."""


@dataclass(frozen=True, kw_only=True)
class ClaimsPolicy:
    """What the identity token of this job must prove."""

    environment: str
    """Compared without regard to letter case."""
    audience: Audience
    job: str = "publish"
    """The job's id, for the lines to paste."""

    def check(self, claims: UnverifiedClaims, now: float) -> AcceptedClaims:
        """Hold the claims against the policy; ``now`` in seconds since the epoch, by the machine's clock.

        A skewed clock only warns: whether a token is too old is for the index to say.

        Raises:
            WorkflowError: the environment is absent or different, or the event is refused; all mismatches together.
            IndexUnavailable: GitHub made the token for another audience than was asked for.

        """
        problems: list[PublishError] = []
        mismatches = tuple(self._mismatches(claims))
        if mismatches:
            problems.append(WorkflowError(*mismatches))
        if claims.audience != self.audience:
            problems.append(self._wrong_audience(claims))
        raise_together(problems)
        warnings = (*_clock_warnings(claims, now), *_called_warnings(claims))
        return AcceptedClaims(claims=claims, environment=claims.environment or "", warnings=warnings)

    def _mismatches(self, claims: UnverifiedClaims) -> Iterator[Diagnosis]:
        if claims.event_name == REFUSED_EVENT:
            yield event_refused(claims.event_name)
        if claims.environment is None:
            yield self._absent(claims)
        elif claims.environment.lower() != self.environment.lower():
            yield self._different(claims, claims.environment)

    def _absent(self, claims: UnverifiedClaims) -> Diagnosis:
        inside = f", in the called file {claims.job_workflow.filename}" if claims.is_called else ""
        return Diagnosis(
            code="environment-absent",
            happened=f"The identity token proves no environment, and this action is told to publish from "
            f"{self.environment!r} only.",
            cause=f"The job {self.job!r} names no environment.",
            remedy=f"Name the environment on the job{inside}, and in the publisher on the index (field 'Environment "
            f"name': {self.environment}). GitHub creates an environment on its first mention, without any protection: "
            "give it required reviewers in the repository's settings.",
            paste=f"jobs:\n  {self.job}:\n    environment: {yaml_text(self.environment)}\n    permissions:\n"
            "      id-token: write",
            facts=claims.shown(),
        )

    def _different(self, claims: UnverifiedClaims, found: str) -> Diagnosis:
        return Diagnosis(
            code="environment-different",
            happened=f"The identity token proves the environment {found!r}, and this action is told to publish from "
            f"{self.environment!r} only.",
            cause="The job names one environment and the action's input 'environment' another"
            + (" (the input's default is 'release')." if self.environment == "release" else "."),
            remedy=f"When {found!r} is the right one, say so in the input (the first lines below). Otherwise name "
            f"{self.environment!r} on the job (the second lines): then the publisher on the index must name it too, "
            "and GitHub creates a new environment without any protection.",
            paste=f"    with:\n      environment: {yaml_text(found)}\n\njobs:\n  {self.job}:\n"
            f"    environment: {yaml_text(self.environment)}",
            facts=claims.shown(),
        )

    def _wrong_audience(self, claims: UnverifiedClaims) -> IndexUnavailable:
        return IndexUnavailable(
            Diagnosis(
                code="identity-audience-different",
                happened=f"An identity token for {self.audience!r} was asked for, and one for "
                f"{claims.audience or 'no audience'!r} came.",
                cause="What answers as GitHub's identity endpoint has a fault, or is not GitHub's.",
                remedy="Run the failed job again; on a self-hosted runner, look at what sets "
                "ACTIONS_ID_TOKEN_REQUEST_URL.",
                facts=claims.shown(),
            )
        )


def event_refused(event_name: str) -> Diagnosis:
    """Say that a run of this event must not publish."""
    return Diagnosis(
        code="event-refused",
        happened=f"The event {event_name!r} triggered this run, and such a run must not publish.",
        cause="It has the rights of the repository, and whoever opens a pull request can influence what it runs.",
        remedy="Trigger the publishing workflow by a tag, a release or by hand.",
        paste='on:\n  push:\n    tags: ["v*"]\n  workflow_dispatch:',
        facts=(("event", event_name),),
    )


def _clock_warnings(claims: UnverifiedClaims, now: float) -> Iterator[Diagnosis]:
    early = claims.issued_at is not None and claims.issued_at - now > _SKEW
    late = claims.expires_at is not None and now > claims.expires_at
    if early or late:
        yield Diagnosis(
            code="clock-skewed",
            severity=Severity.WARNING,
            happened=f"By this machine's clock a fresh identity token is {'from the future' if early else 'too old'}.",
            cause="The runner's clock is wrong.",
            remedy="Set the clock of the runner; the release goes on, since the index goes by a clock of its own.",
            facts=(("now", f"{now:.0f}"), ("iat", str(claims.issued_at)), ("exp", str(claims.expires_at))),
        )


def _called_warnings(claims: UnverifiedClaims) -> Iterator[Diagnosis]:
    """A called workflow of the same repository must stand at the ref or commit of the run (called as ``./...``)."""
    job = claims.job_workflow
    if not claims.is_called or job.repository.lower() != claims.repository.lower():
        return
    if job.at and job.at in (claims.ref, claims.sha):
        return
    yield Diagnosis(
        code="called-workflow-at-other-ref",
        severity=Severity.WARNING,
        happened=f"The job stands in the called workflow {job.filename} at {job.at or 'an unknown ref'}, and the run "
        f"is at {claims.ref or claims.sha or 'an unknown ref'}.",
        cause="The calling workflow names a fixed ref of its own repository; the index is likely to refuse the mint.",
        remedy="Call the workflow by its path, so that it is that of the same commit.",
        paste=f"    uses: ./.github/workflows/{job.filename}",
        facts=claims.shown(),
    )
