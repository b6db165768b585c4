"""The log of a run: events to lines, step by step. Pure; the console decides how a group looks."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeAlias

from .. import events
from ..errors import Diagnosis, Severity
from ..formatting import and_more, count_text, listed, seconds_text, size_text
from ..sanitize import clean, clipped
from ..values import dataclass
from .conclusion import help_url


class Role(str, enum.Enum):
    """The purpose of a line. A short log omits only details."""

    HEADLINE = "headline"
    GROUP = "group"
    """Starts a group; the text is its title."""
    GROUP_END = "end of group"
    """Ends a group; without text."""
    DETAIL = "detail"
    CONCLUSION = "conclusion"
    """The result of a step."""
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One clean line, which a runner never reads as a command."""

    text: str
    role: Role = Role.DETAIL

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(clipped(self.text)))


_ROLES: Final = {Severity.ERROR: Role.ERROR, Severity.WARNING: Role.WARNING, Severity.NOTICE: Role.NOTICE}
Metadata: TypeAlias = "tuple[tuple[str, str], ...]"

_MOST_FIELDS: Final = 500
"""Metadata fields of one file that are shown."""
_DIGEST: Final = 12
"""Hexadecimal digits of a digest that are enough to distinguish two files."""


class Transcript:
    """Keeps the state that the lines depend on: the open group, and which metadata was already shown."""

    def __init__(self, *, print_hash: bool = True) -> None:
        self._print_hash = print_hash
        self._in_group = False
        self._metadata: dict[tuple[str, str], Metadata] = {}

    def __call__(self, event: events.Event) -> tuple[Line, ...]:
        """The lines of one event, in order; most have one, progress has none."""
        if isinstance(event, events.StepStarted):
            return (*self._close(), self._open(event.title))
        if isinstance(event, events.Checked):
            return tuple(self._checked(event))
        if isinstance(event, events.RunEnded):
            return self._close()
        make = _LINES.get(type(event))
        return tuple(make(event)) if make is not None else ()

    def _open(self, title: str) -> Line:
        self._in_group = True
        return Line(text=title, role=Role.GROUP)

    def _close(self) -> tuple[Line, ...]:
        was_open, self._in_group = self._in_group, False
        return (Line(text="", role=Role.GROUP_END),) if was_open else ()

    def _checked(self, event: events.Checked) -> Iterator[Line]:
        first = self._metadata.get((event.project, event.version))
        self._metadata.setdefault((event.project, event.version), event.metadata)
        same = first is not None and set(first) == set(event.metadata)
        parts = [event.kind, size_text(event.size), _findings(event.findings), *(["metadata as above"] if same else [])]
        yield Line(text=f"{event.filename} ({', '.join(parts)})")
        if event.tags:
            yield Line(text=f"  tags: {', '.join(event.tags)}")
        if self._print_hash:
            yield Line(text=f"  sha256:      {event.sha256}")
            if event.blake2b_256:
                yield Line(text=f"  blake2b-256: {event.blake2b_256}")
        yield from _metadata_lines(event.metadata, first)


def _metadata_lines(here: Metadata, first: Metadata | None) -> Iterator[Line]:
    """All metadata for the first file of a version, then only the differences."""
    if first is None:
        yield Line(text="  core metadata (as the form sends it):")
        yield from _fields((f"{name}: {value}" for name, value in here), len(here))
        return
    ours, theirs = set(here), set(first)
    if ours != theirs:
        yield Line(text="  core metadata, where it differs from that above:")
        fresh = [f"+ {name}: {value}" for name, value in here if (name, value) not in theirs]
        gone = [f"- {name}: {value}" for name, value in first if (name, value) not in ours]
        yield from _fields(fresh, len(fresh))
        yield from _fields(gone, len(gone))


def _fields(lines: Iterable[str], number: int) -> Iterator[Line]:
    """The first lines and the number of the others: metadata can have hundreds of thousands of fields."""
    yield from (Line(text=f"    {line}") for line in islice(lines, _MOST_FIELDS))
    if number > _MOST_FIELDS:
        yield Line(text=f"    {and_more(number - _MOST_FIELDS, 'field')}")


def diagnosis_lines(diagnosis: Diagnosis) -> Iterator[Line]:
    """The lines of a diagnosis: message, likely cause, fix, snippet, address of the documentation, details."""
    yield Line(text=f"{diagnosis.severity.value}: {diagnosis.message}", role=_ROLES[diagnosis.severity])
    for name, text in (("cause", diagnosis.likely_cause), ("fix", diagnosis.fix)):
        if text:
            yield from _block(f"  {name}: {text}".replace("\n", "\n    "))
    if diagnosis.snippet:
        yield Line(text="  to paste:")
        yield from (Line(text=f"    {line}") for line in diagnosis.snippet.split("\n"))
    yield Line(text=f"  more: {help_url(diagnosis)}")
    yield from (Line(text=f"  {name}: {value}") for name, value in diagnosis.details)


def _block(text: str) -> Iterator[Line]:
    return (Line(text=line) for line in text.split("\n"))


def _findings(number: int) -> str:
    return count_text(number, "finding") if number else "no findings"


def _run_started(event: events.RunStarted) -> Iterator[Line]:
    where = f" to {event.index}" if event.index else ""
    kind = ", dry run" if event.dry_run else ""
    yield Line(text=f"pypi-trusted-publish {event.version}: {event.command}{where}{kind}", role=Role.HEADLINE)
    yield from (Line(text=f"{name}: {value}") for name, value in event.inputs)


def _fact(event: events.Fact) -> Iterator[Line]:
    yield Line(text=f"{event.name}: {event.value}" if event.name else event.value)


def _reported(event: events.DiagnosisReported) -> Iterator[Line]:
    return diagnosis_lines(event.diagnosis)


def _answered(event: events.Answered) -> Iterator[Line]:
    sent = f", {size_text(event.sent_bytes)} sent" if event.sent_bytes else ""
    yield Line(
        text=f"{event.method} {event.url} -> {event.status} {event.reason}"
        f" ({seconds_text(event.seconds)}{sent}, {size_text(event.received_bytes)} received)"
    )


def _failed(event: events.Failed) -> Iterator[Line]:
    yield Line(text=f"{event.method} {event.url} -> no answer: {event.problem} ({seconds_text(event.seconds)})")


def _retrying(event: events.Retrying) -> Iterator[Line]:
    wait = f" in {seconds_text(event.wait)}" if event.wait else ""
    yield Line(text=f"{event.what}: {event.why}; attempt {event.attempt}{wait}")


def _concurrency_reduced(event: events.ConcurrencyReduced) -> Iterator[Line]:
    yield Line(text=f"uploading {count_text(event.concurrency, 'file')} at a time from now on: {event.why}")


def _verified(event: events.IdentityVerified) -> Iterator[Line]:
    yield Line(text=f"the identity token proves the environment {event.environment!r}", role=Role.CONCLUSION)
    yield from (Line(text=f"  {name}: {value}") for name, value in event.claims)


def _protection(event: events.ProtectionRead) -> Iterator[Line]:
    if event.protected is None:
        yield Line(text=f"protection of {event.environment!r}: not known ({event.why_unknown})")
        return
    state = "protected" if event.protected else "not protected"
    yield Line(text=f"the environment {event.environment!r} is {state}")
    yield from (Line(text=f"  {name}: {value}") for name, value in event.rules)
    if event.approved_by:
        yield Line(text=f"  this run was approved by {listed(event.approved_by)}")


def _project(event: events.ProjectPageRead) -> Iterator[Line]:
    status = "" if event.status == "active" else f", {event.status}"
    yield Line(text=f"{event.project}: {event.state}, {count_text(event.files, 'file')} listed{status}")


def _left_out(event: events.FileLeftOut) -> Iterator[Line]:
    yield Line(text=f"{event.filename}: left out by the line !{event.pattern}")


def _planned(event: events.Planned) -> Iterator[Line]:
    yield Line(text=f"{event.filename} ({size_text(event.size)}, sha256 {event.sha256[:_DIGEST]}...): {event.decision}")


def _proof(event: events.DryRunProof) -> Iterator[Line]:
    text = f"proved: {event.statement}" if event.proved else f"not proved: {event.statement} ({event.why_not})"
    yield Line(text=text, role=Role.CONCLUSION)


def _attested(event: events.Attested) -> Iterator[Line]:
    log = f", log index {event.log_index}" if event.log_index is not None else ""
    how = "signed" if event.made else "found"
    yield Line(text=f"{event.filename}: {event.kind} attestation {how} and verified as {event.identity}{log}")


def _minted(event: events.Minted) -> Iterator[Line]:
    what = "another upload token" if event.renewal else "an upload token"
    covered = "" if event.projects is None else f", valid for {count_text(event.projects, 'project')}"
    yield Line(text=f"the index issued {what} for {seconds_text(event.lifetime)}{covered}")


def _coverage(event: events.CoverageRead) -> Iterator[Line]:
    if event.covered is None:
        yield Line(text="the token does not show which projects it covers; the index decides at each upload")


def _revoked(event: events.Revoked) -> Iterator[Line]:
    if event.revoked:
        yield Line(text=f"{count_text(event.revoked, 'upload token')} revoked", role=Role.CONCLUSION)
    if event.alive:
        yield Line(text=not_revoked(event.alive, event.seconds_left), role=Role.WARNING)


def not_revoked(number: int, seconds_left: float) -> str:
    """Says that upload tokens are still valid, and for how long at most."""
    they = "it expires" if number == 1 else "they expire"
    when = f"within {count_text(max(1, round(seconds_left / 60 + 0.5)), 'minute')}" if seconds_left else "soon"
    return f"{count_text(number, 'upload token')} could not be revoked; {they} {when}"


def _upload_started(event: events.UploadStarted) -> Iterator[Line]:
    again = f", attempt {event.attempt}" if event.attempt > 1 else ""
    yield Line(text=f"{event.filename}: sending {size_text(event.size)}{again}")


def _uploaded(event: events.Uploaded) -> Iterator[Line]:
    yield Line(text=f"{event.filename}: {event.outcome} in {seconds_text(event.seconds)}", role=Role.CONCLUSION)
    yield from (Line(text=f"  the index says: {warning}", role=Role.WARNING) for warning in event.warnings)


def _not_uploaded(event: events.NotUploaded) -> Iterator[Line]:
    yield Line(text=f"{event.filename}: {event.outcome} ({event.reason})", role=Role.CONCLUSION)


def _waiting(event: events.Waiting) -> Iterator[Line]:
    missing = count_text(len(event.missing), "file")
    yield Line(
        text=f"the files are public; waiting until the index lists {missing} ({seconds_text(event.waited)} so far)"
    )


def _confirmed(event: events.Confirmed) -> Iterator[Line]:
    without = ", but without its attestations" if event.without_provenance else ""
    text = f"{event.filename}: listed on the index with our digest{without}: {event.url}"
    yield Line(text=text, role=Role.CONCLUSION)


def _withheld(event: events.Withheld) -> Iterator[Line]:
    yield Line(text=f"{event.filename}: not shown, because the project is quarantined", role=Role.CONCLUSION)


def _stopping(event: events.Stopping) -> Iterator[Line]:
    yield Line(text=f"{event.why}: stopping; nothing else will be sent", role=Role.WARNING)


_LINES: Final[dict[type[events.Event], Callable[[Any], Iterator[Line]]]] = {
    events.RunStarted: _run_started,
    events.Fact: _fact,
    events.DiagnosisReported: _reported,
    events.Answered: _answered,
    events.Failed: _failed,
    events.Retrying: _retrying,
    events.ConcurrencyReduced: _concurrency_reduced,
    events.IdentityVerified: _verified,
    events.ProtectionRead: _protection,
    events.ProjectPageRead: _project,
    events.FileLeftOut: _left_out,
    events.Planned: _planned,
    events.DryRunProof: _proof,
    events.Attested: _attested,
    events.Minted: _minted,
    events.CoverageRead: _coverage,
    events.Revoked: _revoked,
    events.UploadStarted: _upload_started,
    events.Uploaded: _uploaded,
    events.NotUploaded: _not_uploaded,
    events.Waiting: _waiting,
    events.Confirmed: _confirmed,
    events.Withheld: _withheld,
    events.Stopping: _stopping,
}
"""What each kind of event adds to the log; progress is not part of it."""
