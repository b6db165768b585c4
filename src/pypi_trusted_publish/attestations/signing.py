"""Signing: one certificate for many files, renewed in time, with a limit on parallel signatures."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from pypi_attestations import Attestation, AttestationType
from sigstore._internal.fulcio import ExpiredCertificate
from sigstore.dsse import DigestSet, StatementBuilder, Subject
from sigstore.oidc import ExpiredIdentity, IdentityError
from sigstore.oidc import IdentityToken as SigstoreIdentity
from sigstore.sign import Signer

from ..core.retry import RequestKind, RetryReason
from ..secret import Audience
from ..values import dataclass
from .services import GARBAGE
from .wire import Service, ServiceFault, WrongClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from sigstore.dsse import Statement
    from sigstore.models import Bundle
    from sigstore.sign import SigningContext

    from ..checks.model import Distribution
    from ..io.retrying import Retrier
    from ..secret import IdentityToken

AUDIENCE: Final = Audience("sigstore")
"""The audience of the identity token; Sigstore's public certificate authority accepts no other."""
PARALLEL_SIGNATURES: Final = 4
"""Files that are signed at the same time."""
SIGNER_AGE: Final = 240.0
"""Seconds after which a new certificate is requested; a certificate is valid for ten minutes."""
_FRESH_STARTS: Final = 2
"""How often the signature of one file may start again with a new certificate or entry."""
_CONFLICT: Final = 409


@dataclass(frozen=True, kw_only=True)
class Signed:
    """One file's attestation in the forms of the index and of ``sigstore``."""

    attestation: Attestation
    bundle: Bundle


class BatchSigner:
    """Signs any number of files from any number of threads. After the first failure it refuses all other files."""

    def __init__(
        self,
        context: SigningContext,
        request_identity: Callable[[Audience], IdentityToken],
        retrier: Retrier,
    ) -> None:
        self._context = context
        self._request_identity = request_identity
        self._retrier = retrier
        self._slots = threading.Semaphore(PARALLEL_SIGNATURES)
        self._lock = threading.Lock()
        self._signer: Signer | None = None
        self._signer_made = 0.0
        self._failure: ServiceFault | None = None

    def sign(self, distribution: Distribution) -> Signed:
        """Make the publish attestation of a file. Raises ServiceFault, and whatever ``request_identity`` raises."""
        with self._slots:
            if self._failure is not None:
                raise self._failure
            try:
                bundle = self._sign(publish_statement(distribution), _FRESH_STARTS)
            except ServiceFault as fault:
                self._failure = fault
                raise
        return Signed(attestation=Attestation.from_bundle(bundle), bundle=bundle)

    def _sign(self, statement: Statement, fresh_starts: int) -> Bundle:
        signer = self._current_signer()
        try:
            return signer.sign_dsse(statement)
        except (ExpiredCertificate, ExpiredIdentity):
            fault = ServiceFault(Service.AUTHORITY, "issued a certificate that expired before it was used")
        except ServiceFault as caught:
            if caught.status != _CONFLICT:
                raise
            fault = caught
        if not fresh_starts:
            raise fault
        if fault.service is Service.AUTHORITY:
            self._drop(signer)
        return self._sign(statement, fresh_starts - 1)

    def _current_signer(self) -> Signer:
        clock = self._retrier.clock
        with self._lock:
            signer = self._signer
            if signer is None or clock.monotonic() - self._signer_made >= SIGNER_AGE:
                signer = self._retrier.repeat(RequestKind.CERTIFICATE, "get a signing certificate", self._new_signer)
                self._signer, self._signer_made = signer, clock.monotonic()
            return signer

    def _drop(self, signer: Signer) -> None:
        with self._lock:
            if self._signer is signer:
                self._signer = None

    def _new_signer(self) -> Signer:
        """A key pair and its certificate; every try needs a new identity token."""
        token = self._request_identity(AUDIENCE)
        try:
            return Signer(SigstoreIdentity(token.secret.reveal()), self._context)
        except (IdentityError, ExpiredIdentity):
            raise WrongClock(time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self._retrier.clock.now()))) from None
        except GARBAGE:
            problem = "gave an answer that is not a certificate for this job"
            raise ServiceFault(Service.AUTHORITY, problem, reason=RetryReason.UNUSABLE) from None


def publish_statement(distribution: Distribution) -> Statement:
    """PyPI's publish attestation, version 1: the name and the SHA-256 of a published file, nothing else."""
    subject = Subject(name=distribution.filename, digest=DigestSet(root={"sha256": distribution.sha256}))
    return StatementBuilder([subject], AttestationType.PYPI_PUBLISH_V1.value).build()
