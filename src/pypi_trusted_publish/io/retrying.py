"""Carries out the table of retries: sends, judges, waits, sends again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..core.responses import is_html, is_json, message_of, reason_of
from ..core.retry import POLICIES, RequestKind, RetryReason, retry_after, row, trouble_of_status, wait_before_next
from ..errors import Diagnosis, IndexRefused, IndexUnavailable, PublishError
from ..events import Emit, Retrying
from .http.failure import FailureKind, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..clock import Clock
    from ..core.urls import IndexUrls
    from .http.exchange import Response

_TROUBLES: Final = {
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


def trouble_of_failure(failure: TransportFailure) -> RetryReason:
    """The row of the table that a failure belongs to."""
    if failure.kind is FailureKind.RESET:
        return RetryReason.RESET_AFTER_BODY if failure.body_sent == "wholly" else RetryReason.RESET_BEFORE_BODY
    if failure.kind is FailureKind.MALFORMED:
        refused = failure.status is not None and 400 <= failure.status < 500  # noqa: PLR2004  # client errors
        return RetryReason.NOT_HTTP_REFUSAL if refused else RetryReason.NOT_HTTP
    return _TROUBLES[failure.kind]


def message_in(response: Response) -> str:
    """What an answer says to people."""
    return message_of(
        status=response.status,
        reason=response.reason,
        content_type=response.headers.get("content-type", ""),
        body=response.body,
    )


def status_in(response: Response) -> str:
    """Status and phrase of an answer whose body must not be quoted."""
    return f"{response.status} {reason_of(response.status, response.reason)}".strip()


def by_status(response: Response) -> RetryReason | None:
    """The trouble that an answer's status is; None when the answer decides."""
    return trouble_of_status(response.status)


def by_status_and_type(response: Response) -> RetryReason | None:
    """The same where a success is never a page: HTML is a trouble too."""
    trouble = trouble_of_status(response.status)
    if trouble is None and response.ok and is_html(response.headers.get("content-type", ""), response.body):
        return RetryReason.HTML
    return trouble


def by_status_and_document(response: Response) -> RetryReason | None:
    """The same where a success must be a document of JSON."""
    trouble = by_status_and_type(response)
    if trouble is None and response.ok and not is_json(response.body):
        return RetryReason.MALFORMED_JSON
    return trouble


class NoAnswer(Exception):
    """Every try that the table allows ended without an answer that decides."""

    def __init__(
        self, *, trouble: RetryReason, phrase: str, tries: int, last: Response | TransportFailure, ambiguous: bool
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
        judge: Callable[[Response], RetryReason | None] = by_status,
    ) -> Response:
        """Call ``send`` with the number of the try until its answer decides or the table says to stop.

        ``what`` names the thing in events, such as ``mint an upload token``. Raises NoAnswer, and whatever else
        ``send`` raises.
        """
        attempt, waited, ambiguous, confidential = 0, 0.0, False, POLICIES[kind].confidential
        while True:
            attempt += 1
            last: Response | TransportFailure
            try:
                last = send(attempt)
                trouble = judge(last)
                if trouble is None:
                    return last
                phrase = status_in(last) if confidential else f"{last.status} {message_in(last)}".strip()
                asked = retry_after(last.headers.get("retry-after"), now=self.clock.now())
            except TransportFailure as failure:
                last, trouble, asked = failure, trouble_of_failure(failure), None
                phrase = failure.phrase if confidential else _phrase(failure)
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


def mint_unanswered(urls: IndexUrls, none: NoAnswer) -> IndexUnavailable:
    """No try to mint brought an answer."""
    return IndexUnavailable(
        Diagnosis(
            code="mint-no-answer",
            message=f"{urls.title} did not answer the request for an upload token: {none.phrase}.",
            likely_cause=f"The index or the way to it is disturbed; {none.tries} tries were "
            "made, each with a fresh identity "
            "token.",
            fix="Run the failed job again later; nothing was uploaded with this token.",
            details=(("url", urls.mint_url), ("tries", str(none.tries)), ("last trouble", none.trouble.value)),
        )
    )


def audience_unanswered(urls: IndexUrls, none: NoAnswer) -> IndexUnavailable:
    """No try to learn the audience brought an answer."""
    return IndexUnavailable(
        Diagnosis(
            code="audience-no-answer",
            message=f"{urls.title} did not say for whom the identity token has to be: {none.phrase}.",
            likely_cause=f"The index or the way to it is disturbed, or the host name is mistyped. Tries: {none.tries}.",
            fix="Check the input 'repository-url', and run the failed job again later; nothing was sent.",
            details=(("url", urls.audience_url), ("tries", str(none.tries)), ("last trouble", none.trouble.value)),
        )
    )


def audience_refused(urls: IndexUrls, *, status: int, message: str, location: str) -> PublishError:
    """The audience endpoint answered, but not 200."""
    facts = (("url", urls.audience_url), ("status", str(status)), ("index said", message))
    if status in {404, 405, 410}:
        return IndexRefused(
            Diagnosis(
                code="no-trusted-publishing",
                message=f"{urls.title} has no Trusted Publishing: asked for its audience it answers {status}.",
                likely_cause="This index software does not offer it, or 'repository-url' is not the URL of the index.",
                fix="This action can publish only where Trusted Publishing is offered: check 'repository-url', or "
                "use another tool for this index.",
                details=facts,
            )
        )
    if status == 403:  # noqa: PLR2004  # what PyPI answers while it is switched off
        return IndexUnavailable(
            Diagnosis(
                code="trusted-publishing-off",
                message=f"{urls.title} has switched Trusted Publishing off: {message}.".replace("..", "."),
                likely_cause="Its administrators do that during an incident.",
                fix="Look at the status page of the index, and run the failed job again later.",
                details=facts,
            )
        )
    where = f", and leads to {location}" if location else ""
    return IndexRefused(
        Diagnosis(
            code="audience-refused",
            message=f"{urls.title} names no audience for the identity token: {status} {message}{where}.",
            likely_cause=(
                "'repository-url' is probably not the index's own URL; redirects to another host are not followed."
            ),
            fix="Set the input 'repository-url' to the index's own upload URL.",
            details=(*facts, ("leads to", location)) if location else facts,
        )
    )
