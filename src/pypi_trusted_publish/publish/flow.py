"""The flow of a release: prove who we are and know what we publish, plan, exchange, upload, revoke, read back.

Each step returns evidence that the next one demands, so that the wrong order does not type-check. Nothing here knows
of GitHub, of HTTP or of printing: what the flow needs comes as :class:`ReleaseSteps`; what happens goes out as events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..core.plan import plan_uploads, require_feasible
from ..core.schedule import doubts_of, schedule
from ..core.token_coverage import require_coverage, warn_of_several_new_projects
from ..errors import PublishError, both
from ..events import Confirmed, DiagnosisReported, Fact, Planned, ProjectPageRead, StepStarted
from .dry_run import prove_a_mint, tell_what_is_known
from .read_back import Pages, look, read_back
from .upload_pool import UploadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..checks.model import CheckedSet, Distribution
    from ..clock import Clock
    from ..core.claims import AcceptedClaims
    from ..core.plan import PlannedFile, PlanPolicy, UploadPlan
    from ..core.project_page import ProjectPage
    from ..core.schedule import ScheduledUpload
    from ..events import Emit
    from ..secret import UploadToken
    from .background import Background, Task
    from .prefetch import PagesAhead
    from .prove import Proof


class Index(Pages, Protocol):
    """Where the files go."""

    def upload(
        self,
        distribution: Distribution,
        *,
        tokens: Tokens,
        attestations: tuple[str, ...],
        pool: UploadPool,
    ) -> object:
        """Send one file until the index has decided."""


class Tokens(Protocol):
    """The upload tokens of one run."""

    def mint(self) -> UploadToken:
        """Exchange a fresh identity token for an upload token that covers what is to be uploaded."""

    def current(self) -> UploadToken:
        """A token that has enough life left; an ageing one is renewed."""

    def replace(self, stale: UploadToken) -> UploadToken:
        """Another token than ``stale``, which the index calls expired."""

    def revoke_all(self) -> None:
        """Give back every token that was minted; never raises."""


class Attest(Protocol):
    """Makes or passes on attestations."""

    def __call__(
        self, uploads: Sequence[Distribution], proof: AcceptedClaims, pages: Sequence[ProjectPage]
    ) -> Mapping[str, tuple[str, ...]]:
        """The attestations of each file, as JSON texts, by file name."""


@dataclass(frozen=True, kw_only=True)
class ReleaseSteps:
    """What a release is handed by the composition root; the steps among it are called once each, in this order."""

    prove: Callable[[], Proof]
    """Check the runner, ask for an identity token, hold its claims against the policy."""
    validate: Callable[[], CheckedSet]
    """Read and judge every file; raises when one of them must not be published."""
    index: Index
    tokens: Callable[[Proof, UploadPlan], Tokens]
    """The tokens of the proved job, for what is planned."""
    attest: Attest
    pages: PagesAhead
    """The index's pages before the uploads."""
    background: Background
    clock: Clock
    emit: Emit


@dataclass(frozen=True, kw_only=True)
class ReleaseOptions:
    """What is asked for."""

    plan: PlanPolicy
    concurrency: int
    """How many uploads may run at the same time."""
    wait_for_index: float
    """Seconds to wait until the index lists every file."""
    dry_run: bool
    index_verifies: bool
    """The index is known to verify attestations, and lists the provenance of a file that came with them."""


def publish(order: ReleaseOptions, ports: ReleaseSteps) -> None:
    """Publish a release: either everything arrives and is confirmed, or one error says what to change.

    Raises:
        PublishError: all problems of the step at which the run ends, together. Until the uploads begin nothing has
            been sent; after that, what is where has been told as events.

    """
    checking = ports.background.start(ports.validate)
    proof, checked = both(ports.prove, lambda: _told(checking, ports.emit))
    plan = _plan(checked, order, ports)
    attestations = ports.attest(plan.uploads, proof.accepted, plan.pages)
    tokens = ports.tokens(proof, plan)
    if order.dry_run:
        tell_what_is_known(ports.emit, by_every_rule=checked.by_every_rule)
        prove_a_mint(plan, tokens, ports.emit)
        return
    if plan.uploads:
        scheduled = schedule(plan, doubts_of(checked.findings))
        _upload(plan, scheduled, attestations=attestations, tokens=tokens, order=order, ports=ports)
    _read_back(plan, attestations, order, ports)


def _told(checking: Task[CheckedSet], emit: Emit) -> CheckedSet:
    emit(StepStarted(title="What is published"))
    return checking.result()


def _plan(checked: CheckedSet, order: ReleaseOptions, ports: ReleaseSteps) -> UploadPlan:
    ports.emit(StepStarted(title="What the index has"))
    projects = tuple({distribution.project: None for distribution in checked.distributions})
    pages = {project: ports.pages.project_page(project) for project in projects}
    for page in pages.values():
        ports.emit(
            ProjectPageRead(project=page.project, state=page.state.value, files=len(page.files), status=page.status)
        )
    plan = plan_uploads(checked.distributions, pages, order.plan)
    for file in plan.files:
        ports.emit(_planned(file, ports.index.project_url(file.distribution)))
    several = warn_of_several_new_projects(plan.new_projects)
    for warning in (*plan.warnings, *([several] if several else [])):
        ports.emit(DiagnosisReported(diagnosis=warning))
    require_feasible(plan, order.plan)
    return plan


def _planned(file: PlannedFile, url: str) -> Planned:
    return Planned(
        filename=file.distribution.filename,
        project=file.distribution.project,
        version=str(file.distribution.version),
        size=file.distribution.size,
        sha256=file.distribution.sha256,
        decision=file.decision.value,
        release_url=url,
    )


def _upload(
    plan: UploadPlan,
    scheduled: Sequence[ScheduledUpload],
    *,
    attestations: Mapping[str, tuple[str, ...]],
    tokens: Tokens,
    order: ReleaseOptions,
    ports: ReleaseSteps,
) -> None:
    def upload(distribution: Distribution, pool: UploadPool) -> None:
        ports.index.upload(
            distribution,
            tokens=tokens,
            attestations=attestations.get(distribution.filename, ()),
            pool=pool,
        )

    ports.emit(StepStarted(title="Exchange and upload"))
    for each in scheduled:
        if each.doubts:
            rules = ", ".join(sorted({doubt.rule for doubt in each.doubts}))
            ports.emit(Fact(value=f"{each.distribution.filename} goes first, alone: the index may refuse it ({rules})"))
    sending = False
    try:
        try:
            require_coverage(tokens.mint(), plan, ports.emit)
            sending = True
            UploadPool(concurrency=order.concurrency, upload=upload, emit=ports.emit).run(scheduled)
        finally:
            tokens.revoke_all()
    except PublishError:
        if sending:
            _take_stock(plan, ports)
        raise


def _take_stock(plan: UploadPlan, ports: ReleaseSteps) -> None:
    """After a failure: tell which of the files the index lists all the same, so that the report agrees with it."""
    ports.emit(StepStarted(title="What the index has now"))
    for file in look(plan.uploads, pages=ports.index).confirmed:
        ports.emit(Confirmed(filename=file.filename, url=ports.index.project_url(file)))


def _read_back(
    plan: UploadPlan, attestations: Mapping[str, tuple[str, ...]], order: ReleaseOptions, ports: ReleaseSteps
) -> None:
    ports.emit(StepStarted(title="Read back"))
    read_back(
        plan.published,
        pages=ports.index,
        wait=order.wait_for_index,
        with_provenance=frozenset(attestations) if order.index_verifies else frozenset(),
        clock=ports.clock,
        emit=ports.emit,
    )
