"""Carries out the table of retries: send, read the answer once, wait, send again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, TypeVar

from ..core.responses import Answer, read_answer
from ..core.retry import POLICIES, RequestKind, RetryReason, http_date, retry_after, retry_rule, wait_before_next
from ..errors import Cure, Diagnosis
from ..events import Emit, Retrying
from ..values import dataclass
from .http.failure import FailureKind, TransportFailure, is_about_dates

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..clock import Clock
    from .http.exchange import Response

T = TypeVar("T")

_REASONS: Final = {
    FailureKind.CONNECT: RetryReason.CONNECT,
    FailureKind.TLS: RetryReason.TLS,
    FailureKind.CERTIFICATE: RetryReason.CERTIFICATE,
    FailureKind.PROXY: RetryReason.PROXY,
    FailureKind.STALLED: RetryReason.STALLED,
    FailureKind.TIMEOUT: RetryReason.TIMEOUT,
    FailureKind.TRUNCATED: RetryReason.TRUNCATED,
    FailureKind.FORBIDDEN: RetryReason.FORBIDDEN,
    FailureKind.ABORTED: RetryReason.ABORTED,
}


_CLOCKS_AGREE: Final = 600.0
"""Seconds between two clocks of which neither is wrong."""
_YEAR_10000: Final = 253_402_300_800


def reason_of_failure(failure: TransportFailure) -> RetryReason:
    """The row of the table that a failure belongs to."""
    if failure.kind is FailureKind.RESET:
        return RetryReason.RESET_AFTER_BODY if failure.body_sent == "wholly" else RetryReason.RESET_BEFORE_BODY
    if failure.kind is FailureKind.MALFORMED:
        refused = failure.status is not None and 400 <= failure.status < 500  # noqa: PLR2004  # client errors
        return RetryReason.NOT_HTTP_REFUSAL if refused else RetryReason.NOT_HTTP
    return _REASONS[failure.kind]


def answer_in(kind: RequestKind, response: Response, *, json_due: bool | None = None) -> Answer:
    """Read the response to a request of this kind."""
    return read_answer(
        kind,
        status=response.status,
        reason=response.reason,
        headers=response.headers,
        body=response.body,
        truncated=response.truncated,
        json_due=json_due,
    )


class NoAnswer(Exception):
    """None of the allowed attempts got a final answer."""

    def __init__(
        self, *, reason: RetryReason, phrase: str, tries: int, last: Answer | TransportFailure, ambiguous: bool
    ) -> None:
        super().__init__(phrase)
        self.reason = reason
        self.phrase = phrase
        """The result of the last try, for messages; may contain untrusted text."""
        self.tries = tries
        self.last = last
        self.ambiguous = ambiguous
        """An attempt may have succeeded although its answer was lost."""


class TryFailed(Exception):
    """One try of work that :meth:`Retrier.repeat` repeats has failed."""

    def __init__(self, message: str, *, reason: RetryReason | None, retry_after: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        """None when the failure is final."""
        self.retry_after = retry_after
        """The answer's header of that name."""


@dataclass(frozen=True, kw_only=True)
class Retrier:
    """Repeats requests as the table says."""

    clock: Clock
    emit: Emit
    random: Callable[[], float]
    """A number in [0, 1)."""

    def run(self, kind: RequestKind, what: str, send: Callable[[int], Answer]) -> Answer:
        """Call ``send`` with the number of the try until its answer is final or the table says to stop.

        ``what`` names the work in events, such as ``mint an upload token``. Raises NoAnswer, and whatever else
        ``send`` raises.
        """
        waits = _Waits(self, kind, what)
        ambiguous = False
        while True:
            last: Answer | TransportFailure
            header: str | None = None
            try:
                last = send(waits.attempt)
                if last.retry is None:
                    return last
                reason, phrase, header = last.retry, last.quoted, last.retry_after
            except TransportFailure as failure:
                last, reason = failure, reason_of_failure(failure)
                phrase = failure.phrase if POLICIES[kind].confidential else _phrase(failure)
            ambiguous = ambiguous or _may_have_worked(last)
            if not waits.next(reason, phrase, header):
                tries = waits.attempt
                raise NoAnswer(reason=reason, phrase=phrase, tries=tries, last=last, ambiguous=ambiguous) from None

    def repeat(self, kind: RequestKind, what: str, work: Callable[[], T]) -> T:
        """Call ``work`` until it returns. Raises the last TryFailed when it is final or the table says to stop."""
        waits = _Waits(self, kind, what)
        while True:
            try:
                return work()
            except TryFailed as failure:  # noqa: PERF203 - a try is a request
                if failure.reason is None or not waits.next(failure.reason, str(failure), failure.retry_after):
                    raise


class _Waits:
    """The tries of one request and the waits between them."""

    def __init__(self, retrier: Retrier, kind: RequestKind, what: str) -> None:
        self._retrier, self._kind, self._what = retrier, kind, what
        self._waited = 0.0
        self.attempt = 1

    def next(self, reason: RetryReason, phrase: str, header: str | None) -> bool:
        """Wait for the next try; False when the table allows none. ``header`` is the answer's ``Retry-After``."""
        clock = self._retrier.clock
        wait = wait_before_next(
            retry_rule(self._kind, reason),
            attempt=self.attempt,
            waited=self._waited,
            jitter=self._retrier.random(),
            retry_after=retry_after(header, now=clock.now()),
        )
        if wait is None:
            return False
        self.attempt += 1
        self._retrier.emit(Retrying(what=self._what, why=phrase, attempt=self.attempt, wait=wait))
        clock.sleep(wait)
        self._waited += wait
        return True


def _may_have_worked(last: Answer | TransportFailure) -> bool:
    return last.body_sent == "wholly" if isinstance(last, TransportFailure) else True


def _phrase(failure: TransportFailure) -> str:
    if failure.status is None:
        return failure.phrase
    return f"{failure.phrase}; its first line was: {failure.status} {failure.received_start}".rstrip(": ")


def unanswered(
    failure: NoAnswer, *, code: str, message: str, url: str, now: float, fix: str = "", file: str = ""
) -> Diagnosis:
    """The diagnosis for a request without an answer. ``fix`` is used when waiting may help; ``now`` is local time."""
    details = (("url", url), ("tries", str(failure.tries)), ("last problem", failure.reason.value))
    tries = "1 try was made" if failure.tries == 1 else f"{failure.tries} tries were made"
    odd = f", {failure.reason.value}" if failure.reason in {RetryReason.HTML, RetryReason.MALFORMED_JSON} else ""
    values = {"code": code, "message": f"{message}: {failure.phrase}{odd}.", "details": details, "file": file}
    if failure.reason is RetryReason.CERTIFICATE:
        server_date = failure.last.server_date if isinstance(failure.last, TransportFailure) else ""
        likely_cause, advice = _certificate(failure.phrase, now, http_date(server_date))
        return Diagnosis(**values, likely_cause=likely_cause, fix=advice, cure=Cure.RUNNER)  # type: ignore[arg-type]
    if failure.reason is RetryReason.FORBIDDEN:
        return Diagnosis(
            **values,  # type: ignore[arg-type]
            likely_cause="Tokens and files are sent only over HTTPS, or over HTTP to this machine.",
            fix="Correct the URL.",
            cure=Cure.WORKFLOW,
        )
    if failure.reason is RetryReason.PROXY and refuses_for_good(failure.phrase):
        return Diagnosis(
            **values,  # type: ignore[arg-type]
            likely_cause="The proxy of this runner does not let the connection through.",
            fix="Allow the host in the proxy's rules, correct the proxy's user name and password in `https_proxy`, or "
            "list the host in `no_proxy`.",
            cure=Cure.RUNNER,
        )
    cause = (
        "Something in front of the service answered with a page, such as a proxy's sign-in or a notice of maintenance"
        if failure.reason is RetryReason.HTML
        else "The service or the network is not working properly"
    )
    return Diagnosis(
        **values,  # type: ignore[arg-type]
        likely_cause=f"{cause}; {tries}."
        + (" The request may have succeeded anyway." if failure.ambiguous and file else ""),
        fix=fix,
        cure=Cure.LATER,
    )


def refuses_for_good(phrase: str) -> bool:
    """Whether a proxy answered with a status that the same request would always get."""
    return any(f"answered {status} " in phrase for status in (401, 403, 404, 405, 407))


def _certificate(phrase: str, now: float, server_now: float | None) -> tuple[str, str]:
    """Likely cause and fix of a certificate that was not accepted: the clock, the trust store, or the host."""
    date = _date(now)
    if is_about_dates(phrase):
        return _out_of_date(date, now, server_now)
    if "host name" in phrase or "address" in phrase:
        cause = (
            "The server's certificate is for another host: the URL is mistyped, or a proxy answered in place of "
            "the server."
        )
        return cause, "Correct the URL, or exempt the host from the proxy (`no_proxy`)."
    cause = (
        "The authority that signed the certificate is not in the trust store: the index has a private authority, or a "
        "proxy opens TLS connections with a certificate of its own."
    )
    fix = (
        "Set `SSL_CERT_FILE` to a PEM file outside the workspace with the authority's certificate, by `env:` on "
        f"the job or in the runner's settings. (This machine's clock says {date}.)"
    )
    return cause, fix


def _out_of_date(date: str, now: float, server_now: float | None) -> tuple[str, str]:
    """The same where only the dates of the certificate are wrong: according to this machine's clock, or really."""
    clock = f"This machine's clock says {date}"
    renew = "Renew that certificate; nothing in the workflow can change it."
    if server_now is None or not 0 <= server_now < _YEAR_10000:
        cause = (
            f"{clock}. If that is wrong, the clock is the cause; otherwise the certificate of the server, or of a "
            "proxy that opens TLS connections, is out of date."
        )
        return cause, f"Set the clock of the runner. If it is right: {renew[:1].lower()}{renew[1:]}"
    clocks = f"{clock}, the server's says {_date(server_now)}"
    if abs(now - server_now) < _CLOCKS_AGREE:
        return f"{clocks}: the clock is right, and the certificate is out of date.", renew
    cause = f"{clocks}: one of the two clocks is wrong, and that of the runner is the likelier one."
    return cause, "Set the clock of the runner, and let it follow a time server (NTP)."


def _date(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, tz=dt.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
