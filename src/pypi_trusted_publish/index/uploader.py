"""Sends one file until the index has decided."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from ..errors import Diagnosis
from ..events import UploadStarted
from ..secret import Secret
from ..transport.failure import TransportFailure
from .attempts import NoAnswer, Retrier, by_status, message_in
from .error_body import warnings_of
from .retry import RequestKind, Trouble
from .upload_body import upload_body
from .upload_course import Course, Receipt, UploadFailed, UploadRefused
from .upload_form import encode, form_fields
from .upload_refusals import Verdict, explain, match

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from packaging.utils import NormalizedName

    from ..distributions.distribution import Distribution
    from ..transport.message import Response
    from ..transport.session import Session
    from ..trusted_publishing.tokens import UploadToken
    from .project_page import ProjectPage
    from .urls import IndexUrls

_SLOWEST_SERVER: Final = 2 << 20
"""Bytes a second that an index is trusted to work through before it answers."""
_SLOWEST_LINE: Final = 32 << 10
"""Bytes a second below which a connection that takes bytes now and then counts as stalled."""
_BASE_TIMEOUT: Final = 60.0
_BASE_DEADLINE: Final = 600.0
_MAY_BE_THERE: Final = "An earlier try, whose answer was lost, may have brought the file there all the same."


class Tokens(Protocol):
    """Where the token of an upload comes from."""

    def current(self) -> UploadToken:
        """A token that has enough life left."""

    def replace(self, stale: UploadToken) -> UploadToken:
        """Another token than ``stale``, which the index calls expired."""


class Lane(Protocol):
    """Where an upload runs, perhaps beside others."""

    def trying(self) -> AbstractContextManager[None]:
        """Entered for each try; waits until it may be sent."""

    def stumbled(self) -> None:
        """The index answered with a server error."""


@dataclass(frozen=True, kw_only=True)
class Uploader:
    """Sends files to one index."""

    session: Session
    urls: IndexUrls
    retrier: Retrier
    fresh_page: Callable[[NormalizedName], ProjectPage]

    def upload(
        self,
        distribution: Distribution,
        *,
        tokens: Tokens,
        attestations: tuple[str, ...],
        lane: Lane,
        course: Course,
    ) -> Receipt:
        """Send ``distribution`` and return once the index has it; ``course`` says how far it has got.

        Raises UploadRefused, UploadFailed, DistributionError (the file changed while it was sent), and what a renewal
        of the token raises.
        """
        began = self.retrier.clock.monotonic()

        def send(attempt: int) -> Response:
            course.tries = attempt
            with lane.trying():
                try:
                    response = self._try(distribution, tokens, attestations, course)
                except TransportFailure as failure:
                    if course.take_in(failure.status, body_sent=failure.body_sent):
                        lane.stumbled()
                    raise
                if course.take_in(response.status):
                    lane.stumbled()
            return response

        try:
            response = self.retrier.run(
                RequestKind.UPLOAD, f"upload {distribution.filename}", send, judge=_upload_trouble
            )
        except NoAnswer as none:
            raise self._no_answer(distribution, none) from None
        seconds = self.retrier.clock.monotonic() - began
        if response.ok:
            warnings = warnings_of(content_type=response.headers.get("content-type", ""), body=response.body)
            return Receipt(filename=distribution.filename, outcome="uploaded", warnings=warnings, seconds=seconds)
        there = self._is_there(distribution, response)
        if there:
            return Receipt(filename=distribution.filename, outcome="identical", warnings=(), seconds=seconds)
        if there is None and course.was_lost:
            raise self._unverified(distribution, response)
        raise self._refusal(distribution, response, course)

    def _try(
        self, distribution: Distribution, tokens: Tokens, attestations: tuple[str, ...], course: Course
    ) -> Response:
        """One try; a token is renewed at most once within it, because it ages or because the index calls it expired."""
        began = self.retrier.clock.monotonic()
        token = tokens.current()
        response = self._send(distribution, token, attestations, course)
        if _verdict(response) is Verdict.TOKEN_EXPIRED and token.minted_at <= began:
            response = self._send(distribution, tokens.replace(token), attestations, course)
        return response

    def _send(
        self, distribution: Distribution, token: UploadToken, attestations: tuple[str, ...], course: Course
    ) -> Response:
        clock, emit = self.retrier.clock, self.retrier.emit
        fields = form_fields(distribution, attestations)
        content_type, head, tail = encode(fields, distribution.filename, distribution.size)
        emit(UploadStarted(filename=distribution.filename, size=distribution.size, attempt=course.tries))
        course.begun = True
        return self.session.request(
            "POST",
            self.urls.upload_url,
            headers={
                "Accept": "application/json",
                "Authorization": basic_auth("__token__", token.secret),
                "Content-Type": content_type,
            },
            body=upload_body(distribution, head=head, tail=tail, clock=clock, emit=emit),
            read_timeout=_BASE_TIMEOUT + distribution.size / _SLOWEST_SERVER,
            deadline=_BASE_DEADLINE + distribution.size / _SLOWEST_LINE,
        )

    def _is_there(self, distribution: Distribution, response: Response) -> bool | None:
        """Whether "already exists" means these very bytes: an earlier try arrived though its answer was lost.

        None when the index does not show it: its list cannot be read, or lags behind.
        """
        if _verdict(response) is not Verdict.EXISTS:
            return False
        published = self.fresh_page(distribution.project).file(distribution.filename)
        if published is None or published.sha256 is None:
            return None
        return published.sha256 == distribution.sha256

    def _unverified(self, distribution: Distribution, response: Response) -> UploadFailed:
        return UploadFailed(
            Diagnosis(
                code="upload-unverified",
                happened=f"{self.urls.title} says that {distribution.filename} exists "
                f"({response.status} {message_in(response)}), after a try whose answer was lost.",
                cause="It has most likely arrived by that try; the index's list, which would show it, cannot be read, "
                "or lags behind.",
                remedy="Compare the file's SHA-256 on the index with the one in the summary.",
                facts=(("sha256", distribution.sha256), ("page", self.urls.simple_url(distribution.project))),
                file=distribution.filename,
            )
        )

    def _refusal(self, distribution: Distribution, response: Response, course: Course) -> UploadRefused | UploadFailed:
        diagnosis = explain(
            status=response.status,
            message=message_in(response),
            location=response.headers.get("location", ""),
            filename=distribution.filename,
            index=self.urls.title,
            upload_url=self.urls.upload_url,
        )
        if course.lost:
            diagnosis = replace(diagnosis, cause=f"{diagnosis.cause} {_MAY_BE_THERE}")
        return UploadFailed(diagnosis) if _verdict(response) is Verdict.LATER else UploadRefused(diagnosis)

    def _no_answer(self, distribution: Distribution, none: NoAnswer) -> UploadRefused | UploadFailed:
        refused = none.trouble is Trouble.NOT_HTTP_REFUSAL
        code = "upload-answer-unreadable" if refused else "upload-no-answer"
        diagnosis = Diagnosis(
            code=code,
            happened=f"{self.urls.title} gave no usable answer for {distribution.filename}: {none.phrase}.",
            cause="The index refused the file in an answer that breaks the rules of HTTP; a malformed attestation or "
            "odd metadata can make it do that."
            if refused
            else f"The index or the way to it is disturbed; {none.tries} tries were made."
            + (" The file may have arrived all the same." if none.ambiguous else ""),
            remedy="Run the command 'check' on the file, and leave its attestations out."
            if refused
            else "Press Re-run failed jobs, later and not Re-run all jobs: files that are there already are skipped.",
            facts=(("tries", str(none.tries)), ("last trouble", none.trouble.value)),
            file=distribution.filename,
        )
        return UploadRefused(diagnosis) if refused else UploadFailed(diagnosis)


def basic_auth(user: str, password: Secret) -> Secret:
    """The value of an ``Authorization`` header."""
    pair = f"{user}:{password.reveal()}".encode()
    return Secret("Basic " + base64.b64encode(pair).decode("ascii"))


def _verdict(response: Response) -> Verdict | None:
    found = None if response.ok else match(response.status, message_in(response))
    return None if found is None else found.verdict


def _upload_trouble(response: Response) -> Trouble | None:
    """A status that says "again" is a trouble, unless the message says for how long."""
    return None if _verdict(response) is Verdict.LATER else by_status(response)
