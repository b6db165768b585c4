"""The HTTP requests of ``sigstore`` and ``tuf``, sent by our transport: its proxies, trust store, limits and events.

``sigstore`` sends through ``requests``, which takes an adapter, and ``tuf`` through a fetcher.
"""

from __future__ import annotations

import enum
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient.fetcher import FetcherInterface

from ..core.retry import RequestKind, RetryReason, reason_of_status, retry_rule
from ..errors import Cure, Diagnosis
from ..io.http.failure import TransportFailure
from ..io.retrying import TryFailed, reason_of_failure, refuses_for_good
from ..secret import Secret
from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..io.http.exchange import Response
    from ..io.http.session import Session

MALFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)
"""What the libraries raise, besides errors of their own, for a malformed document."""


class Service(str, enum.Enum):
    """The services that signing needs; the values are shown to users."""

    TRUST = "the trust data's repository"
    IDENTITY = "GitHub's identity endpoint"
    AUTHORITY = "the certificate authority"
    LOG = "the transparency log"
    TIMESTAMP = "the timestamp authority"


class ServiceFault(TryFailed):
    """A service failed. ``problem`` is our own text and completes a sentence that begins with the service."""

    def __init__(
        self,
        service: Service,
        problem: str,
        *,
        reason: RetryReason | None = None,
        retry_after: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{service.value} {problem}", reason=reason, retry_after=retry_after)
        self.service = service
        self.problem = problem
        self.status = status
        """The answer's status, if the status is the failure."""

    @property
    def temporary(self) -> bool:
        """Whether another try may succeed."""
        return self.reason is not None and retry_rule(RequestKind.CERTIFICATE, self.reason).tries > 1


class WrongClock(ServiceFault):
    """A new identity token is not valid at ``now``, the time of this machine's clock, or was too old on arrival."""

    def __init__(self, now: str) -> None:
        problem = f"gave a new identity token that is not valid at {now}"
        super().__init__(Service.IDENTITY, problem, reason=RetryReason.UNUSABLE)


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """How long to wait for an answer, in seconds."""

    service: float = 20.0
    """Of the certificate authority, the log, or the trust data's repository."""
    timestamp: float = 5.0
    """No attestation depends on a timestamp."""


_REFUSED: Final = (
    "The service refused, so that trying again does not help. The machine's clock may be wrong, or the service has "
    "changed."
)
_CLOCK: Final = (
    "That is the time of this machine's clock, which is probably wrong: set it, and let it follow a time server (NTP)."
)
_DOWN: Final = "The service is down or overloaded; see https://status.sigstore.dev."
_BETWEEN: Final = (
    "A proxy or firewall of this runner probably refused in place of the service: Sigstore's services require no "
    "permission and do not redirect."
)
_ALLOW: Final = "Allow the hosts of Sigstore in the rules of the proxy or firewall (docs/requirements.md)."
_SERVICE_REFUSES: Final = frozenset({400, 401, 404, 405, 409, 410, 413, 415, 422})
"""Statuses with which the services themselves refuse; 401 is about the identity token."""


def not_made(fault: ServiceFault) -> Diagnosis:
    """The diagnosis when attestations cannot be made because a service, or this machine's clock, failed."""
    between = fault.reason is RetryReason.PROXY and refuses_for_good(fault.problem)
    return Diagnosis(
        code="attestations-not-made",
        message=f"The attestations could not be made: {fault.service.value} {fault.problem}.",
        likely_cause=(cause := _likely_cause(fault)),
        fix=_ALLOW if cause is _BETWEEN else "",
        cure=Cure.RUNNER if between or isinstance(fault, WrongClock) else None,
    )


def _likely_cause(fault: ServiceFault) -> str:
    if isinstance(fault, WrongClock):
        return _CLOCK
    refused = fault.status is not None and fault.reason is None
    if fault.reason is RetryReason.PROXY or (refused and fault.status not in _SERVICE_REFUSES):
        return _BETWEEN
    return _DOWN if fault.temporary else _REFUSED


def would_be_refused(filename: str, problem: str) -> Diagnosis:
    """The diagnosis when an attestation was made that the index would refuse."""
    return Diagnosis(
        code="attestation-would-be-refused",
        message=f"The attestation that was made for {filename} would be refused by the index: {problem}.",
        likely_cause="The index compares the certificate with the publisher that the identity token's claims select.",
        fix="If the job is in a reusable workflow, move it to the calling workflow.",
        file=filename,
    )


_OURS: Final = frozenset({"accept-encoding", "connection", "content-length"})
"""Request headers that the transport sets itself."""
_FIRST_ERROR: Final = 300
_LIMIT: Final = 4 << 20
"""Bytes of an answer."""


class OverSession(BaseAdapter):
    """Sends the requests of one service's client. Thread-safe.

    Everything but a success is raised as ServiceFault, which no client of ``sigstore`` catches.
    """

    def __init__(self, session: Session, service: Service, *, read_timeout: float) -> None:
        super().__init__()
        self._session = session
        self._service = service
        self._read_timeout = read_timeout

    def send(  # noqa: PLR0917 - the signature is that of requests
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002
        timeout: object = None,  # noqa: ARG002 - the session has limits of its own
        verify: object = True,  # noqa: ARG002 - and its own trust store
        cert: object = None,  # noqa: ARG002
        proxies: object = None,  # noqa: ARG002
    ) -> requests.Response:
        """Send a prepared request and return its answer, read completely."""
        answer = ask(
            self._session,
            self._service,
            request.method or "GET",
            request.url or "",
            headers=_headers(request),
            body=_body(request),
            read_timeout=self._read_timeout,
        )
        return _as_requests_answer(answer, request)

    def close(self) -> None:
        """Do nothing: the transport keeps the connections."""

    def mounted(self, session: requests.Session) -> requests.Session:
        """Make ``session`` send everything through this adapter, and read nothing from the environment."""
        session.trust_env = False
        session.mount("https://", self)
        session.mount("http://", self)
        return session


class Fetcher(FetcherInterface):
    """Downloads for ``tuf``. ``fault`` is the failure of the service or the network in the last download, if any."""

    def __init__(self, session: Session, *, read_timeout: float) -> None:
        self._session = session
        self._read_timeout = read_timeout
        self.fault: ServiceFault | None = None

    def _fetch(self, url: str) -> Iterator[bytes]:
        self.fault = None
        try:
            answer = ask(self._session, Service.TRUST, "GET", url, headers={}, read_timeout=self._read_timeout)
        except ServiceFault as fault:
            self.fault = fault
            if fault.status is None:
                raise
            raise DownloadHTTPError(str(fault), fault.status) from None
        return iter([answer.body])


def ask(
    session: Session,
    service: Service,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str | Secret],
    read_timeout: float,
    body: bytes | None = None,
) -> Response:
    """Send one request to a service. Raises ServiceFault unless it succeeds."""
    try:
        answer = session.request(method, url, headers=headers, body=body, read_timeout=read_timeout, limit=_LIMIT)
    except TransportFailure as failure:
        raise ServiceFault(service, f"gave no answer: {failure.phrase}", reason=reason_of_failure(failure)) from None
    if answer.status >= _FIRST_ERROR:
        raise ServiceFault(
            service,
            f"answered {answer.status}",
            reason=reason_of_status(answer.status),
            retry_after=answer.headers.get("retry-after"),
            status=answer.status,
        )
    return answer


def _headers(request: requests.PreparedRequest) -> dict[str, str | Secret]:
    texts = {str(name): str(value) for name, value in request.headers.items() if str(name).lower() not in _OURS}
    return {name: Secret(text) if name.lower() == "authorization" else text for name, text in texts.items()}


def _body(request: requests.PreparedRequest) -> bytes | None:
    body = request.body
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else None


def _as_requests_answer(answer: Response, request: requests.PreparedRequest) -> requests.Response:
    made = requests.Response()
    made.status_code = answer.status
    made.reason = answer.reason
    made.headers = CaseInsensitiveDict(answer.headers)
    made.url = answer.url
    made.request = request
    made.elapsed = timedelta(seconds=answer.seconds)
    made.encoding = "utf-8"
    made.raw = io.BytesIO(answer.body)
    return made
