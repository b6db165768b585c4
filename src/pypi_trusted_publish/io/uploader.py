"""Sends one file until the index accepts or refuses it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, Protocol
from urllib.parse import urljoin

from ..core.answers import Effect
from ..core.project_page import PageState
from ..core.responses import Answer, explain
from ..core.retry import RequestKind, RetryReason, http_date
from ..core.upload_form import encode, form_fields
from ..errors import Cure, Diagnosis, PublishError, Severity, error_of
from ..events import DiagnosisReported, NotUploaded, Uploaded, UploadStarted
from ..secret import Secret
from .http.failure import TransportFailure
from .retrying import NoAnswer, answer_in, unanswered
from .upload_body import upload_body

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from packaging.utils import NormalizedName

    from ..checks.model import Distribution
    from ..core.project_page import ProjectPage, PublishedFile
    from ..core.urls import IndexUrls
    from ..secret import UploadToken
    from .http.failure import BodySent
    from .http.session import Session
    from .retrying import Retrier

_ABOUT_THE_FILE: Final = frozenset({400, 409, 413})
"""Statuses of a refusal because of the file or its name, which an earlier try of the same bytes would have got too."""
_SLOWEST_SERVER: Final = 2 << 20
"""Bytes per second that an index is assumed to process before it answers."""
_SLOWEST_LINE: Final = 32 << 10
"""Bytes per second below which a slow connection counts as stalled."""
_BASE_TIMEOUT: Final = 60.0
_BASE_DEADLINE: Final = 600.0
_MAY_BE_THERE: Final = "An earlier attempt that got no answer may have uploaded the file anyway."


@dataclass(kw_only=True)
class UploadState:
    """The state of one file's upload, updated during it."""

    tries: int = 0
    begun: bool = False
    """The file has been sent, in whole or in part, at least once."""
    answer_lost: bool = False
    """The index may have accepted the file in an answer that was lost, and no later answer has clarified it."""
    answer_was_lost: bool = False
    """The same, before the last try."""
    decided: Literal["refused", "conflict"] | None = None

    def record(self, status: int | None, *, body_sent: BodySent = "wholly") -> bool:
        """Record the end of a try and its status, if any; return whether it is a server error."""
        decided = status is not None and 300 <= status < 500  # noqa: PLR2004  # redirects and refusals
        self.answer_was_lost = self.answer_lost
        lost = self.answer_lost or (body_sent == "wholly" and not decided)
        self.answer_lost = lost and status not in _ABOUT_THE_FILE
        return status is not None and status >= 500  # noqa: PLR2004  # the class of server errors

    @property
    def outcome(self) -> Literal["refused", "conflict", "failed", "not sent"]:
        """What is known about a file that did not arrive."""
        if not self.begun:
            return "not sent"
        return self.decided if self.decided is not None and not self.answer_lost else "failed"


class Tokens(Protocol):
    """Provides the token of an upload."""

    def current(self) -> UploadToken:
        """A token that is valid long enough."""

    def replace(self, stale: UploadToken) -> UploadToken:
        """A new token in place of ``stale``, which the index calls expired."""


class Pool(Protocol):
    """The pool of parallel uploads."""

    def attempt(self) -> AbstractContextManager[None]:
        """A context for each attempt; waits until it may be sent."""

    def server_error(self) -> None:
        """The index answered with a server error."""


class Uploader:
    """Sends files to one index. Thread-safe."""

    def __init__(
        self,
        *,
        session: Session,
        urls: IndexUrls,
        retrier: Retrier,
        fresh_page: Callable[[NormalizedName], ProjectPage],
    ) -> None:
        self._session = session
        self._urls = urls
        self._retrier = retrier
        self._fresh_page = fresh_page
        self._upload_url = urls.upload_url
        """Gets a trailing slash once the index has redirected to it."""

    def upload(
        self, distribution: Distribution, *, tokens: Tokens, attestations: tuple[str, ...], pool: Pool
    ) -> Uploaded:
        """Send a file until the index accepts or refuses it, and emit the result. ``attestations`` are JSON texts.

        Raises:
            PublishError: the index refused it or gave no final answer, the file changed while it was sent, or its token
                could not be renewed.

        """
        state, emit = UploadState(), self._retrier.emit
        try:
            uploaded = self._upload(distribution, tokens, attestations, pool, state)
        except PublishError as problem:
            emit(NotUploaded(filename=distribution.filename, outcome=state.outcome, reason=str(problem)))
            raise
        emit(uploaded)
        return uploaded

    def _upload(
        self,
        distribution: Distribution,
        tokens: Tokens,
        attestations: tuple[str, ...],
        pool: Pool,
        state: UploadState,
    ) -> Uploaded:
        began = self._retrier.clock.monotonic()

        def send(attempt: int) -> Answer:
            state.tries = attempt
            with pool.attempt():
                try:
                    answer = self._try(distribution, tokens, attestations, state)
                except TransportFailure as failure:
                    if state.record(failure.status, body_sent=failure.body_sent):
                        pool.server_error()
                    raise
                if state.record(answer.status):
                    pool.server_error()
            return answer

        try:
            answer = self._retrier.run(RequestKind.UPLOAD, f"upload {distribution.filename}", send)
        except NoAnswer as failure:
            raise self._no_answer(distribution, failure, state) from None
        seconds = self._retrier.clock.monotonic() - began
        if answer.ok and answer.intercepted:
            self._require_listed(distribution, answer, state)
        if answer.ok:
            outcome, warnings = "uploaded", answer.warnings
        else:
            self._require_identical(distribution, answer, state)
            outcome, warnings = "identical", ()
        answered_at = http_date(answer.date)
        return Uploaded(
            filename=distribution.filename,
            outcome=outcome,
            warnings=warnings,
            seconds=seconds,
            began_at=None if answered_at is None else answered_at - seconds,
        )

    def _try(
        self, distribution: Distribution, tokens: Tokens, attestations: tuple[str, ...], state: UploadState
    ) -> Answer:
        """One try, in which an expired token is renewed once and a missing slash is added once."""
        began = self._retrier.clock.monotonic()
        token = tokens.current()
        answer = self._send(distribution, token, attestations, state)
        if answer.has(Effect.TOKEN_EXPIRED) and token.minted_at <= began:
            token = tokens.replace(token)
            answer = self._send(distribution, token, attestations, state)
        if self._adds_slash(answer):
            self._upload_url = self._urls.upload_url + "/"
            answer = self._send(distribution, token, attestations, state)
        return answer

    def _adds_slash(self, answer: Answer) -> bool:
        """Whether this is a redirect to the same URL with a slash, the only one that is followed with a token."""
        if answer.status not in {301, 307, 308} or self._upload_url.endswith("/"):
            return False
        try:
            return urljoin(self._upload_url, answer.location) == self._upload_url + "/"
        except ValueError:
            return False

    def _send(
        self, distribution: Distribution, token: UploadToken, attestations: tuple[str, ...], state: UploadState
    ) -> Answer:
        clock, emit = self._retrier.clock, self._retrier.emit
        fields = form_fields(distribution, attestations)
        content_type, head, tail = encode(fields, distribution.filename, distribution.size)
        emit(UploadStarted(filename=distribution.filename, size=distribution.size, attempt=state.tries))
        state.begun = True
        response = self._session.request(
            "POST",
            self._upload_url,
            headers={
                "Accept": "application/json",
                "Authorization": basic_auth("__token__", token.secret),
                "Content-Type": content_type,
            },
            body=upload_body(distribution, head=head, tail=tail, clock=clock, emit=emit),
            read_timeout=_BASE_TIMEOUT + distribution.size / _SLOWEST_SERVER,
            deadline=_BASE_DEADLINE + distribution.size / _SLOWEST_LINE,
        )
        return answer_in(RequestKind.UPLOAD, response)

    def _require_listed(self, distribution: Distribution, answer: Answer, state: UploadState) -> None:
        """Raise a problem if a page answered the upload and the index, which can be read, does not list the file."""
        page = self._fresh_page(distribution.project)
        published = page.file(distribution.filename)
        if page.state is PageState.UNREADABLE or (
            published is not None and published.sha256 in {None, distribution.sha256}
        ):
            return
        state.answer_lost = True
        raise error_of(
            Diagnosis(
                code="upload-intercepted",
                message=f"The upload of {distribution.filename} was answered with a page, and {self._urls.title} does "
                f"not list the file. The page: {answer.quoted.rstrip('.')}.",
                likely_cause="Something in front of the index (a sign-in page, a firewall, a proxy) probably took the "
                "request, or the index lists new files late.",
                fix="If it happens again, ask the operators of the index, and of the runner's network, to let uploads "
                f"to {self._upload_url} through.",
                details=self._details(answer),
                file=distribution.filename,
                cure=Cure.LATER,
            )
        )

    def _require_identical(self, distribution: Distribution, answer: Answer, state: UploadState) -> None:
        """Return if the index lists the same contents, from an earlier try or another run; else raise the problem."""
        if not answer.has(Effect.EXISTS, Effect.MAY_EXIST):
            state.decided = "refused"
            raise error_of(self._refusal(distribution, answer, state))
        published = self._fresh_page(distribution.project).file(distribution.filename)
        if published is not None and published.sha256 == distribution.sha256:
            if not state.answer_was_lost:
                self._retrier.emit(DiagnosisReported(diagnosis=self._published_by_other(distribution)))
            return
        if published is not None and published.sha256 is not None:
            state.decided = "conflict"
            raise error_of(self._lost_race(distribution, answer, published))
        if answer.has(Effect.EXISTS) and state.answer_was_lost:
            raise error_of(self._unverified(distribution, answer))
        state.decided = "conflict" if answer.has(Effect.EXISTS) else "refused"
        raise error_of(self._refusal(distribution, answer, state))

    def _published_by_other(self, distribution: Distribution) -> Diagnosis:
        return Diagnosis(
            code="upload-identical-by-another-run",
            severity=Severity.NOTICE,
            message=f"Another run has published {distribution.filename} in the meantime, with the same contents.",
            likely_cause="Two events, such as a push and a release, started the workflow for one tag.",
            fix="Nothing is left to do for this file. Let one event start the publishing workflow.",
            file=distribution.filename,
        )

    def _lost_race(self, distribution: Distribution, answer: Answer, published: PublishedFile) -> Diagnosis:
        return Diagnosis(
            code="upload-lost-race",
            message=f"Another run published {distribution.filename} in the meantime, with different contents. "
            f"{self._says(answer)}",
            likely_cause="Two events, such as a push and a release, started the workflow for one tag, and each run "
            "built files of its own. The index keeps the file that arrived first.",
            fix="If the other run published the whole release, nothing is left to do: let one event start the workflow "
            "from now on. Otherwise release a new version, and yank this one.",
            details=(
                ("sha256 here", distribution.sha256),
                ("sha256 on the index", published.sha256 or "unknown"),
                *self._details(answer),
            ),
            file=distribution.filename,
            cure=Cure.NEW_VERSION,
        )

    def _unverified(self, distribution: Distribution, answer: Answer) -> Diagnosis:
        return Diagnosis(
            code="upload-unverified",
            message=f"{distribution.filename} exists on {self._urls.title} after an attempt that got no answer. "
            f"{self._says(answer)}",
            likely_cause="It most likely arrived with that attempt; the project's page on the index cannot be read, or "
            "is not up to date yet.",
            fix="The next run compares the file's SHA-256 with that on the index.",
            details=(("sha256", distribution.sha256), ("page", self._urls.simple_url(distribution.project))),
            file=distribution.filename,
            cure=Cure.LATER,
        )

    def _refusal(self, distribution: Distribution, answer: Answer, state: UploadState) -> Diagnosis:
        index = self._urls.title
        message = f"{index} refused {distribution.filename}. {self._says(answer)}"
        details = self._details(answer)
        if not answer.refusals or answer.refusals[0].row is None:
            return Diagnosis(
                code="upload-refused",
                message=message,
                likely_cause="An index does not usually answer an upload with this status: something in front of it "
                "may have answered instead.",
                fix="Check the input 'repository-url'.",
                details=details,
                file=distribution.filename,
                cure=Cure.WORKFLOW,
            )
        words = {
            **self._urls.info.words(distribution.project),
            "upload_url": self._upload_url,
            "slashed_url": self._upload_url.rstrip("/") + "/",
        }
        found = explain(answer.refusals[0], message=message, context=words, details=details, file=distribution.filename)
        if state.answer_lost:
            found = replace(found, likely_cause=f"{found.likely_cause} {_MAY_BE_THERE}")
        return found

    def _says(self, answer: Answer) -> str:
        return f"{self._urls.title} says: {answer.quoted.rstrip('.')}."

    def _details(self, answer: Answer) -> tuple[tuple[str, str], ...]:
        leads = (("redirects to", answer.location),) if answer.location else ()
        return (("status", str(answer.status)), ("upload URL", self._upload_url), *leads)

    def _no_answer(self, distribution: Distribution, failure: NoAnswer, state: UploadState) -> PublishError:
        message = f"{self._urls.title} gave no usable answer for {distribution.filename}"
        if failure.reason is RetryReason.NOT_HTTP_REFUSAL:
            state.decided = "refused"
            return error_of(
                Diagnosis(
                    code="upload-answer-unreadable",
                    message=f"{message}: {failure.phrase}.",
                    likely_cause="The index refused the file in an answer that breaks the rules of HTTP; a malformed "
                    "attestation or odd metadata can make it do that.",
                    fix="Run the command `check` on the file, and set the input `attestations: false`.",
                    details=(("upload URL", self._upload_url),),
                    file=distribution.filename,
                    cure=Cure.WORKFLOW,
                )
            )
        return error_of(
            unanswered(
                failure,
                code="upload-no-answer",
                message=message,
                url=self._upload_url,
                now=self._retrier.clock.now(),
                fix="Files that have arrived are skipped by the next run.",
                file=distribution.filename,
            )
        )


def basic_auth(user: str, password: Secret) -> Secret:
    """The value of an ``Authorization`` header."""
    pair = f"{user}:{password.reveal()}".encode()
    return Secret("Basic " + base64.b64encode(pair).decode("ascii"))
