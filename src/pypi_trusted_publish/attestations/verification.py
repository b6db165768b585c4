"""Whether the index would accept an attestation, verified with the library of the index for the same publisher.

Source: the upload endpoint of PyPI's server and pypi-attestations 0.0.30, October 2026. The library's own ``verify``
uses only trust data of the public instance that it fetches itself, so its steps are repeated here with ours.
"""

from __future__ import annotations

import enum
import json
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from pypi_attestations import Attestation, AttestationError, AttestationType
from sigstore.errors import Error as SigstoreError
from sigstore.errors import VerificationError

from ..values import dataclass
from .wire import MALFORMED

if TYPE_CHECKING:
    from sigstore.verify import Verifier

_ISSUER: Final = "https://token.actions.githubusercontent.com"
_SERVER: Final = "https://github.com"


_UNREADABLE: Final = (
    AttestationError,
    SigstoreError,
    x509.ExtensionNotFound,
    InvalidSignature,
    *MALFORMED,
    OSError,  # of the platform, for a time outside of its calendar
)
"""What the libraries raise for a malformed document."""


class _Extension(str, enum.Enum):
    """What a certificate says about the job. Source: github.com/sigstore/fulcio, docs/oid-info.md."""

    ISSUER = "1.3.6.1.4.1.57264.1.8"
    REPOSITORY = "1.3.6.1.4.1.57264.1.12"
    COMMIT = "1.3.6.1.4.1.57264.1.13"
    REF = "1.3.6.1.4.1.57264.1.14"
    BUILD_CONFIG = "1.3.6.1.4.1.57264.1.18"


class Unverifiable(Exception):
    """The index would refuse the attestation. ``problem`` is our own text and may quote the certificate."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, kw_only=True)
class PublisherIdentity:
    """The publisher that the claims select; every certificate must name it."""

    repository: str
    """``owner/name``."""
    workflow: str
    """The file's name."""

    def verify(self, cert: x509.Certificate) -> None:
        """Compare a certificate with the publisher (a ``sigstore`` policy). Raises its VerificationError."""
        problem = self.mismatch(cert)
        if problem:
            raise VerificationError(problem)

    def mismatch(self, certificate: x509.Certificate) -> str:
        """What the certificate names instead of the publisher; empty when they agree."""
        issuer = _text(certificate, _Extension.ISSUER)
        if issuer != _ISSUER:
            return f"its certificate was issued for an identity of {issuer or 'nobody'}, not of GitHub Actions"
        repository = _text(certificate, _Extension.REPOSITORY)
        if repository != f"{_SERVER}/{self.repository}":
            return f"its certificate names the repository {repository or '(none)'}, not {_SERVER}/{self.repository}"
        named = _text(certificate, _Extension.BUILD_CONFIG)
        file = f"{_SERVER}/{self.repository}/.github/workflows/{self.workflow}"
        points = (_text(certificate, _Extension.COMMIT), _text(certificate, _Extension.REF))
        if named not in {f"{file}@{point}" for point in points if point}:
            return f"its certificate names the workflow {named or '(none)'}, not {file} at its own ref or commit"
        return ""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A verified attestation."""

    kind: AttestationType
    log_index: int
    identity: str
    """The subject alternative name of the certificate."""


def verify(
    attestation: Attestation, *, verifier: Verifier, publisher: PublisherIdentity, filename: str, sha256: str
) -> Verified:
    """Verify signature, certificate, log entry, publisher, name, digest (hexadecimal) and predicate type.

    Raises:
        Unverifiable: with the first problem.

    """
    try:
        bundle = attestation.to_bundle()
        certificate = bundle.signing_certificate
        problem = publisher.mismatch(certificate)
    except _UNREADABLE:
        raise Unverifiable("its certificate or its log entry cannot be read") from None
    if problem:
        raise Unverifiable(problem)
    try:
        _, payload = verifier.verify_dsse(bundle, publisher)
    except _UNREADABLE:
        raise Unverifiable("its signature, certificate or log entry does not verify") from None
    return Verified(
        kind=_statement_kind(payload, filename, sha256),
        log_index=int(attestation.verification_material.transparency_entries[0].get("logIndex", 0)),
        identity=_subject(certificate),
    )


def _statement_kind(payload: bytes, filename: str, sha256: str) -> AttestationType:
    """The predicate type of a statement about the file. Raises Unverifiable when it is about another."""
    try:
        statement = json.loads(payload)
        (subject,) = statement["subject"]
        name, digest, kind = subject["name"], subject["digest"].get("sha256"), statement["predicateType"]
        same = _parsed(name) == _parsed(filename)
    except _UNREADABLE:
        raise Unverifiable("it does not contain a statement about exactly one distribution") from None
    if not same:
        raise Unverifiable(f"it is about the file {name!r}")
    if digest != sha256:
        raise Unverifiable(f"it is about a file with the SHA-256 {digest}, not {sha256}: the file was built again")
    try:
        return AttestationType(kind)
    except ValueError:
        raise Unverifiable(f"its predicate type is {kind!r}, which the index does not accept") from None


def _parsed(filename: str) -> tuple[object, ...]:
    """The parts of a distribution's name, which the index compares. Raises ValueError for an invalid name."""
    return parse_wheel_filename(filename) if filename.endswith(".whl") else parse_sdist_filename(filename)


def _text(certificate: x509.Certificate, extension: _Extension) -> str:
    try:
        found = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(extension.value))
    except x509.ExtensionNotFound:
        return ""
    return asn1.decode_der(str, found.value.public_bytes())


def _subject(certificate: x509.Certificate) -> str:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return next(iter(names.get_values_for_type(x509.UniformResourceIdentifier)), "")
