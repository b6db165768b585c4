"""All files of a run: inspected, held against each other, and told as the options want it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from ..errors import Severity
from .classifiers import KnownClassifiers
from .description import DescriptionRenderer
from .digests import Aside, at_once
from .distribution import Candidate, CheckedSet, Distribution, Finding
from .distribution_set import set_findings
from .inspect import Inspection, inspect
from .options import CheckOptions
from .rule import Level, Rule
from .rules import RULES

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class ParallelMap(Protocol):
    """``map``, perhaps with threads behind it; results come in the order of the arguments."""

    def __call__(self, function: Callable[[_In], _Out], arguments: Iterable[_In], /) -> Iterable[_Out]:
        """Apply ``function`` to each argument."""


def one_by_one(function: Callable[[_In], _Out], arguments: Iterable[_In], /) -> Iterator[_Out]:
    """The map without threads."""
    return map(function, arguments)


def check(
    candidates: Sequence[Candidate],
    *,
    options: CheckOptions,
    render: DescriptionRenderer | None = None,
    known_classifiers: KnownClassifiers | None = None,
    map_: ParallelMap = one_by_one,
    aside: Aside = at_once,
) -> CheckedSet:
    """Read and judge the files, several at once by ``map_``, the hashing of large ones ``aside``.

    Findings are sorted by file, then errors first, then by rule; each is told once.
    """

    def look(candidate: Candidate) -> Inspection:
        return inspect(candidate, options=options, render=render, known_classifiers=known_classifiers, aside=aside)

    inspections = tuple(map_(look, candidates))
    distributions = tuple(inspection.distribution for inspection in inspections if inspection.distribution is not None)
    found = [finding for inspection in inspections for finding in inspection.findings]
    if options.full:
        found.extend(set_findings(distributions, options.several_versions))
    return CheckedSet(
        filenames=tuple(candidate.filename for candidate in candidates),
        distributions=_each_once(distributions),
        findings=tuple(sorted(set(_settled(found, options)), key=_order)),
        by_every_rule=options.full,
    )


def _each_once(distributions: Iterable[Distribution]) -> tuple[Distribution, ...]:
    """Without copies: the same bytes under the same name, in two folders, are one file of the release."""
    kept: dict[tuple[str, str], Distribution] = {}
    for distribution in distributions:
        key = (distribution.filename, distribution.sha256)
        first = kept.get(key)
        kept[key] = dataclasses.replace(first, copies=(*first.copies, distribution.path)) if first else distribution
    return tuple(kept.values())


def _settled(findings: Iterable[Finding], options: CheckOptions) -> Iterator[Finding]:
    for finding in findings:
        rule = RULES[finding.rule]
        if finding.rule in options.ignore and rule.level is not Level.INDEX:
            continue
        yield dataclasses.replace(finding, severity=_severity(finding, rule, options))


def _severity(finding: Finding, rule: Rule, options: CheckOptions) -> Severity:
    if options.strict and rule.level is Level.REGRET:
        return Severity.ERROR
    if options.lenient_tables and rule.table is not None and finding.severity is Severity.ERROR:
        return Severity.WARNING
    return finding.severity


_LOUDNESS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTICE: 2}


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return (finding.filename, _LOUDNESS[finding.severity], finding.rule, finding.message)
