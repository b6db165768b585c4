"""All files of a run: inspected, held against each other, and told as the options want it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, Protocol, TypeVar

from packaging.utils import canonicalize_name

from ..errors import Diagnosis, DistributionError, Severity
from ..formatting import read_version
from ..readers.hashing import LARGE, Aside, Digests, HashingReader, at_once
from . import content as rules_content
from .classifiers import KnownClassifiers, classifier_findings
from .contacts import contact_findings
from .core_metadata import is_valid_name, read_core_metadata, sent_metadata
from .dependencies import dependency_findings, import_findings
from .description import DescriptionRenderer, description_findings
from .distribution_set import set_findings
from .filename import (
    WheelName,
    filename_findings,
    kind_of,
    platform_findings,
    read_wheel_name,
    sdist_agreement,
    wheel_agreement,
)
from .licenses import license_findings
from .metadata import form_findings
from .model import (
    FILE_SIZE_LIMIT,
    METADATA_LIMIT,
    Candidate,
    CheckedSet,
    CheckOptions,
    CoreMetadata,
    Distribution,
    Finding,
    Kind,
    Level,
    Rule,
    WhilePublishing,
)
from .registry import RULES
from .sdist import read_sdist, sdist_findings
from .wheel import read_wheel, wheel_findings

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
        message=f"{finding.filename}: {finding.message}",
        likely_cause=rule.meaning,
        fix=finding.hint,
        read_more=f"{RULES_PAGE}#{finding.rule}",
        details=(("rule", finding.rule),),
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
        if RULES[finding.rule].while_publishing is WhilePublishing.COUNT:
            folded.append(finding)
        else:
            yield diagnosis(finding)
    if folded:
        codes = ", ".join(sorted({finding.rule for finding in folded}))
        files = len({finding.filename for finding in folded})
        yield Diagnosis(
            code="distribution-notes",
            message=f"{len(folded)} smaller remarks on {files} of the files: {codes}.",
            fix="`pypi-trusted-publish check` tells each of them.",
            read_more=RULES_PAGE,
            severity=Severity.NOTICE,
        )


MOST_FINDINGS: Final = 100
"""Of one file's metadata that are told: a file of megabytes could have a hundred thousand."""


def metadata_findings(
    metadata: CoreMetadata,
    filename: str,
    *,
    render: DescriptionRenderer | None = None,
    known_classifiers: KnownClassifiers | None = None,
) -> Iterator[Finding]:
    """What is wrong with the metadata of a wheel or an sdist, by what its upload form would carry.

    ``render`` renders reStructuredText (without it no description is rendered), ``known_classifiers`` is asked, at most
    once a call, when a classifier is not in our table.
    """
    sent = sent_metadata(metadata)
    findings = chain(
        form_findings(sent, filename),
        contact_findings(sent, filename),
        classifier_findings(sent, filename, known_classifiers=known_classifiers),
        dependency_findings(sent, filename),
        license_findings(sent, filename),
        import_findings(sent, filename),
        description_findings(sent, filename, render=render),
    )
    return islice(findings, MOST_FINDINGS)


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What one file turned out to be."""

    candidate: Candidate
    distribution: Distribution | None
    """None when name or metadata could not be read; then there is an error among the findings."""
    findings: tuple[Finding, ...]
    """As the rules say; the options of the run have not been applied yet."""


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What the archive gave."""

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
    aside: Aside = at_once,
) -> Inspection:
    """Read and judge one file. Its content never raises; memory is bounded by the number of members.

    ``render`` and ``known_classifiers`` are handed on to the rules of the metadata; a large file is hashed ``aside``.
    """
    filename = candidate.filename
    findings = list(filename_findings(filename))
    kind = kind_of(filename)
    wheel = read_wheel_name(filename) if kind is Kind.WHEEL else None
    if isinstance(wheel, Finding):
        findings.append(wheel)
    if kind is None or isinstance(wheel, Finding):
        return Inspection(candidate=candidate, distribution=None, findings=tuple(findings))
    if candidate.identity.size > FILE_SIZE_LIMIT:
        size = candidate.identity.size
        findings.append(
            rules_content.FILE_TOO_LARGE.finding(filename, f"The file has {size} bytes, {size / 2**20:.1f} MiB.")
        )
    if wheel is not None:
        findings.extend(platform_findings(filename, wheel))
    try:
        read = _read(candidate, kind, wheel, options, findings, aside=aside)
    except OSError as error:
        told = f"The file cannot be read: {error.strerror or 'unknown reason'}."
        findings.append(rules_content.FILE_UNREADABLE.finding(filename, told))
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
    aside: Aside,
) -> _Read:
    with candidate.open() as file:
        reader = HashingReader(file, aside if candidate.identity.size >= LARGE else at_once)
        if wheel is not None:
            opened = read_wheel(reader, candidate.identity.size, candidate.filename, wheel, options)
            metadata = _metadata(opened.metadata)
            findings.extend(wheel_findings(reader, opened, _license_files(metadata)))
        else:
            unpacked = read_sdist(reader, candidate.identity.size, candidate.filename, options)
            metadata = _metadata(unpacked.metadata)
            findings.extend(sdist_findings(unpacked, _license_files(metadata)))
        return _Read(kind=kind, wheel=wheel, metadata=metadata, digests=reader.finish())


def _metadata(data: bytes | None) -> CoreMetadata | None:
    return None if data is None or len(data) > METADATA_LIMIT else read_core_metadata(data)


def _license_files(metadata: CoreMetadata | None) -> tuple[str, ...]:
    """The License-File fields that a faithful client sends: none below metadata version 2.4."""
    return () if metadata is None else sent_metadata(metadata).all("license-file")


def _distribution(candidate: Candidate, read: _Read) -> Distribution | None:
    """The distribution, when the metadata names one; the rules of the metadata say what is missing."""
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

    return combine(tuple(map_(look, candidates)), options=options)


def combine(inspections: Sequence[Inspection], *, options: CheckOptions) -> CheckedSet:
    """The files of a run as one: with what only shows between files, and as the options want it.

    Findings are sorted by file, then errors first, then by rule; each stands there once.
    """
    distributions = tuple(inspection.distribution for inspection in inspections if inspection.distribution is not None)
    found = [finding for inspection in inspections for finding in inspection.findings]
    if options.full:
        found.extend(set_findings(distributions, options.several_versions))
    return CheckedSet(
        filenames=tuple(inspection.candidate.filename for inspection in inspections),
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
        if finding.rule in options.ignore and rule.level is not Level.REFUSED:
            continue
        yield dataclasses.replace(finding, severity=_severity(finding, rule, options))


def _severity(finding: Finding, rule: Rule, options: CheckOptions) -> Severity:
    if options.strict and rule.level is Level.DISCOURAGED:
        return Severity.ERROR
    if options.lenient_tables and rule.table is not None and finding.severity is Severity.ERROR:
        return Severity.WARNING
    return finding.severity


_LOUDNESS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTICE: 2}


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return (finding.filename, _LOUDNESS[finding.severity], finding.rule, finding.message)
