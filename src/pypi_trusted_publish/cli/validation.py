"""Validates what to publish: finds and checks the files, and compares their versions with the tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from ..checks.model import CheckedSet, CheckOptions, Distribution
from ..core.approval import require_approved
from ..core.manifest import entries_of
from ..core.release_findings import RELEASE_RULES
from ..core.versions import check_versions
from ..errors import Diagnosis, Severity, WorkflowError
from ..events import Checked, DiagnosisReported, Emit, Fact, FileLeftOut
from ..formatting import quoted
from ..io.packages_dir import Collected, collect

if TYPE_CHECKING:
    from ..inputs import Inputs
    from ..io.github.job import RunnerContext
    from ..io.workers.pool import Workers
    from ..publish.prefetch import PrefetchedPages


@dataclass(kw_only=True)
class Validation:
    """Finds and checks the files that the inputs name; called once, as a step of the flow."""

    inputs: Inputs
    context: RunnerContext
    pages: PrefetchedPages
    workers: Workers
    emit: Emit
    collected: Collected = field(default=Collected(), init=False)
    """What was found, after the call."""

    def __call__(self) -> CheckedSet:
        """Report every file; raise DistributionError or WorkflowError with all problems."""
        if self.inputs.ignore:
            require_known_rules(self.inputs.ignore)
        self.collected = collect(self.inputs.packages_dir, self.context.workspace)
        self.pages.prefetch(_projects(self.collected))
        checked = self.workers.check(
            self.collected.candidates,
            options=CheckOptions(
                publishing=True,
                full=self.inputs.verify_metadata,
                strict=self.inputs.strict,
                ignore=self.inputs.ignore,
            ),
        )
        from ..checks.check import require_publishable

        self._report(checked)
        require_publishable(checked)
        self._compare_versions(checked)
        require_approved(self.inputs.approved, self.inputs.approved_distributions, entries_of(checked.distributions))
        return replace(checked, left_out=self.collected.left_out)

    def _compare_versions(self, checked: CheckedSet) -> None:
        findings = check_versions(
            self.inputs.expected_version,
            ref_type=self.context.ref_type,
            ref_name=self.context.ref_name,
            repository=self.context.repository,
            releases=tuple(file.release for file in checked.distributions),
        )
        for line in findings.lines:
            self.emit(Fact(value=line))
        for warning in findings.warnings:
            self.emit(DiagnosisReported(diagnosis=warning))

    def _report(self, checked: CheckedSet) -> None:
        if self.collected.ignored:
            self.emit(Fact(name="ignored", value=", ".join(self.collected.ignored)))
        for filename, pattern in self.collected.left_out:
            self.emit(FileLeftOut(filename=filename, pattern=pattern))
        for warning in self.collected.warnings:
            self.emit(DiagnosisReported(diagnosis=warning))
        for distribution in checked.distributions:
            self.emit(checked_event(distribution, checked))
        if not self.inputs.verify_metadata:
            self.emit(DiagnosisReported(diagnosis=_unverified()))
        from ..checks.check import warnings_while_publishing

        for diagnosis in warnings_while_publishing(checked):
            self.emit(DiagnosisReported(diagnosis=diagnosis))


def require_known_rules(codes: Iterable[str]) -> None:
    """Raise WorkflowError with all codes that are not the code of a rule."""
    from ..checks.registry import RULES

    unknown = sorted(set(codes) - RULES.keys() - RELEASE_RULES.keys())
    if unknown:
        raise WorkflowError(*map(_unknown_rule, unknown))


def _unknown_rule(code: str) -> Diagnosis:
    from ..checks.registry import RULES

    close = get_close_matches(code, [*RULES, *RELEASE_RULES], n=1)
    return Diagnosis(
        code="ignore-unknown-rule",
        message=f"There is no rule {quoted(code)} to ignore.",
        likely_cause=f"Its code is misspelled: the most similar one is `{close[0]}`." if close else "",
        fix="docs/rules.md lists the codes; a finding ends with the code of its rule.",
    )


def checked_event(file: Distribution, checked: CheckedSet) -> Checked:
    """The event for a checked distribution."""
    return Checked(
        filename=file.filename,
        project=file.project,
        version=str(file.version),
        kind=file.kind.value,
        tags=file.tags,
        size=file.size,
        sha256=file.sha256,
        blake2b_256=file.blake2b_256,
        metadata=tuple((name, value) for name, value in file.metadata.fields if name.lower() != "description"),
        findings=sum(finding.filename == file.filename for finding in checked.findings),
    )


def _projects(collected: Collected) -> Iterator[NormalizedName]:
    """The projects in the file names; the check reports invalid names."""
    for candidate in collected.candidates:
        name, dash, _ = candidate.filename.partition("-")
        try:
            if dash:
                yield canonicalize_name(name, validate=True)
        except InvalidName:
            continue


def _unverified() -> Diagnosis:
    return Diagnosis(
        code="metadata-not-verified",
        message="`verify-metadata` is off: only names, archives and the readability of the metadata were checked.",
        likely_cause=("Other reasons for a refusal show only during the uploads, when the first files may be public."),
        fix="Leave the input out, and correct what the check reports.",
        severity=Severity.WARNING,
    )
