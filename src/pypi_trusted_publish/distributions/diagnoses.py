"""Findings as diagnoses: what a release is stopped by, and what is told beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..errors import Diagnosis, DistributionError, Severity
from .distribution import CheckedSet, Finding
from .rule import WhilePublishing
from .rules import RULES

RULES_PAGE: Final = "docs/rules.md"
_CODES: Final = {
    Severity.ERROR: "distribution-refused",
    Severity.WARNING: "distribution-warning",
    Severity.NOTICE: "distribution-notice",
}


def diagnosis(finding: Finding) -> Diagnosis:
    """One finding, told in full; ``read_on`` is the anchor of its rule."""
    rule = RULES[finding.rule]
    return Diagnosis(
        code=_CODES[finding.severity],
        happened=f"{finding.filename}: {finding.message}",
        cause=rule.meaning,
        remedy=finding.hint,
        read_on=f"{RULES_PAGE}#{finding.rule}",
        facts=(("rule", finding.rule),),
        file=finding.filename,
        severity=finding.severity,
    )


def require_publishable(checked: CheckedSet) -> None:
    """Raise DistributionError with every error among the findings; nothing when there is none."""
    if checked.errors:
        raise DistributionError(*map(diagnosis, checked.errors))


def told_while_publishing(checked: CheckedSet) -> Iterator[Diagnosis]:
    """What does not stop a release: loud findings each by itself, the others as one line with their number."""
    folded: list[Finding] = []
    for finding in checked.findings:
        if finding.severity is Severity.ERROR:
            continue
        if RULES[finding.rule].while_publishing is WhilePublishing.FOLD:
            folded.append(finding)
        else:
            yield diagnosis(finding)
    if folded:
        codes = ", ".join(sorted({finding.rule for finding in folded}))
        files = len({finding.filename for finding in folded})
        yield Diagnosis(
            code="distribution-notes",
            happened=f"{len(folded)} smaller remarks on {files} of the files: {codes}.",
            remedy="`pypi-trusted-publish check` tells each of them.",
            read_on=RULES_PAGE,
            severity=Severity.NOTICE,
        )
