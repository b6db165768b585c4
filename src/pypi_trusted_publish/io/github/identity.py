"""GitHub's identity endpoint: a new identity token for each request.

Source: GitHub's documentation "About security hardening with OpenID Connect" (requesting the JWT with environment
variables), August 2026. Answers of 5xx and time-outs are common there; the table of retries covers them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...core.claims import malformed_identity
from ...core.exchange import can_be_masked, possible_tokens
from ...core.retry import RequestKind
from ...errors import Cure, Diagnosis, PublishError, error_of
from ...secret import TOKEN_PATTERN, Audience, IdentityToken, Secret
from ..retrying import NoAnswer, Retrier, answer_in, unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...clock import Clock
    from ...core.responses import Answer
    from ...events import Emit
    from ..http.session import Session
    from .job import ReleaseJob

_READ_TIMEOUT: Final = 30.0
_LIMIT: Final = 1 << 16
"""Bytes of an answer; an identity token has about two thousand."""
_PROXY_CREDENTIALS: Final = 407
"""The status with which only a proxy answers."""
_STATUS_PAGE: Final = "https://www.githubstatus.com"


class IdentityProvider:
    """Requests identity tokens of one job from GitHub. Thread-safe, without state."""

    def __init__(
        self,
        *,
        session: Session,
        job: ReleaseJob,
        clock: Clock,
        emit: Emit,
        random: Callable[[], float],
        register_secret: Callable[[Secret], None],
    ) -> None:
        self._session = session
        self._job = job
        self._retrier = Retrier(clock=clock, emit=emit, random=random)
        self._register_secret = register_secret

    def request(self, audience: Audience) -> IdentityToken:
        """Return a new identity token for ``audience``, registered as a secret before it is used.

        Raises:
            PublishError: GitHub did not answer, refused, or answered with something that is not a token.

        """
        url = with_audience(self._job.identity_url, audience)
        authorization = Secret(f"bearer {self._job.identity_request_token.reveal()}")

        def send(_attempt: int) -> Answer:
            headers: dict[str, str | Secret] = {"Authorization": authorization, "Accept": "application/json"}
            response = self._session.request(
                "GET",
                url,
                headers=headers,
                read_timeout=_READ_TIMEOUT,
                limit=_LIMIT,
                before_report=self._hide_tokens,
            )
            return answer_in(RequestKind.IDENTITY, response)

        what = f"ask GitHub for an identity token for {audience!r}"
        try:
            answer = self._retrier.run(RequestKind.IDENTITY, what, send)
        except NoAnswer as failure:
            raise error_of(
                unanswered(
                    failure,
                    code="identity-endpoint-unavailable",
                    message="GitHub's identity endpoint gave no usable answer",
                    url=self._job.identity_url.partition("?")[0],
                    now=self._retrier.clock.now(),
                    fix=f"Look at {_STATUS_PAGE}.",
                )
            ) from None
        if not answer.ok:
            raise _refused(answer)
        return self._token(answer, audience)

    def _hide_tokens(self, headers: Sequence[str], body: bytes) -> None:
        """Register every possible token of an answer as a secret, even if the answer is unusable."""
        for secret in possible_tokens(body, headers=headers):
            if can_be_masked(secret):
                self._register_secret(secret)

    def _token(self, answer: Answer, audience: Audience) -> IdentityToken:
        document = answer.document
        value = document.get("value") if isinstance(document, dict) else None
        if not isinstance(value, str) or not value:
            raise malformed_identity("the answer holds no 'value'")
        if TOKEN_PATTERN.fullmatch(value) is None:
            raise malformed_identity("the token contains spaces, line breaks or other characters that no token has")
        secret = Secret(value)
        self._register_secret(secret)
        return IdentityToken(secret=secret, audience=audience)


def with_audience(url: str, audience: Audience) -> str:
    """The identity URL with ``audience`` in its query, where it replaces an existing one."""
    parts = urlsplit(url)
    pairs = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "audience"]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode([*pairs, ("audience", audience)]), ""))


def _refused(answer: Answer) -> PublishError:
    causes = [
        "the job's request token has expired (the job waited or ran for a long time)",
        "a proxy or firewall of this runner answered instead of GitHub",
    ]
    if answer.intercepted:  # GitHub gives a reason
        causes.reverse()
    likely_cause = ", or ".join(causes)
    return error_of(
        Diagnosis(
            code="identity-endpoint-refused",
            message=f"GitHub's identity endpoint refused to give an identity token: {answer.quoted}.",
            likely_cause=f"{likely_cause[:1].upper()}{likely_cause[1:]}.",
            fix=f"If it happens again, look at {_STATUS_PAGE}, and at the rules of the runner's proxy.",
            details=(("status", str(answer.status)),),
            cure=Cure.RUNNER if answer.status == _PROXY_CREDENTIALS else Cure.LATER,
        )
    )
