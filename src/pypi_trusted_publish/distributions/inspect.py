"""One file, read and judged: digests, archive and metadata in one pass where the format allows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from ..version_text import read_version
from . import rules_content
from .classifiers import KnownClassifiers
from .core_metadata import read_core_metadata
from .description import DescriptionRenderer
from .digests import LARGE, Aside, Digests, HashingReader, at_once
from .distribution import Candidate, CoreMetadata, Distribution, Finding, Kind
from .filenames import (
    WheelName,
    filename_findings,
    kind_of,
    platform_findings,
    read_wheel_name,
    sdist_agreement,
    wheel_agreement,
)
from .metadata import metadata_findings
from .names import is_valid_name
from .options import FILE_SIZE_LIMIT, METADATA_LIMIT, CheckOptions
from .sdist_archive import read_sdist, sdist_findings
from .sent_metadata import sent_metadata
from .wheel_archive import read_wheel, wheel_findings


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
            unpacked = read_sdist(reader, candidate.filename, options)
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
