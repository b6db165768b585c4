"""Existing attestations next to the files: read, and verified like new ones."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from pypi_attestations import Attestation

from ..checks.filename import ATTESTATION_SUFFIXES
from ..errors import Diagnosis, DistributionError
from ..values import dataclass
from .verification import Unverifiable, Verified, verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sigstore.verify import Verifier

    from ..checks.model import Candidate, Distribution
    from .verification import PublisherIdentity

_LIMIT: Final = 1 << 20
"""Bytes. An attestation usually has five to ten thousand."""


@dataclass(frozen=True, kw_only=True)
class ExistingAttestations:
    """The content of an attestation file, not verified."""

    path: str
    filename: str
    distribution: Distribution
    attestation: Attestation


@dataclass(frozen=True, kw_only=True)
class VerifiedAttestations:
    """An attestation file that the index would accept."""

    path: str
    attestation: Attestation
    verified: Verified


def read_existing(files: Iterable[Candidate], uploads: Sequence[Distribution]) -> tuple[ExistingAttestations, ...]:
    """Read the attestation files of the files to upload; others are ignored.

    One may be next to any copy of a file; equal ones next to several copies count once.

    Raises:
        DistributionError: with every file that is not an attestation.

    """
    by_path = {
        path + suffix: upload
        for upload in uploads
        for path in (upload.path, *upload.copies)
        for suffix in ATTESTATION_SUFFIXES
    }
    read: list[ExistingAttestations] = []
    problems: list[Diagnosis] = []
    for file in files:
        if file.path not in by_path:
            continue
        upload, found = by_path[file.path], _read(file)
        if not isinstance(found, Attestation):
            problems.append(_unusable(file.filename, found))
        elif not any(one.distribution is upload and one.attestation == found for one in read):
            read.append(
                ExistingAttestations(path=file.path, filename=file.filename, distribution=upload, attestation=found)
            )
    if problems:
        raise DistributionError(*problems)
    return tuple(read)


def verify_existing(
    files: Iterable[ExistingAttestations], *, verifier: Verifier, publisher: PublisherIdentity
) -> Mapping[str, tuple[VerifiedAttestations, ...]]:
    """Verify each for its distribution; the result is keyed by the distribution's file name.

    Raises:
        DistributionError: with all that the index would refuse, and all of the same predicate type.

    """
    found: defaultdict[str, list[VerifiedAttestations]] = defaultdict(list)
    problems: list[Diagnosis] = []
    for file in files:
        distribution = file.distribution
        try:
            verified = verify(
                file.attestation,
                verifier=verifier,
                publisher=publisher,
                filename=distribution.filename,
                sha256=distribution.sha256,
            )
        except Unverifiable as caught:
            problems.append(_refused(file.filename, caught.problem))
        else:
            entry = VerifiedAttestations(path=file.path, attestation=file.attestation, verified=verified)
            found[distribution.filename].append(entry)
    problems += [_twice(filename, entries) for filename, entries in found.items() if _repeats(entries)]
    if problems:
        raise DistributionError(*problems)
    return {filename: tuple(entries) for filename, entries in found.items()}


def _read(file: Candidate) -> Attestation | str:
    """The attestation, or a phrase that says what is wrong with the file."""
    try:
        with file.open() as stream:
            data = stream.read(_LIMIT + 1)
    except OSError:
        return "cannot be read"
    if not data.strip():
        return "is empty"
    if len(data) > _LIMIT:
        return f"is larger than {_LIMIT:,} bytes"
    try:
        return Attestation.model_validate_json(data)
    except ValueError:
        return "is not an attestation of PEP 740, version 1"


def _repeats(entries: Sequence[VerifiedAttestations]) -> bool:
    return len({entry.verified.kind for entry in entries}) < len(entries)


def _unusable(filename: str, problem: str) -> Diagnosis:
    return Diagnosis(
        code="attestation-file-unusable",
        message=f"The attestation file {filename} {problem}.",
        likely_cause="It has the name of an attestation next to a distribution, so it would be sent with it.",
        fix="Make it again with the same tool, remove it, or publish without attestations: `attestations: false`.",
        file=filename,
    )


def _refused(filename: str, problem: str) -> Diagnosis:
    return Diagnosis(
        code="attestation-file-refused",
        message=f"The index would refuse the attestation file {filename}: {problem}.",
        likely_cause=("It was made for different contents or by a different workflow, or it was changed later."),
        fix="Make it again in this workflow, for these files, or remove it (a publish attestation is then made "
        "here), or publish without attestations: `attestations: false`.",
        file=filename,
    )


def _twice(filename: str, entries: Sequence[VerifiedAttestations]) -> Diagnosis:
    return Diagnosis(
        code="attestation-files-repeat",
        message=f"{filename} has {len(entries)} attestations of one predicate type: {entries[0].verified.kind.value}.",
        likely_cause="The index accepts at most two attestations for a file, of different predicate types.",
        fix="Remove one of the files: " + ", ".join(entry.path for entry in entries),
        file=filename,
    )
