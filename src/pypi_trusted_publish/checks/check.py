"""Checks distributions: each file by itself, the files compared with each other, and the options applied."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Protocol, TypeVar

from packaging.utils import canonicalize_name

from ..errors import Diagnosis, DistributionError, Severity
from ..formatting import count_text, read_version
from ..readers.core_metadata import CoreMetadata, is_valid_name, read_core_metadata, uploaded_metadata
from ..readers.hashing import LARGE, Background, Digests, HashingReader, run_now
from ..values import dataclass
from .classifiers import KnownClassifiers
from .description import DescriptionRenderer
from .distribution_set import set_findings
from .filename import WheelName, filename_findings, kind_of, read_wheel_name, sdist_agreement, wheel_agreement
from .files import size_findings, unreadable_finding
from .library_releases import change_findings, change_for
from .metadata import metadata_findings
from .model import (
    METADATA_LIMIT,
    RULES_PAGE,
    Candidate,
    CheckedSet,
    CheckOptions,
    Distribution,
    Doubt,
    Finding,
    Kind,
    Level,
    Rule,
    WhilePublishing,
)
from .platform_tags import platform_findings
from .registry import RULES
from .sdist import read_sdist, sdist_findings
from .wheel import read_wheel, wheel_findings

_CODES: Final = {
    Severity.ERROR: "distribution-refused",
    Severity.WARNING: "distribution-warning",
    Severity.NOTICE: "distribution-notice",
}


def diagnosis(finding: Finding) -> Diagnosis:
    """One finding as a diagnosis; ``read_more`` is the anchor of its rule."""
    rule = RULES[finding.rule]
    return Diagnosis(
        code=_CODES[finding.severity],
        message=f"{finding.filename}: {finding.message}",
        likely_cause=rule.meaning,
        fix=finding.hint,
        read_more=f"{RULES_PAGE}#{finding.rule}",
        details=(("rule", finding.rule),),
        file=finding.filename,
        severity=finding.severity,
    )


def require_publishable(checked: CheckedSet) -> None:
    """Raise DistributionError with all errors among the findings, if any."""
    if checked.errors:
        raise DistributionError(*map(diagnosis, checked.errors))


def warnings_while_publishing(checked: CheckedSet) -> Iterator[Diagnosis]:
    """Findings that do not stop a release: one diagnosis each, but a single count for those of minor rules."""
    counted: list[Finding] = []
    for finding in checked.findings:
        if finding.severity is Severity.ERROR:
            continue
        if RULES[finding.rule].while_publishing is WhilePublishing.COUNT:
            counted.append(finding)
        else:
            yield diagnosis(finding)
    if counted:
        codes = ", ".join(sorted({finding.rule for finding in counted}))
        files = count_text(len({finding.filename for finding in counted}), "file")
        yield Diagnosis(
            code="distribution-notes",
            message=f"{count_text(len(counted), 'minor remark')} on {files}: {codes}.",
            fix="`pypi-trusted-publish check` lists them.",
            read_more=RULES_PAGE,
            severity=Severity.NOTICE,
        )


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """The result of checking one file."""

    candidate: Candidate
    distribution: Distribution | None
    """None when name or metadata could not be read; the findings then include an error."""
    findings: tuple[Finding, ...]
    """Before the options of the run are applied."""


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What was read from the archive."""

    kind: Kind
    wheel: WheelName | None
    metadata: CoreMetadata | None
    digests: Digests


def inspect(
    candidate: Candidate,
    *,
    options: CheckOptions,
    render: DescriptionRenderer | None = None,
    known_classifiers: KnownClassifiers | None = None,
    background: Background = run_now,
) -> Inspection:
    """Read and check one file. Its content never raises; memory use depends on the number of members.

    ``render`` and ``known_classifiers`` are for the rules of the metadata. A large file is hashed in the
    ``background``.
    """
    filename = candidate.filename
    findings = list(filename_findings(filename))
    kind = kind_of(filename)
    wheel = read_wheel_name(filename) if kind is Kind.WHEEL else None
    if isinstance(wheel, Finding):
        findings.append(wheel)
    if kind is None or isinstance(wheel, Finding):
        return Inspection(candidate=candidate, distribution=None, findings=tuple(findings))
    findings.extend(size_findings(filename, candidate.identity.size))
    if wheel is not None:
        findings.extend(_tag_findings(filename, wheel))
    try:
        read = _read(candidate, kind, wheel, options, findings, background=background)
    except OSError as error:
        findings.append(unreadable_finding(filename, error))
        return Inspection(candidate=candidate, distribution=None, findings=tuple(findings))
    if read.metadata is not None and options.full:
        findings.extend(metadata_findings(read.metadata, filename, render=render, known_classifiers=known_classifiers))
    distribution = _distribution(candidate, read)
    if distribution is not None:
        findings.extend(_agreement(distribution, wheel))
    return Inspection(candidate=candidate, distribution=distribution, findings=tuple(findings))


def _read(
    candidate: Candidate,
    kind: Kind,
    wheel: WheelName | None,
    options: CheckOptions,
    findings: list[Finding],
    *,
    background: Background,
) -> _Read:
    with candidate.open() as file:
        reader = HashingReader(file, background if candidate.identity.size >= LARGE else run_now)
        if wheel is not None:
            opened = read_wheel(reader, candidate.identity.size, candidate.filename, wheel, options)
            metadata = _metadata(opened.metadata)
            findings.extend(
                wheel_findings(
                    reader, opened, license_files=_license_files(metadata), requires=_has_requirements(metadata)
                )
            )
        else:
            unpacked = read_sdist(reader, candidate.identity.size, candidate.filename, options)
            metadata = _metadata(unpacked.metadata)
            findings.extend(sdist_findings(unpacked, _license_files(metadata)))
        return _Read(kind=kind, wheel=wheel, metadata=metadata, digests=reader.finish())


def _tag_findings(filename: str, wheel: WheelName) -> Iterator[Finding]:
    yield from platform_findings(filename, wheel.platforms)
    change = change_for("filename", filename)
    if change is not None:
        yield from change_findings(change, filename, "The file name", filename)


def _metadata(data: bytes | None) -> CoreMetadata | None:
    return None if data is None or len(data) > METADATA_LIMIT else read_core_metadata(data)


def _license_files(metadata: CoreMetadata | None) -> tuple[str, ...]:
    """The License-File fields that a client sends: none before metadata version 2.4."""
    return () if metadata is None else uploaded_metadata(metadata).all("license-file")


def _has_requirements(metadata: CoreMetadata | None) -> bool:
    return metadata is not None and metadata.first("requires-dist") is not None


def _distribution(candidate: Candidate, read: _Read) -> Distribution | None:
    """The distribution, if the metadata has a name and a version; the metadata rules report what is missing."""
    if read.metadata is None:
        return None
    name, version = read.metadata.first("name"), read_version(read.metadata.first("version") or "")
    if name is None or not is_valid_name(name) or version is None:
        return None
    return Distribution(
        path=candidate.path,
        filename=candidate.filename,
        line=candidate.line,
        identity=candidate.identity,
        kind=read.kind,
        name=name,
        project=canonicalize_name(name),
        version=version,
        pyversion="source" if read.wheel is None else read.wheel.python_tag,
        tags=() if read.wheel is None else read.wheel.tags,
        metadata=read.metadata,
        sha256=read.digests.sha256,
        blake2b_256=read.digests.blake2b_256,
        open=candidate.open,
    )


def _agreement(distribution: Distribution, wheel: WheelName | None) -> Iterator[Finding]:
    if wheel is not None:
        return wheel_agreement(distribution.filename, wheel, name=distribution.name, version=distribution.version)
    return sdist_agreement(distribution.filename, name=distribution.name, version=distribution.version)


_In = TypeVar("_In")
_Out = TypeVar("_Out")


class ParallelMap(Protocol):
    """``map``, perhaps with threads; results are in the order of the arguments."""

    def __call__(self, function: Callable[[_In], _Out], arguments: Iterable[_In], /) -> Iterable[_Out]:
        """Apply ``function`` to each argument."""


def one_by_one(function: Callable[[_In], _Out], arguments: Iterable[_In], /) -> Iterator[_Out]:
    """``map`` without threads."""
    return map(function, arguments)


def check(
    candidates: Sequence[Candidate],
    *,
    options: CheckOptions,
    render: DescriptionRenderer | None = None,
    known_classifiers: KnownClassifiers | None = None,
    map_: ParallelMap = one_by_one,
    background: Background = run_now,
) -> CheckedSet:
    """Read and check the files, in parallel by ``map_``, with the hashing of large ones in the ``background``.

    Findings are sorted by file, then errors first, then by rule; each appears once.
    """

    def look(candidate: Candidate) -> Inspection:
        return inspect(
            candidate, options=options, render=render, known_classifiers=known_classifiers, background=background
        )

    return combine(tuple(map_(look, candidates)), options=options)


def combine(inspections: Sequence[Inspection], *, options: CheckOptions) -> CheckedSet:
    """The result for all files: compared with each other, with the options applied.

    Findings are sorted by file, then errors first, then by rule; each appears once.
    """
    distributions = tuple(inspection.distribution for inspection in inspections if inspection.distribution is not None)
    found = [finding for inspection in inspections for finding in inspection.findings]
    if options.full:
        found.extend(set_findings(distributions, publishing=options.publishing))
    return CheckedSet(
        filenames=tuple(inspection.candidate.filename for inspection in inspections),
        distributions=_each_once(distributions),
        findings=tuple(sorted(set(_with_options(found, options)), key=_order)),
        by_every_rule=options.full,
        doubts=_doubts(found),
    )


def _each_once(distributions: Iterable[Distribution]) -> tuple[Distribution, ...]:
    """The files without copies: the same contents under the same name in two folders are one file."""
    kept: dict[tuple[str, str], Distribution] = {}
    for distribution in distributions:
        key = (distribution.filename, distribution.sha256)
        first = kept.get(key)
        kept[key] = dataclasses.replace(first, copies=(*first.copies, distribution.path)) if first else distribution
    return tuple(kept.values())


def _doubts(findings: Iterable[Finding]) -> dict[str, frozenset[Doubt]]:
    doubts: dict[str, set[Doubt]] = {}
    for finding in findings:
        if finding.doubt is not None:
            doubts.setdefault(finding.filename, set()).add(finding.doubt)
    return {filename: frozenset(found) for filename, found in doubts.items()}


def _with_options(findings: Iterable[Finding], options: CheckOptions) -> Iterator[Finding]:
    for finding in findings:
        rule = RULES[finding.rule]
        if finding.rule not in options.ignore or not _may_be_ignored(rule):
            yield dataclasses.replace(finding, severity=_severity(finding, rule, options))


def _may_be_ignored(rule: Rule) -> bool:
    return rule.level in (Level.DISCOURAGED, Level.NOTICE) or rule.table is not None


def _severity(finding: Finding, rule: Rule, options: CheckOptions) -> Severity:
    lenient = options.lenient_tables or options.publishing
    if rule.level is Level.DISCOURAGED and options.strict:
        return Severity.ERROR
    if rule.level is Level.DAMAGED and (options.strict or options.publishing):
        return Severity.ERROR
    if rule.table is not None and lenient and finding.severity is Severity.ERROR:
        return Severity.ERROR if options.strict and not rule.is_doubtful else Severity.WARNING
    return finding.severity


_SEVERITY_ORDER: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTICE: 2}


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return (finding.filename, _SEVERITY_ORDER[finding.severity], finding.rule, finding.message)
