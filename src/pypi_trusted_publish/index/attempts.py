"""Carries out the table of retries: sends, judges, waits, sends again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..events import Emit, Retrying
from ..transport.failure import FailureKind, TransportFailure
from .error_body import is_html, is_json, message_of
from .retry import RequestKind, Trouble, retry_after, row, trouble_of_status, wait_before_next

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..clock import Clock
    from ..transport.message import Response

_TROUBLES: Final = {
    FailureKind.CONNECT: Trouble.CONNECT,
    FailureKind.TLS: Trouble.TLS,
    FailureKind.CERTIFICATE: Trouble.CERTIFICATE,
    FailureKind.PROXY: Trouble.PROXY,
    FailureKind.STALLED: Trouble.STALLED,
    FailureKind.TIMEOUT: Trouble.TIMEOUT,
    FailureKind.TRUNCATED: Trouble.TRUNCATED,
    FailureKind.FORBIDDEN: Trouble.FORBIDDEN,
    FailureKind.ABORTED: Trouble.ABORTED,
}


def trouble_of_failure(failure: TransportFailure) -> Trouble:
    """The row of the table that a failure belongs to."""
    if failure.kind is FailureKind.RESET:
        return Trouble.RESET_AFTER_BODY if failure.body_sent == "wholly" else Trouble.RESET_BEFORE_BODY
    if failure.kind is FailureKind.MALFORMED:
        refused = failure.status is not None and 400 <= failure.status < 500  # noqa: PLR2004  # client errors
        return Trouble.NOT_HTTP_REFUSAL if refused else Trouble.NOT_HTTP
    return _TROUBLES[failure.kind]


def message_in(response: Response) -> str:
    """What an answer says to people."""
    return message_of(
        status=response.status,
        reason=response.reason,
        content_type=response.headers.get("content-type", ""),
        body=response.body,
    )


def by_status(response: Response) -> Trouble | None:
    """The trouble that an answer's status is; None when the answer decides."""
    return trouble_of_status(response.status)


def by_status_and_type(response: Response) -> Trouble | None:
    """The same where a success is never a page: HTML is a trouble too."""
    trouble = trouble_of_status(response.status)
    if trouble is None and response.ok and is_html(response.headers.get("content-type", ""), response.body):
        return Trouble.HTML
    return trouble


def by_status_and_document(response: Response) -> Trouble | None:
    """The same where a success must be a document of JSON."""
    trouble = by_status_and_type(response)
    if trouble is None and response.ok and not is_json(response.body):
        return Trouble.MALFORMED_JSON
    return trouble


class NoAnswer(Exception):
    """Every try that the table allows ended without an answer that decides."""

    def __init__(
        self, *, trouble: Trouble, phrase: str, tries: int, last: Response | TransportFailure, ambiguous: bool
    ) -> None:
        super().__init__(phrase)
        self.trouble = trouble
        self.phrase = phrase
        """What came of the last try, for people; may hold foreign text."""
        self.tries = tries
        self.last = last
        self.ambiguous = ambiguous
        """One of the tries may have done its work though its answer was lost."""


@dataclass(frozen=True, kw_only=True)
class Retrier:
    """Repeats requests as the table says."""

    clock: Clock
    emit: Emit
    random: Callable[[], float]
    """A number in [0, 1)."""

    def run(
        self,
        kind: RequestKind,
        what: str,
        send: Callable[[int], Response],
        judge: Callable[[Response], Trouble | None] = by_status,
    ) -> Response:
        """Call ``send`` with the number of the try until its answer decides or the table says to stop.

        ``what`` names the thing in events, such as ``mint an upload token``. Raises NoAnswer, and whatever else
        ``send`` raises.
        """
        attempt, waited, ambiguous = 0, 0.0, False
        while True:
            attempt += 1
            last: Response | TransportFailure
            try:
                last = send(attempt)
                trouble = judge(last)
                if trouble is None:
                    return last
                phrase = f"{last.status} {message_in(last)}".strip()
                asked = retry_after(last.headers.get("retry-after"), now=self.clock.now())
            except TransportFailure as failure:
                last, trouble, phrase, asked = failure, trouble_of_failure(failure), _phrase(failure), None
            ambiguous = ambiguous or _may_have_worked(last)
            wait = wait_before_next(
                row(kind, trouble),
                attempt=attempt,
                waited=waited,
                jitter=self.random(),
                retry_after=asked,
            )
            if wait is None:
                raise NoAnswer(trouble=trouble, phrase=phrase, tries=attempt, last=last, ambiguous=ambiguous) from None
            self.emit(Retrying(what=what, why=phrase, attempt=attempt + 1, wait=wait))
            self.clock.sleep(wait)
            waited += wait


def _may_have_worked(last: Response | TransportFailure) -> bool:
    return last.body_sent == "wholly" if isinstance(last, TransportFailure) else True


def _phrase(failure: TransportFailure) -> str:
    if failure.status is None:
        return failure.phrase
    return f"{failure.phrase}; its first line was: {failure.status} {failure.heard}".rstrip(": ")
