"""The libraries' own clients over our transport: its proxies, trust store, bounds, events, and its end on a signal.

``sigstore`` speaks through ``requests`` and ``tuf`` through a fetcher; both let somebody else carry the bytes.
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

from ..errors import Diagnosis
from ..io.http.failure import FailureKind, TransportFailure
from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..io.http.exchange import Response
    from ..io.http.session import Session

MALFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)
"""What the libraries raise, beside errors of their own, for a document of others that is not what it should be."""


class Service(str, enum.Enum):
    """Whom signing asks; the values are what people read."""

    TRUST = "the trust data's repository"
    IDENTITY = "GitHub's identity endpoint"
    AUTHORITY = "the certificate authority"
    LOG = "the transparency log"
    TIMESTAMP = "the timestamp authority"


class ServiceFault(Exception):
    """A service did not do its part. ``problem`` is ours, and completes a sentence that begins with the service."""

    def __init__(
        self, service: Service, problem: str, *, again: bool, wait: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(f"{service.value} {problem}")
        self.service = service
        self.problem = problem
        self.again = again
        """Whether another try may go better."""
        self.wait = wait
        """Seconds that the service asked us to wait."""
        self.status = status
        """Of the answer, when it was the status that told."""


_REFUSED: Final = (
    "It refused; another try would not go better. The machine's clock may be wrong, or the service changed."
)
_DOWN: Final = "The service is down or overloaded; https://status.sigstore.dev tells."


def not_made(fault: ServiceFault) -> Diagnosis:
    """Why there are no attestations, when a service is to blame."""
    return Diagnosis(
        code="attestations-not-made",
        message=f"The attestations could not be made: {fault.service.value} {fault.problem}.",
        likely_cause=_DOWN if fault.again else _REFUSED,
    )


def would_be_refused(filename: str, problem: str) -> Diagnosis:
    """Why there are no attestations, when one was made that the index would refuse."""
    return Diagnosis(
        code="attestation-would-be-refused",
        message=f"The attestation that was made for {filename} would be refused by the index: {problem}.",
        likely_cause="The index compares the certificate with the publisher that the identity token's claims select.",
        fix="If the job stands in a reusable workflow, move it into the calling one.",
        file=filename,
    )


_OURS: Final = frozenset({"accept-encoding", "connection", "content-length"})
"""Request headers that the transport sets itself."""
_PASSING: Final = frozenset({408, 425, 429})
"""Statuses below 500 after which another try may go better."""
_FIRST_ERROR: Final = 300
_FIRST_SERVER_ERROR: Final = 500
_LIMIT: Final = 4 << 20
"""Bytes of an answer."""
_FINAL: Final = frozenset({FailureKind.ABORTED, FailureKind.FORBIDDEN})
"""Failures of the transport after which no try is worth while."""


class OverSession(BaseAdapter):
    """Carries the requests of one service's client. Thread-safe.

    Whatever is no success is raised as ServiceFault, which no client of ``sigstore`` catches.
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
        timeout: object = None,  # noqa: ARG002 - ours are bounded in every case
        verify: object = True,  # noqa: ARG002 - so is the trust
        cert: object = None,  # noqa: ARG002
        proxies: object = None,  # noqa: ARG002
    ) -> requests.Response:
        """Send a prepared request and return its answer, read to the end."""
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
        """Nothing is held here: the transport keeps the connections."""

    def mounted(self, session: requests.Session) -> requests.Session:
        """Make ``session`` send everything through this adapter, and read nothing from the environment."""
        session.trust_env = False
        session.mount("https://", self)
        session.mount("http://", self)
        return session


class Fetcher(FetcherInterface):
    """Carries what ``tuf`` downloads. ``fault`` is why the last download failed, if it was the transport's failure."""

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
    """Send one request to a service. Raises ServiceFault for everything that is no success."""
    try:
        answer = session.request(method, url, headers=headers, body=body, read_timeout=read_timeout, limit=_LIMIT)
    except TransportFailure as failure:
        problem = f"gave no answer: {failure.phrase}"
        raise ServiceFault(service, problem, again=failure.kind not in _FINAL) from None
    if answer.status >= _FIRST_ERROR:
        again = answer.status >= _FIRST_SERVER_ERROR or answer.status in _PASSING
        wait = _retry_after(answer)
        raise ServiceFault(service, f"answered {answer.status}", again=again, wait=wait, status=answer.status)
    return answer


def _headers(request: requests.PreparedRequest) -> dict[str, str | Secret]:
    texts = {str(name): str(value) for name, value in request.headers.items() if str(name).lower() not in _OURS}
    return {name: Secret(text) if name.lower() == "authorization" else text for name, text in texts.items()}


def _body(request: requests.PreparedRequest) -> bytes | None:
    body = request.body
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else None


def _retry_after(answer: Response) -> float | None:
    """The header's seconds; a date is not read, and the backoff serves instead."""
    text = answer.headers.get("retry-after") or ""
    return float(text) if text.isascii() and text.isdigit() else None


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
