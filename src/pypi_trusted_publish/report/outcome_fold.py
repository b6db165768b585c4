"""Events to outcome: one step of a pure fold, and the recorder that keeps its latest value for whoever reports."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from .. import events
from ..release.plan import Decision
from .outcome import FileOutcome, FileState, Outcome, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

_PLANNED_STATE: Final = {
    Decision.UPLOAD.value: FileState.PLANNED,
    Decision.IDENTICAL.value: FileState.IDENTICAL,
    Decision.CONFLICT.value: FileState.CONFLICT,
    Decision.SKIPPED.value: FileState.SKIPPED,
}

_NOT_UPLOADED: Final = {state.value: state for state in (FileState.REFUSED, FileState.FAILED, FileState.NOT_SENT)}

_FOUND_THERE: Final = {
    FileState.SENDING: (FileState.UPLOADED, "no answer came, but the index lists it"),
    FileState.FAILED: (FileState.UPLOADED, "no answer came, but the index lists it"),
    FileState.CHECKED: (FileState.IDENTICAL, ""),
    FileState.PLANNED: (FileState.IDENTICAL, "the index got it from elsewhere"),
    FileState.NOT_SENT: (FileState.IDENTICAL, "the index got it from elsewhere"),
    FileState.REFUSED: (FileState.IDENTICAL, "refused now, but the index lists it"),
}
"""What it means that the index lists a file with our digest, which nobody had told us to be there."""


def fold(outcome: Outcome, event: events.Event) -> Outcome:
    """What is known after ``event``; an event that adds nothing gives the same outcome."""
    step = _STEPS.get(type(event))
    return outcome if step is None else step(outcome, event)


class Recorder:
    """Folds every event as it comes, from any thread; ``outcome`` is the latest value at any moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcome = Outcome()

    def __call__(self, event: events.Event) -> None:
        """Take in one event; a recorder is an :data:`~pypi_trusted_publish.events.Emit`."""
        with self._lock:
            self._outcome = fold(self._outcome, event)

    @property
    def outcome(self) -> Outcome:
        """What is known now."""
        return self._outcome


def _started(outcome: Outcome, event: events.RunStarted) -> Outcome:
    return replace(
        outcome,
        command=event.command,
        tool_version=event.version,
        facts=event.facts,
        index=event.index,
        dry_run=event.dry_run,
    )


def _step(outcome: Outcome, event: events.StepStarted) -> Outcome:
    return replace(outcome, step=event.title)


def _told(outcome: Outcome, event: events.Told) -> Outcome:
    if event.diagnosis in outcome.diagnoses:
        return outcome
    return replace(outcome, diagnoses=(*outcome.diagnoses, event.diagnosis))


def _proved(outcome: Outcome, event: events.Proved) -> Outcome:
    return replace(outcome, environment=event.environment, claims=event.claims)


def _protection(outcome: Outcome, event: events.ProtectionRead) -> Outcome:
    return replace(outcome, protection=event)


def _project(outcome: Outcome, event: events.ProjectSeen) -> Outcome:
    others = tuple(seen for seen in outcome.projects if seen.project != event.project)
    return replace(outcome, projects=(*others, event))


def _checked(outcome: Outcome, event: events.Checked) -> Outcome:
    return _with_file(
        outcome,
        event.filename,
        project=event.project,
        version=event.version,
        kind=event.kind,
        size=event.size,
        sha256=event.sha256,
        blake2b_256=event.blake2b_256,
    )


def _planned(outcome: Outcome, event: events.Planned) -> Outcome:
    return _with_file(
        outcome,
        event.filename,
        project=event.project,
        version=event.version,
        size=event.size,
        sha256=event.sha256,
        decision=event.decision,
        release_url=event.release_url,
        state=_PLANNED_STATE.get(event.decision, FileState.PLANNED),
    )


def _coverage(outcome: Outcome, event: events.CoverageRead) -> Outcome:
    return replace(outcome, coverage=event)


def _proof(outcome: Outcome, event: events.DryRunProof) -> Outcome:
    return replace(outcome, proofs=(*outcome.proofs, event))


def _attested(outcome: Outcome, event: events.Attested) -> Outcome:
    return replace(outcome, attestations=(*outcome.attestations, event))


def _minted(outcome: Outcome, event: events.Minted) -> Outcome:
    tokens = outcome.tokens
    longest = max(tokens.seconds_left, event.lifetime)
    return replace(
        outcome,
        tokens=replace(tokens, minted=tokens.minted + 1, alive=tokens.alive + 1, seconds_left=longest),
    )


def _revoked(outcome: Outcome, event: events.Revoked) -> Outcome:
    tokens = Tokens(
        minted=outcome.tokens.minted,
        revoked=outcome.tokens.revoked + event.revoked,
        alive=event.alive,
        seconds_left=event.seconds_left,
    )
    return replace(outcome, tokens=tokens)


def _narrowed(outcome: Outcome, event: events.LaneNarrowed) -> Outcome:
    return replace(outcome, narrowed=event)


def _retrying(outcome: Outcome, _event: events.Retrying) -> Outcome:
    return replace(outcome, retries=outcome.retries + 1)


def _sending(outcome: Outcome, event: events.UploadStarted) -> Outcome:
    return _with_file(outcome, event.filename, state=FileState.SENDING, attempts=event.attempt, size=event.size)


def _uploaded(outcome: Outcome, event: events.Uploaded) -> Outcome:
    state = FileState.IDENTICAL if event.outcome == FileState.IDENTICAL.value else FileState.UPLOADED
    return _with_file(outcome, event.filename, state=state, warnings=event.warnings, reason="")


def _not_uploaded(outcome: Outcome, event: events.NotUploaded) -> Outcome:
    return _with_file(
        outcome, event.filename, state=_NOT_UPLOADED.get(event.outcome, FileState.FAILED), reason=event.reason
    )


def _waiting(outcome: Outcome, event: events.Waiting) -> Outcome:
    return replace(outcome, waited=event.waited)


def _confirmed(outcome: Outcome, event: events.Confirmed) -> Outcome:
    changed = _with_file(outcome, event.filename, confirmed=True, url=event.url)
    state = changed.by_filename[event.filename].state
    if state not in _FOUND_THERE:
        return changed
    there, reason = _FOUND_THERE[state]
    return _with_file(changed, event.filename, state=there, reason=reason)


def _stopping(outcome: Outcome, event: events.Stopping) -> Outcome:
    return replace(outcome, stopped_by=event.why)


def _ended(outcome: Outcome, event: events.RunEnded) -> Outcome:
    return replace(outcome, ended=event).settled()


def _with_file(outcome: Outcome, filename: str, **changes: Any) -> Outcome:
    before = outcome.by_filename.get(filename) or FileOutcome(filename=filename)
    return replace(outcome, by_filename={**outcome.by_filename, filename: replace(before, **changes)})


_STEPS: Final[dict[type[events.Event], Callable[[Outcome, Any], Outcome]]] = {
    events.RunStarted: _started,
    events.StepStarted: _step,
    events.Told: _told,
    events.Proved: _proved,
    events.ProtectionRead: _protection,
    events.ProjectSeen: _project,
    events.Checked: _checked,
    events.Planned: _planned,
    events.CoverageRead: _coverage,
    events.DryRunProof: _proof,
    events.Attested: _attested,
    events.Minted: _minted,
    events.Revoked: _revoked,
    events.LaneNarrowed: _narrowed,
    events.Retrying: _retrying,
    events.UploadStarted: _sending,
    events.Uploaded: _uploaded,
    events.NotUploaded: _not_uploaded,
    events.Waiting: _waiting,
    events.Confirmed: _confirmed,
    events.Stopping: _stopping,
    events.RunEnded: _ended,
}
"""What each kind of event adds; requests, bare facts and progress are the transcript's business."""
