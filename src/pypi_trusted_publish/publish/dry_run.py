"""What a dry run verifies besides the plan: whether the index would issue an upload token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..core.token_coverage import require_coverage
from ..errors import Diagnosis, Severity
from ..events import DiagnosisReported, DryRunProof, StepStarted
from ..formatting import count_text

if TYPE_CHECKING:
    from ..core.plan import UploadPlan
    from ..events import Emit
    from ..secret import UploadToken


class _Tokens(Protocol):
    def mint(self) -> UploadToken: ...

    def revoke_all(self) -> None: ...


def report_what_is_known(emit: Emit, *, by_every_rule: bool) -> None:
    """Report what is known before the exchange. ``by_every_rule``: all rules were applied to the files."""
    emit(StepStarted(title="Dry run"))
    emit(DryRunProof(statement="the identity token proves the environment", proved=True))
    why_not = "" if by_every_rule else "`verify-metadata` is off"
    emit(DryRunProof(statement="every file passes the checks", proved=by_every_rule, why_not=why_not))
    emit(DryRunProof(statement="the plan has no conflict that stops it", proved=True))
    emit(DryRunProof(statement="the index accepts every file", proved=False, why_not="only an upload can show that"))


def try_exchange(plan: UploadPlan, tokens: _Tokens, emit: Emit) -> None:
    """Mint a token and revoke it, unless that would create a project; report what this shows and what it does not.

    Raises:
        PublishError: the index refuses the exchange, or its token does not cover all projects.

    """
    reason = _why_not_mint(plan)
    if reason:
        emit(DryRunProof(statement="a publisher on the index matches this job", proved=False, why_not=reason))
        return
    emit(DiagnosisReported(diagnosis=_effects_of_a_mint()))
    try:
        token = tokens.mint()
    finally:
        tokens.revoke_all()
    emit(DryRunProof(statement="a publisher on the index matches this job", proved=True))
    number = require_coverage(token, plan, emit)
    covered = "the token does not show which projects it covers"
    if number is not None:  # ids without names: one project may be another one than that of the files
        covered = f"the token covers {count_text(number, 'project')}, but does not show which"
    emit(DryRunProof(statement="the token covers the projects of the files", proved=False, why_not=covered))


def _effects_of_a_mint() -> Diagnosis:
    return Diagnosis(
        code="dry-run-mints",
        severity=Severity.NOTICE,
        message="This dry run exchanges an identity token for an upload token and revokes it.",
        likely_cause="An exchange has effects on the index: it writes a security event, "
        "may send mail to the owners of a publisher "
        "that names no environment, and creates the project of any pending publisher with the same claims, also under "
        "another name.",
        fix="Start dry runs manually (workflow_dispatch), not on a schedule.",
    )


def _why_not_mint(plan: UploadPlan) -> str:
    if not plan.uploads:
        return "nothing is left to upload, so a release would not request a token"
    if plan.new_projects:
        names = ", ".join(plan.new_projects)
        return f"{names} is not on the index, and the exchange would create the project of a pending publisher"
    unread = ", ".join(page.project for page in plan.pages if page.why_unreadable)
    if unread:
        return f"the page of {unread} could not be read, and the exchange could create a project"
    return ""
