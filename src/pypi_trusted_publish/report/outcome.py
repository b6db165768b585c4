"""What became of a run, as far as it has got.

It is the one value that the summary, the outputs, the report and the annotations are drawn from.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..errors import Diagnosis
    from ..events import Attested, CoverageRead, DryRunProof, LaneNarrowed, ProjectSeen, ProtectionRead, RunEnded


class FileState(str, enum.Enum):
    """Where one file is; the values are what users read, in the log, the summary and the outputs."""

    CHECKED = "checked"
    PLANNED = "to upload"
    SENDING = "in flight"
    UPLOADED = "uploaded"
    IDENTICAL = "identical"
    """The index has these very bytes, from before this run or from a try whose answer was lost."""
    SKIPPED = "skipped"
    """The index has other bytes under this name, and ``skip-existing`` lets that pass."""
    CONFLICT = "conflict"
    """The index has other bytes under this name."""
    REFUSED = "refused"
    FAILED = "failed"
    """Sent, in whole or in part, and never answered in a way that decides."""
    NOT_SENT = "not sent"


ON_THE_INDEX = frozenset({FileState.UPLOADED, FileState.IDENTICAL})
"""Our bytes are there."""

MISSING = frozenset({FileState.REFUSED, FileState.FAILED, FileState.NOT_SENT, FileState.CONFLICT})
"""Our bytes are not there, or nobody knows, and should be."""

_UNDECIDED = {
    FileState.CHECKED: (FileState.NOT_SENT, ""),
    FileState.PLANNED: (FileState.NOT_SENT, ""),
    FileState.SENDING: (FileState.FAILED, "the run ended before the index answered"),
}
"""What a state means once the run is over."""


@dataclass(frozen=True, kw_only=True)
class FileOutcome:
    """One distribution and what became of it."""

    filename: str
    project: str = ""
    version: str = ""
    kind: str = ""
    size: int = 0
    """Bytes."""
    sha256: str = ""
    blake2b_256: str = ""
    decision: str = ""
    """What the plan said; empty when there was no plan."""
    state: FileState = FileState.CHECKED
    reason: str = ""
    """Why it did not arrive, when it did not."""
    warnings: tuple[str, ...] = ()
    """What the index said when it took it."""
    attempts: int = 0
    confirmed: bool = False
    url: str = ""
    """The page on which the index shows it, once confirmed."""
    release_url: str = ""

    @property
    def release(self) -> tuple[str, str]:
        """Project and version."""
        return (self.project, self.version)


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The upload tokens of the run."""

    minted: int = 0
    revoked: int = 0
    alive: int = 0
    seconds_left: float = 0.0
    """The longest life that is left among those alive, when that was told."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Everything that is known of a run; :func:`~pypi_trusted_publish.report.outcome_fold.fold` makes the next one."""

    command: str = ""
    tool_version: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    index: str = ""
    dry_run: bool = False
    step: str = ""
    """The step that the run is in, or ended in."""
    environment: str = ""
    """The deployment environment that the identity token proved; empty when it was not proved."""
    claims: tuple[tuple[str, str], ...] = ()
    protection: ProtectionRead | None = None
    projects: tuple[ProjectSeen, ...] = ()
    coverage: CoverageRead | None = None
    proofs: tuple[DryRunProof, ...] = ()
    attestations: tuple[Attested, ...] = ()
    by_filename: Mapping[str, FileOutcome] = field(default_factory=dict)
    """Never changed in place; in the order in which the files were first heard of."""
    diagnoses: tuple[Diagnosis, ...] = ()
    tokens: Tokens = Tokens()
    narrowed: LaneNarrowed | None = None
    retries: int = 0
    waited: float = 0.0
    """Seconds that the read-back has taken so far."""
    stopped_by: str = ""
    ended: RunEnded | None = None

    @property
    def files(self) -> tuple[FileOutcome, ...]:
        """Every file of the run."""
        return tuple(self.by_filename.values())

    @property
    def exit_code(self) -> int | None:
        """None while the run goes on."""
        return self.ended.exit_code if self.ended else None

    @property
    def succeeded(self) -> bool:
        """The run is over and all is well."""
        return self.exit_code == 0

    @property
    def cancelled(self) -> bool:
        """Somebody stopped the run."""
        return bool(self.stopped_by) or (self.ended is not None and self.ended.cancelled)

    @property
    def errors(self) -> tuple[Diagnosis, ...]:
        """What ended the run."""
        return self._told(Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnosis, ...]:
        """What did not end it, but should be looked at."""
        return self._told(Severity.WARNING)

    @property
    def notices(self) -> tuple[Diagnosis, ...]:
        """What is good to know."""
        return self._told(Severity.NOTICE)

    @property
    def releases(self) -> tuple[tuple[str, str], ...]:
        """Project and version of every release in the run, each once, in the order of the files."""
        return tuple(dict.fromkeys(file.release for file in self.files if file.project))

    @property
    def incomplete(self) -> bool:
        """A part of a release is public and another part is missing."""
        there = {file.release for file in self.files if file.state in ON_THE_INDEX}
        return not self.dry_run and any(file.state in MISSING and file.release in there for file in self.files)

    @property
    def all_confirmed(self) -> bool:
        """The index lists every file that should be there, with our digests."""
        expected = tuple(file for file in self.files if file.state is not FileState.SKIPPED)
        return bool(expected) and all(file.confirmed for file in expected)

    def count(self, *states: FileState) -> int:
        """How many files are in one of these states."""
        return sum(file.state in states for file in self.files)

    def settled(self) -> Outcome:
        """The same when nothing more will happen: no file is on its way any longer."""
        if self.command == "check":
            return self
        settled = {name: _settle(file, dry_run=self.dry_run) for name, file in self.by_filename.items()}
        return replace(self, by_filename=settled)

    def _told(self, severity: Severity) -> tuple[Diagnosis, ...]:
        return tuple(diagnosis for diagnosis in self.diagnoses if diagnosis.severity is severity)


def _settle(file: FileOutcome, *, dry_run: bool) -> FileOutcome:
    if file.state not in _UNDECIDED:
        return file
    state, reason = _UNDECIDED[file.state]
    return replace(file, state=state, reason=file.reason or ("dry run" if dry_run else reason))
