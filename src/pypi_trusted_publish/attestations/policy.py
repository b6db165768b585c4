"""Decides whether a run makes attestations, only sends existing ones, or sends none. Pure.

The decision is made before anything is installed: a run without attestations needs none of the packages.
"""

from __future__ import annotations

import enum
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from ..core.project_page import PageState
from ..errors import Cure, Diagnosis, Severity, error_of
from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..core.claims import UnverifiedClaims
    from ..core.project_page import ProjectPage


class AttestationMode(str, enum.Enum):
    """The input ``attestations``; users write these values."""

    AUTO = "auto"
    """Whenever the index accepts them and they make nothing private public."""
    TRUE = "true"
    """Always; the run stops when they cannot be made."""
    FALSE = "false"


@dataclass(frozen=True, kw_only=True)
class Sign:
    """Make a publish attestation for every file without one, and send those next to the files."""

    notices: tuple[Diagnosis, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UseExisting:
    """Make none; send those next to the files."""

    notices: tuple[Diagnosis, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Skip:
    """Make none and send none."""

    reason: str
    """A sentence for the transcript."""
    notices: tuple[Diagnosis, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fail:
    """The run cannot do what the input requires."""

    diagnosis: Diagnosis


Settled: TypeAlias = Sign | UseExisting | Skip
"""The run goes on."""
Decision: TypeAlias = Settled | Fail


def decide(mode: AttestationMode, claims: UnverifiedClaims, *, index_name: str, index_verifies: bool) -> Decision:
    """Decide by the input, the index and the claims of the job.

    Args:
        mode: the input.
        claims: of any identity token of this job.
        index_name: for messages.
        index_verifies: whether the index is known to verify attestations against the publisher: PyPI, TestPyPI, and a
            rehearsal of them that has a trust root of its own.

    """
    if mode is AttestationMode.FALSE:
        return Skip(reason="The input attestations is false: none are made or sent.")
    if not index_verifies:
        return _unknown_index(mode, index_name)
    if _is_called_from_elsewhere(claims):
        return _reusable_workflow(mode, claims, index_name)
    if claims.repository_visibility != "public":
        return _not_public(mode, claims)
    return Sign()


def needs_packages(decision: Settled, *, existing_files: bool) -> bool:
    """Whether the packages that sign and verify are needed; ``existing_files``: there are attestation files."""
    return isinstance(decision, Sign) or (isinstance(decision, UseExisting) and existing_files)


def _is_called_from_elsewhere(claims: UnverifiedClaims) -> bool:
    called, caller = claims.job_workflow, claims.caller_workflow
    if not caller.filename:
        return False
    return (called.repository, called.filename) != (caller.repository, caller.filename)


def _unknown_index(mode: AttestationMode, index_name: str) -> Decision:
    if mode is AttestationMode.AUTO:
        return Skip(reason=f"{index_name} is not known to accept attestations: none are made or sent.")
    return Sign(
        notices=(
            Diagnosis(
                code="attestations-unknown-index",
                message=f"Attestations are made for {index_name}, which is not known to accept them.",
                likely_cause="An index that does not know the field ignores it, or refuses the upload.",
                fix="Use `attestations: auto` to make them for PyPI and TestPyPI only.",
                severity=Severity.NOTICE,
            ),
        )
    )


def _reusable_workflow(mode: AttestationMode, claims: UnverifiedClaims, index_name: str) -> Decision:
    called, caller = claims.job_workflow, claims.caller_workflow
    refused = (
        f"The certificate of an attestation names the calling workflow ({caller.filename}), while {index_name} expects "
        f"the called one ({called.filename}) and refuses the upload."
    )
    details = (("job_workflow_ref", claims.job_workflow_ref), ("workflow_ref", claims.workflow_ref))
    fix = f"Move the publishing job into {caller.filename}, and name that file in the publisher on the index"
    if mode is AttestationMode.TRUE:
        diagnosis = Diagnosis(
            code="attestations-reusable-workflow",
            message="Attestations are required in a reusable workflow, where the index always refuses them.",
            likely_cause=refused,
            fix=f"{fix}; or publish without them: `attestations: auto`.",
            details=details,
        )
        return Fail(diagnosis=diagnosis)
    notice = Diagnosis(
        code="attestations-reusable-workflow",
        message="No attestations are made: the publishing job is in a reusable workflow.",
        likely_cause=refused,
        fix=f"{fix}.",
        details=details,
        severity=Severity.NOTICE,
    )
    return Skip(reason="In a reusable workflow the index would refuse attestations.", notices=(notice,))


def _not_public(mode: AttestationMode, claims: UnverifiedClaims) -> Decision:
    visibility = claims.repository_visibility or "of unknown visibility"
    log = (
        "The certificate of an attestation, with the repository's name, the workflow, the commit and the ref, enters a "
        "permanent public log."
    )
    if mode is AttestationMode.TRUE:
        message = f"Attestations are made although the repository is {visibility}."
        fix = "Use `attestations: auto` to keep it out of the log."
    else:
        message = f"No attestations are made: the repository is {visibility}."
        fix = "If this may become public, require them with `attestations: true`."
    notice = Diagnosis(
        code="attestations-private-repository",
        message=message,
        likely_cause=log,
        fix=fix,
        details=(("repository_visibility", claims.repository_visibility),),
        severity=Severity.NOTICE,
    )
    return Sign(notices=(notice,)) if mode is AttestationMode.TRUE else UseExisting(notices=(notice,))


def publish_without(mode: AttestationMode, pages: Iterable[ProjectPage], failure: Diagnosis) -> Diagnosis:
    """Decide whether the run goes on without attestations.

    Args:
        mode: the input ``attestations``.
        pages: those of every project with a file to upload.
        failure: why the attestations could not be made, as an error.

    Returns:
        the warning to report if it goes on.

    Raises:
        PublishError: it must stop, with the cure of the failure; without one, a later run may succeed.

    """
    if mode is AttestationMode.TRUE:
        raise error_of(_stop(failure, "The input asks for attestations: `attestations: true`."))
    for page in pages:
        reason = _what_would_be_lost(page)
        if reason:
            raise error_of(_stop(failure, reason))
    return replace(
        failure,
        severity=Severity.WARNING,
        message=f"The files are published without attestations. {failure.message}",
        fix="Nothing needs to be done: no file of the project has provenance on the index. With `attestations: true` "
        "such a failure stops the run instead.",
    )


def _what_would_be_lost(page: ProjectPage) -> str:
    if page.state is PageState.UNREADABLE:
        return f"It is not known whether files of {page.project} have provenance on the index."
    witness = next((file for file in page.files if file.provenance), None)
    if witness is None:
        return ""
    return f"Files of {page.project} have provenance on the index, such as {witness.filename}."


def _stop(failure: Diagnosis, reason: str) -> Diagnosis:
    first = failure.fix.rstrip(".") or "Run the failed job again"
    return replace(
        failure,
        severity=Severity.ERROR,
        likely_cause=" ".join(
            part
            for part in (failure.likely_cause, reason, "Nothing was sent, and a later run could not add attestations.")
            if part
        ),
        fix=f"{first}; or publish without them: `attestations: false`.",
        cure=failure.cure or Cure.LATER,
    )
