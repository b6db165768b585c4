"""The clients of ``sigstore``, over our transport, each with its own answer to a failure."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from sigstore._internal.fulcio.client import FulcioClientError
from sigstore._internal.rekor import RekorClientError
from sigstore._internal.rekor.client import RekorClient
from sigstore._internal.timestamp import TimestampAuthorityClient, TimestampError
from sigstore.errors import Error as SigstoreError
from sigstore.sign import SigningContext

from ..core.retry import RequestKind, RetryReason
from ..errors import Diagnosis, Severity
from ..events import DiagnosisReported
from .wire import MALFORMED, OverSession, Service, ServiceFault

if TYPE_CHECKING:
    import requests
    from rfc3161_client import TimeStampResponse
    from sigstore._internal.rekor import EntryRequestBody
    from sigstore.models import ClientTrustConfig, TransparencyLogEntry

    from ..io.http.session import Session
    from ..io.retrying import Retrier
    from .wire import Timeouts

GARBAGE: Final = (
    SigstoreError,
    FulcioClientError,
    RekorClientError,
    *MALFORMED,
)
"""What the clients raise for a malformed answer with a status of 2xx."""

LOG_VERSION: Final = 1
"""The version of the log's API. The attestation format (PEP 740) has no field for an authority's timestamp, so an
attestation can be verified only if the log itself signs the time of the entry; version 2 does not."""

_CHATTY: Final = ("sigstore", "tuf", "securesystemslib", "pypi_attestations", "requests", "urllib3")


def signing_context(
    config: ClientTrustConfig, session: Session, retrier: Retrier, timeouts: Timeouts
) -> SigningContext:
    """Everything that ``sigstore`` needs to sign, with its requests sent by ``session``.

    Raises one of GARBAGE when the configuration names no usable service.
    """
    config.force_tlog_version = LOG_VERSION
    signing = config.signing_config
    authority = signing.get_fulcio()
    OverSession(session, Service.AUTHORITY, read_timeout=timeouts.service).mounted(authority.session)
    log, *_ = (client for client in signing.get_tlogs() if isinstance(client, RekorClient))
    return SigningContext(
        fulcio=authority,
        rekor=_Log(log.url, OverSession(session, Service.LOG, read_timeout=timeouts.service), retrier),
        trusted_root=config.trusted_root,
        tsa_clients=[
            _TimestampAuthority(
                client.url, OverSession(session, Service.TIMESTAMP, read_timeout=timeouts.timestamp), retrier
            )
            for client in signing.get_tsas()
        ],
    )


def quieten() -> None:
    """Keep the libraries' warnings off stderr: events report what matters."""
    for name in _CHATTY:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


class _Log(RekorClient):
    """Sends an entry again while the log may recover; the caller replaces an entry that the log already has."""

    def __init__(self, url: str, over: OverSession, retrier: Retrier) -> None:
        super().__init__(url)
        self.url = url  # it already has the path of the API
        self._over = over
        self._retrier = retrier

    @property
    def _session(self) -> requests.Session:
        return self._over.mounted(super()._session)

    def create_entry(self, request: EntryRequestBody) -> TransparencyLogEntry:
        return self._retrier.repeat(RequestKind.LOG_ENTRY, "enter the transparency log", lambda: self._create(request))

    def _create(self, request: EntryRequestBody) -> TransparencyLogEntry:
        try:
            return super().create_entry(request)
        except GARBAGE:
            raise ServiceFault(
                Service.LOG, "gave an answer that is not a log entry", reason=RetryReason.UNUSABLE
            ) from None


class _TimestampAuthority(TimestampAuthorityClient):
    """Asks again while the authority may recover, then works without it for the rest of the run.

    Nothing that is sent depends on a timestamp: it is only part of the bundle that is stored.
    """

    def __init__(self, url: str, over: OverSession, retrier: Retrier) -> None:
        super().__init__(url)
        self._over = over
        self._retrier = retrier
        self._given_up = False
        self._giving_up = threading.Lock()

    @property
    def _session(self) -> requests.Session:
        return self._over.mounted(super()._session)

    def request_timestamp(self, signature: bytes) -> TimeStampResponse:
        if self._given_up:
            raise TimestampError
        try:
            return self._retrier.repeat(RequestKind.TIMESTAMP, "get a timestamp", lambda: self._request(signature))
        except ServiceFault as fault:
            self._give_up(fault)
            raise TimestampError from None

    def _give_up(self, fault: ServiceFault) -> None:
        with self._giving_up:
            if not self._given_up:
                self._retrier.emit(DiagnosisReported(diagnosis=_without_timestamps(fault)))
            self._given_up = True

    def _request(self, signature: bytes) -> TimeStampResponse:
        try:
            return super().request_timestamp(signature)
        except TimestampError:
            raise ServiceFault(
                Service.TIMESTAMP, "gave an answer that is not a timestamp", reason=RetryReason.UNUSABLE
            ) from None


def _without_timestamps(fault: ServiceFault) -> Diagnosis:
    return Diagnosis(
        code="attestations-without-timestamp",
        message=f"The attestations are made without a timestamp: {fault.service.value} {fault.problem}.",
        likely_cause="The attestations that are sent to the index are not affected: the transparency log signs their "
        "time. Only the stored Sigstore bundles have no second proof of the time.",
        severity=Severity.NOTICE,
    )
