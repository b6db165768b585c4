"""Carries out the table of retries: sends, reads the answer once, waits, sends again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..core.responses import Answer, read_answer
from ..core.retry import POLICIES, RequestKind, RetryReason, retry_after, retry_rule, wait_before_next
from ..errors import Cure, Diagnosis
from ..events import Emit, Retrying
from .http.failure import FailureKind, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..clock import Clock
    from .http.exchange import Response

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


def reason_of_failure(failure: TransportFailure) -> RetryReason:
    """The column of the table that a failure belongs to."""
    if failure.kind is FailureKind.RESET:
        return RetryReason.RESET_AFTER_BODY if failure.body_sent == "wholly" else RetryReason.RESET_BEFORE_BODY
    if failure.kind is FailureKind.MALFORMED:
        refused = failure.status is not None and 400 <= failure.status < 500  # noqa: PLR2004  # client errors
        return RetryReason.NOT_HTTP_REFUSAL if refused else RetryReason.NOT_HTTP
    return _REASONS[failure.kind]


def answer_in(kind: RequestKind, response: Response, *, json_due: bool | None = None) -> Answer:
    """Read a response to such a request."""
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
    """Every try that the table allows ended without an answer that decides."""

    def __init__(
        self, *, reason: RetryReason, phrase: str, tries: int, last: Answer | TransportFailure, ambiguous: bool
    ) -> None:
        super().__init__(phrase)
        self.reason = reason
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

    def run(self, kind: RequestKind, what: str, send: Callable[[int], Answer]) -> Answer:
        """Call ``send`` with the number of the try until its answer decides or the table says to stop.

        ``what`` names the thing in events, such as ``mint an upload token``. Raises NoAnswer, and whatever else
        ``send`` raises.
        """
        attempt, waited, ambiguous = 0, 0.0, False
        while True:
            attempt += 1
            last: Answer | TransportFailure
            asked: float | None = None
            try:
                last = send(attempt)
                if last.retry is None:
                    return last
                reason, phrase = last.retry, last.quoted
                asked = retry_after(last.retry_after, now=self.clock.now())
            except TransportFailure as failure:
                last, reason = failure, reason_of_failure(failure)
                phrase = failure.phrase if POLICIES[kind].confidential else _phrase(failure)
            ambiguous = ambiguous or _may_have_worked(last)
            wait = wait_before_next(
                retry_rule(kind, reason), attempt=attempt, waited=waited, jitter=self.random(), retry_after=asked
            )
            if wait is None:
                raise NoAnswer(reason=reason, phrase=phrase, tries=attempt, last=last, ambiguous=ambiguous) from None
            self.emit(Retrying(what=what, why=phrase, attempt=attempt + 1, wait=wait))
            self.clock.sleep(wait)
            waited += wait


def _may_have_worked(last: Answer | TransportFailure) -> bool:
    return last.body_sent == "wholly" if isinstance(last, TransportFailure) else True


def _phrase(failure: TransportFailure) -> str:
    if failure.status is None:
        return failure.phrase
    return f"{failure.phrase}; its first line was: {failure.status} {failure.received_start}".rstrip(": ")


def unanswered(
    none: NoAnswer, *, code: str, message: str, url: str, now: float, fix: str = "", file: str = ""
) -> Diagnosis:
    """Say that no try brought an answer. ``fix`` applies when waiting may help; ``now`` is this machine's time."""
    details = (("url", url), ("tries", str(none.tries)), ("last problem", none.reason.value))
    tries = "1 try was made" if none.tries == 1 else f"{none.tries} tries were made"
    odd = f", {none.reason.value}" if none.reason in {RetryReason.HTML, RetryReason.MALFORMED_JSON} else ""
    values = {"code": code, "message": f"{message}: {none.phrase}{odd}.", "details": details, "file": file}
    if none.reason is RetryReason.CERTIFICATE:
        likely_cause, advice = _certificate(none.phrase, now)
        return Diagnosis(**values, likely_cause=likely_cause, fix=advice, cure=Cure.RUNNER)  # type: ignore[arg-type]
    if none.reason is RetryReason.FORBIDDEN:
        return Diagnosis(
            **values,  # type: ignore[arg-type]
            likely_cause="Tokens and files are sent by https only, and by http on this machine.",
            fix="Correct the URL.",
            cure=Cure.WORKFLOW,
        )
    if none.reason is RetryReason.PROXY and _refuses_for_good(none.phrase):
        return Diagnosis(
            **values,  # type: ignore[arg-type]
            likely_cause="The proxy of this runner does not let the connection through.",
            fix="Allow the host in the proxy's rules, correct the proxy's user name and password in `https_proxy`, or "
            "list the host in `no_proxy`.",
            cure=Cure.RUNNER,
        )
    return Diagnosis(
        **values,  # type: ignore[arg-type]
        likely_cause=f"The service or the network is not working properly; {tries}."
        + (" The request may have been carried out all the same." if none.ambiguous and file else ""),
        fix=fix,
        cure=Cure.LATER,
    )


def _refuses_for_good(phrase: str) -> bool:
    """Whether a proxy answered with a status that the same request will always meet."""
    return any(f"answered {status} " in phrase for status in (401, 403, 404, 405, 407))


def _certificate(phrase: str, now: float) -> tuple[str, str]:
    """Likely cause and fix of a certificate that was not accepted: the clock, the trust store, or the host."""
    date = dt.datetime.fromtimestamp(now, tz=dt.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    if "not valid yet" in phrase or "expired" in phrase:
        cause = (
            f"This machine's clock says {date}. If that is wrong, the clock is the cause; otherwise the certificate of "
            "the server, or of a proxy that opens TLS connections, is out of date."
        )
        return cause, "Set the clock of the runner, or renew that certificate."
    if "host name" in phrase or "address" in phrase:
        cause = (
            "The URL names another host than the server's certificate: it is mistyped, or a proxy answered in place of "
            "the server."
        )
        return cause, "Correct the URL, or exempt the host from the proxy (`no_proxy`)."
    cause = (
        "The authority that signed the certificate is not in the trust store: the index has a private authority, or a "
        "proxy opens TLS connections with a certificate of its own."
    )
    fix = (
        "Set `SSL_CERT_FILE` to a PEM file outside the workspace that holds the authority's certificate, by `env:` on "
        f"the job or in the runner's settings. (This machine's clock says {date}.)"
    )
    return cause, fix
