"""The clients of ``sigstore``, each on our wire and each with its own answer to a fault."""

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

from ..errors import Diagnosis, Severity
from ..events import DiagnosisReported
from .wire import MALFORMED, OverSession, Service, ServiceFault

if TYPE_CHECKING:
    import requests
    from rfc3161_client import TimeStampResponse
    from sigstore._internal.rekor import EntryRequestBody
    from sigstore.models import ClientTrustConfig, TransparencyLogEntry

    from ..io.http.session import Session
    from .retrying import RetryingCaller

GARBAGE: Final = (
    SigstoreError,
    FulcioClientError,
    RekorClientError,
    *MALFORMED,
)
"""What the clients raise when an answer of 2xx is not what it should be."""

LOG_VERSION: Final = 1
"""Of the log's interface. The attestation format (PEP 740) has no room for an authority's timestamp, so only a log that
signs an entry's time itself makes attestations that can be verified; version 2 does not."""

_CHATTY: Final = ("sigstore", "tuf", "securesystemslib", "pypi_attestations", "requests", "urllib3")


def signing_context(config: ClientTrustConfig, session: Session, persistence: RetryingCaller) -> SigningContext:
    """Everything that ``sigstore`` needs to sign, with its requests carried by ``session``.

    Raises one of GARBAGE when the configuration names no service that can be used.
    """
    config.force_tlog_version = LOG_VERSION
    signing = config.signing_config
    wait = persistence.patience.read_timeout
    authority = signing.get_fulcio()
    OverSession(session, Service.AUTHORITY, read_timeout=wait).mounted(authority.session)
    log, *_ = (client for client in signing.get_tlogs() if isinstance(client, RekorClient))
    timestamps = persistence.patience.timestamp_timeout
    return SigningContext(
        fulcio=authority,
        rekor=_Log(log.url, OverSession(session, Service.LOG, read_timeout=wait), persistence),
        trusted_root=config.trusted_root,
        tsa_clients=[
            _TimestampAuthority(
                client.url, OverSession(session, Service.TIMESTAMP, read_timeout=timestamps), persistence
            )
            for client in signing.get_tsas()
        ],
    )


def quieten() -> None:
    """Keep the libraries' warnings off stderr: what matters is told as an event."""
    for name in _CHATTY:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


class _Log(RekorClient):
    """Sends an entry again while the log may recover; an entry that it has already is for the caller to replace."""

    def __init__(self, url: str, over: OverSession, persistence: RetryingCaller) -> None:
        super().__init__(url)
        self.url = url  # it has the interface's path already
        self._over = over
        self._persistence = persistence

    @property
    def _session(self) -> requests.Session:
        return self._over.mounted(super()._session)

    def create_entry(self, request: EntryRequestBody) -> TransparencyLogEntry:
        return self._persistence.of("enter the transparency log", lambda: self._create(request))

    def _create(self, request: EntryRequestBody) -> TransparencyLogEntry:
        try:
            return super().create_entry(request)
        except GARBAGE:
            raise ServiceFault(Service.LOG, "answered with something that is no log entry", again=True) from None


class _TimestampAuthority(TimestampAuthorityClient):
    """Asks again while the authority may recover, and then does without it for the rest of the run.

    Nothing that is sent depends on a timestamp: it only goes into the bundle that is kept.
    """

    def __init__(self, url: str, over: OverSession, persistence: RetryingCaller) -> None:
        super().__init__(url)
        self._over = over
        self._persistence = persistence
        self._given_up = False
        self._giving_up = threading.Lock()

    @property
    def _session(self) -> requests.Session:
        return self._over.mounted(super()._session)

    def request_timestamp(self, signature: bytes) -> TimeStampResponse:
        if self._given_up:
            raise TimestampError
        try:
            return self._persistence.of("get a timestamp", lambda: self._request(signature))
        except ServiceFault as fault:
            self._give_up(fault)
            raise TimestampError from None

    def _give_up(self, fault: ServiceFault) -> None:
        with self._giving_up:
            if not self._given_up:
                self._persistence.emit(DiagnosisReported(diagnosis=_without_timestamps(fault)))
            self._given_up = True

    def _request(self, signature: bytes) -> TimeStampResponse:
        try:
            return super().request_timestamp(signature)
        except TimestampError:
            raise ServiceFault(Service.TIMESTAMP, "answered with something that is no timestamp", again=True) from None


def _without_timestamps(fault: ServiceFault) -> Diagnosis:
    return Diagnosis(
        code="attestations-without-timestamp",
        message=f"The attestations are made without a timestamp: {fault.service.value} {fault.problem}.",
        likely_cause="What is sent to the index is not affected: its time is the transparency log's. Only the Sigstore "
        "bundles that are kept lack a second witness.",
        severity=Severity.NOTICE,
    )
