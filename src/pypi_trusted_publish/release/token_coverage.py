"""Whether a minted token covers what is to be uploaded, told and held before the first byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..events import CoverageRead
from ..trusted_publishing.coverage import check_coverage, covered_projects

if TYPE_CHECKING:
    from ..events import Emit
    from ..trusted_publishing.tokens import UploadToken
    from .plan import UploadPlan


def require_coverage(token: UploadToken, plan: UploadPlan, emit: Emit) -> int | None:
    """How many projects the token covers, None when it does not show; raise IndexRefused when they are too few."""
    covered = covered_projects(token)
    number = None if covered is None else len(covered)
    emit(CoverageRead(covered=number, needed=plan.projects))
    check_coverage(number, plan.projects, plan.new_projects)
    return number
