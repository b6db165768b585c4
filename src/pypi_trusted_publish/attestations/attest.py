"""Attestations as the flow asks for them: decided by the claims, installed meanwhile, made when the plan stands.

Nothing here needs the packages of the second lock: they are imported when they are there, and only then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..errors import Diagnosis, PublishError, WorkflowError
from ..events import DiagnosisReported, Fact, StepStarted
from .policy import AttestationMode, Fail, Sign, Skip, UseExisting, decide, needs_packages, publish_without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..checks.model import Candidate, Distribution
    from ..core.claims import AcceptedClaims, UnverifiedClaims
    from ..core.project_page import ProjectPage
    from ..events import Emit
    from .policy import Decision, Settled
    from .prepare import SigningSetup


class Started(Protocol):
    """Work that was begun in the background."""

    def result(self) -> None:
        """Wait for it, and raise what it raised."""


@dataclass(frozen=True, kw_only=True)
class AttestationOptions:
    """What is asked for."""

    mode: AttestationMode
    index_name: str
    index_verifies: bool
    """See :func:`~pypi_trusted_publish.attestations.policy.decide`."""
    dry_run: bool = False
    """Make none: an entry in the public log is for good. Those beside the files are verified."""


class Attestations:
    """One run's attestations: :meth:`begin` as soon as the claims are known, then called once with the plan."""

    def __init__(
        self,
        order: AttestationOptions,
        *,
        desk: Callable[[], SigningSetup],
        beside: Callable[[], Sequence[Candidate]],
        install: Callable[[], Started],
        emit: Emit,
        unsupported: Callable[[], PublishError | None] = lambda: None,
    ) -> None:
        """Hand in the ports.

        ``desk`` is asked when the packages are there. ``beside`` gives the attestation files that were found beside the
        distributions. ``install`` begins to install the packages of the second lock, and raises nothing.
        ``unsupported`` says without any network why they cannot be had on this Python, or None.
        """
        self._options = order
        self._desk = desk
        self._beside = beside
        self._install = install
        self._unsupported = unsupported
        self._emit = emit
        self._decision: Settled | None = None
        self._installing: Started | None = None
        self._failure: Diagnosis | None = None

    def begin(self, claims: UnverifiedClaims) -> Settled:
        """Decide, and begin to install what is sure to be needed.

        Raises:
            WorkflowError: attestations are asked for where the index is sure to refuse them, or where they cannot be
                made.

        """
        decision = self._decide(claims)
        if isinstance(decision, Fail):
            raise WorkflowError(decision.diagnosis)
        if needs_packages(decision, existing_files=False):
            self._begin_installation()
        self._decision = decision
        return decision

    def __call__(
        self, uploads: Sequence[Distribution], proof: AcceptedClaims, pages: Sequence[ProjectPage]
    ) -> Mapping[str, tuple[str, ...]]:
        """The attestations of each file that gets any, as JSON texts, by file name.

        Raises:
            WorkflowError: see :meth:`begin`.
            DistributionError: a file beside a distribution is no attestation that the index would take.
            IndexUnavailable: attestations cannot be made, and going on without would lose what the project has.

        """
        decision = self._decision or self.begin(proof.claims)
        self._emit(StepStarted(title="Attestations"))
        for notice in decision.notices:
            self._emit(DiagnosisReported(diagnosis=notice))
        if isinstance(decision, Skip):
            self._emit(Fact(value=decision.reason))
            return {}
        if self._options.dry_run:
            self._emit(Fact(value="A dry run makes no attestations: an entry in the log is for good."))
        beside = self._beside()
        if not uploads or not needs_packages(decision, existing_files=bool(beside)):
            return {}
        touched = {upload.project for upload in uploads}
        return self._prepared(decision, uploads, proof, [page for page in pages if page.project in touched], beside)

    def _begin_installation(self) -> None:
        failure = self._unsupported()
        if failure is None:
            self._installing = self._install()
            return
        if self._options.mode is AttestationMode.TRUE:
            raise failure
        self._failure = failure.diagnostics()[0]
        self._emit(DiagnosisReported(diagnosis=publish_without(self._options.mode, (), self._failure)))

    def _decide(self, claims: UnverifiedClaims) -> Decision:
        options = self._options
        decision = decide(options.mode, claims, index_name=options.index_name, index_verifies=options.index_verifies)
        if options.dry_run and isinstance(decision, Sign):
            return UseExisting(notices=decision.notices)
        return decision

    def _prepared(
        self,
        decision: Sign | UseExisting,
        uploads: Sequence[Distribution],
        proof: AcceptedClaims,
        pages: Sequence[ProjectPage],
        beside: Sequence[Candidate],
    ) -> Mapping[str, tuple[str, ...]]:
        if self._failure is not None:
            publish_without(self._options.mode, pages, self._failure)  # said already, unless it must stop
            return {}
        try:
            (self._installing or self._install()).result()
        except PublishError as failure:
            self._emit(
                DiagnosisReported(diagnosis=publish_without(self._options.mode, pages, failure.diagnostics()[0]))
            )
            return {}
        from .prepare import Task, prepare

        task = Task(
            decision=decision,
            mode=self._options.mode,
            uploads=uploads,
            beside=beside,
            claims=proof.claims,
            pages=pages,
        )
        return prepare(task, self._desk())
