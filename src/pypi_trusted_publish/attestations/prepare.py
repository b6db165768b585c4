"""The attestations of a release, all of them verified before the first byte of a file is sent.

The one module that pulls in the packages of the second lock: import it when they are there and wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_attestations import AttestationType
from sigstore.verify import Verifier

from ..errors import IndexUnavailable
from ..events import Attested, DiagnosisReported, Fact
from . import trust_root
from .existing import read_existing, verify_existing
from .policy import Sign, publish_without
from .services import GARBAGE, quieten, signing_context
from .signing import BatchSigner, Signed
from .verification import PublisherIdentity, Unverifiable, Verified, verify
from .wire import Service, ServiceFault, not_made, would_be_refused

if TYPE_CHECKING:
    from pathlib import Path

    from sigstore.models import ClientTrustConfig

    from ..checks.check import ParallelMap
    from ..checks.model import Candidate, Distribution
    from ..core.claims import UnverifiedClaims
    from ..core.project_page import ProjectPage
    from ..errors import Diagnosis
    from ..io.http.session import Session
    from ..secret import Audience, IdentityToken
    from .existing import VerifiedAttestations
    from .policy import AttestationMode, UseExisting
    from .retrying import RetryingCaller
    from .signing import Signed
    from .trust_root import TrustRepository


def keep(folder: Path, filename: str, signed: Signed) -> Path:
    """Write one file's attestation, as it is sent, and its Sigstore bundle with everything that the services said.

    ``<filename>.publish.attestation`` is PEP 740's form; ``<filename>.sigstore.json`` is what ``sigstore`` and
    ``cosign`` verify. Returns the path of the former.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{filename}.publish.attestation"
    path.write_text(signed.attestation.model_dump_json(), encoding="utf-8", newline="\n")
    (folder / f"{filename}.sigstore.json").write_text(signed.bundle.to_json(), encoding="utf-8", newline="\n")
    return path


@dataclass(frozen=True, kw_only=True)
class SigningSetup:
    """What making and verifying attestations is handed."""

    session: Session
    request_identity: Callable[[Audience], IdentityToken]
    """A fresh token of GitHub for an audience."""
    private: Path
    """A folder of this run, for trust data."""
    folder: Path
    """Where made attestations stay; made when there are any."""
    trust: str | None
    """A client trust configuration of Sigstore as JSON, for rehearsals; None: it is fetched from ``repository``."""
    repository: TrustRepository | None = None
    """Where trust data are published; None stands for Sigstore's public instance."""
    persistence: RetryingCaller
    map_: ParallelMap


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is asked for."""

    decision: Sign | UseExisting
    mode: AttestationMode
    uploads: Sequence[Distribution]
    beside: Sequence[Candidate]
    """The attestation files of the folders that are published."""
    claims: UnverifiedClaims
    pages: Sequence[ProjectPage]
    """Of the projects of ``uploads``."""


class _NotMade(Exception):
    """Attestations cannot be made or verified, and the wish decides what that means."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.message)
        self.diagnosis = diagnosis


def prepare(task: Task, desk: SigningSetup) -> Mapping[str, tuple[str, ...]]:
    """The attestations of each file as JSON texts, by file name; a file that has none is not named.

    Raises:
        DistributionError: a file beside a distribution is no attestation that the index would take.
        IndexUnavailable: attestations cannot be made, and going on without would lose what the project has.

    """
    quieten()
    beside = read_existing(task.beside, task.uploads)
    if not beside and not isinstance(task.decision, Sign):
        return {}
    kept: Mapping[str, tuple[VerifiedAttestations, ...]] = {}
    made: Mapping[str, _Made] = {}
    try:
        config, verifier = _trust(desk)
        publisher = _publisher(task.claims)
        kept = verify_existing(beside, verifier=verifier, publisher=publisher)
        if isinstance(task.decision, Sign):
            made = _make(_without_publish(task.uploads, kept), config, verifier, publisher, desk)
    except _NotMade as failure:
        warning = publish_without(task.mode, task.pages, failure.diagnosis)
        desk.persistence.emit(DiagnosisReported(diagnosis=warning))
    return _told(task, desk, kept, made)


@dataclass(frozen=True, kw_only=True)
class _Made:
    signed: Signed
    verified: Verified


def _trust(desk: SigningSetup) -> tuple[ClientTrustConfig, Verifier]:
    try:
        config = _configuration(desk)
        return config, Verifier(trusted_root=config.trusted_root)
    except ServiceFault as fault:
        raise _NotMade(not_made(fault)) from None
    except GARBAGE:
        raise _NotMade(not_made(_unusable_trust())) from None


def _configuration(desk: SigningSetup) -> ClientTrustConfig:
    if desk.trust is not None:
        return trust_root.given(desk.trust)
    repository = desk.repository or trust_root.public_good()
    return trust_root.fetched(repository, session=desk.session, folder=desk.private, persistence=desk.persistence)


def _unusable_trust() -> ServiceFault:
    return ServiceFault(Service.TRUST, "names no service that can be used", again=False)


def _publisher(claims: UnverifiedClaims) -> PublisherIdentity:
    return PublisherIdentity(repository=claims.repository, workflow=claims.job_workflow.filename)


def _without_publish(
    uploads: Sequence[Distribution], kept: Mapping[str, tuple[VerifiedAttestations, ...]]
) -> list[Distribution]:
    """The files that have no publish attestation yet."""
    publish = AttestationType.PYPI_PUBLISH_V1
    return [
        upload for upload in uploads if publish not in {entry.verified.kind for entry in kept.get(upload.filename, ())}
    ]


def _make(
    files: Sequence[Distribution],
    config: ClientTrustConfig,
    verifier: Verifier,
    publisher: PublisherIdentity,
    desk: SigningSetup,
) -> Mapping[str, _Made]:
    """Sign all of them, or fail for all of them: a release is attested as a whole."""
    if not files:
        return {}
    try:
        context = signing_context(config, desk.session, desk.persistence)
    except GARBAGE:
        raise _NotMade(not_made(_unusable_trust())) from None
    bench = BatchSigner(context, desk.request_identity, desk.persistence)

    def make(file: Distribution) -> _Made:
        signed = bench.sign(file)
        return _Made(signed=signed, verified=_accepted(file, signed, verifier, publisher))

    try:
        return {file.filename: made for file, made in zip(files, desk.map_(make, files), strict=True)}
    except ServiceFault as fault:
        raise _NotMade(not_made(fault)) from None
    except IndexUnavailable as refused:  # by GitHub's identity endpoint
        raise _NotMade(refused.diagnostics()[0]) from None


def _accepted(file: Distribution, signed: Signed, verifier: Verifier, publisher: PublisherIdentity) -> Verified:
    try:
        return verify(
            signed.attestation, verifier=verifier, publisher=publisher, filename=file.filename, sha256=file.sha256
        )
    except Unverifiable as caught:
        raise _NotMade(would_be_refused(file.filename, caught.problem)) from None


def _told(
    task: Task, desk: SigningSetup, kept: Mapping[str, tuple[VerifiedAttestations, ...]], made: Mapping[str, _Made]
) -> Mapping[str, tuple[str, ...]]:
    """Keep what was made, tell of everything, and give the texts to send."""
    emit = desk.persistence.emit
    texts: dict[str, tuple[str, ...]] = {}
    for upload in task.uploads:
        name = upload.filename
        for entry in kept.get(name, ()):
            emit(_attested(name, entry.path, entry.verified, made=False))
            texts[name] = (*texts.get(name, ()), entry.attestation.model_dump_json())
        if name in made:
            path = _kept(name, made[name].signed, desk)
            emit(_attested(name, path, made[name].verified, made=True))
            texts[name] = (*texts.get(name, ()), made[name].signed.attestation.model_dump_json())
    if not texts:
        emit(Fact(value="No file is sent with an attestation."))
    return texts


def _kept(filename: str, signed: Signed, desk: SigningSetup) -> str:
    """Where it lies; empty when it could not be written: the index gets it all the same."""
    try:
        return str(keep(desk.folder, filename, signed))
    except OSError as error:  # the name is too long with what is added to it, the disk is full
        why = error.strerror or type(error).__name__
        desk.persistence.emit(Fact(value=f"The attestation of {filename} is sent, and could not be kept here: {why}."))
        return ""


def _attested(filename: str, path: str, verified: Verified, *, made: bool) -> Attested:
    kind = "publish" if verified.kind is AttestationType.PYPI_PUBLISH_V1 else "provenance"
    return Attested(
        filename=filename, kind=kind, made=made, path=path, log_index=verified.log_index, identity=verified.identity
    )
