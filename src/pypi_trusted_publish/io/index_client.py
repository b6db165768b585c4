"""Talks to one index: asks for its audience and its pages, and uploads."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, Protocol

from ..core.exchange import audience_of, check_audience
from ..core.project_page import PageState, ProjectPage, UnreadablePage, parse_project_page
from ..core.responses import Verdict, explain, match, warnings_of
from ..core.retry import RequestKind, RetryReason
from ..core.upload_form import encode, form_fields
from ..errors import Diagnosis, IndexRefused, IndexUnavailable, PublishError
from ..events import NotUploaded, Uploaded, UploadStarted
from ..secret import Secret
from .http.failure import TransportFailure
from .retrying import (
    NoAnswer,
    Retrier,
    audience_refused,
    audience_unanswered,
    by_status,
    by_status_and_document,
    by_status_and_type,
    message_in,
)
from .upload_body import upload_body

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from packaging.utils import NormalizedName

    from ..checks.model import Distribution
    from ..clock import Clock
    from ..core.project_page import ProjectPage
    from ..core.urls import IndexUrls
    from ..errors import PublishError
    from ..events import Emit
    from ..secret import Audience, UploadToken
    from .http.exchange import Response
    from .http.failure import BodySent
    from .http.session import Session

_JUDGED: Final = frozenset({400, 409, 413})
"""Statuses of a refusal that comes of the file or its name: it would have met an earlier try of the same bytes too."""


class UploadRefused(IndexRefused):
    """The index does not take a file, and will not take it later."""


class UploadFailed(IndexUnavailable):
    """No answer about a file that decides."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a file that is on the index now."""

    filename: str
    outcome: Literal["uploaded", "identical"]
    warnings: tuple[str, ...]
    """What the index said besides, a line each; foreign text."""
    seconds: float


@dataclass(kw_only=True)
class Course:
    """How far the sending of one file has got; filled while it goes on."""

    tries: int = 0
    begun: bool = False
    """The file has been sent, in whole or in part, at least once."""
    lost: bool = False
    """An answer was lost with which the index may have taken the file, and no later one has said what became of it."""
    was_lost: bool = False
    """The same before the last try."""

    def take_in(self, status: int | None, *, body_sent: BodySent = "wholly") -> bool:
        """One more try is over, with this status if one was heard; whether it is a server error."""
        decided = status is not None and 300 <= status < 500  # noqa: PLR2004  # redirects and refusals
        self.was_lost = self.lost
        self.lost = (self.lost or (body_sent == "wholly" and not decided)) and status not in _JUDGED
        return status is not None and status >= 500  # noqa: PLR2004  # the class of server errors

    def ended_by(self, problem: PublishError) -> Literal["refused", "failed", "not sent"]:
        """What is known of the file after ``problem``."""
        if not self.begun:
            return "not sent"
        return "refused" if isinstance(problem, UploadRefused) and not self.lost else "failed"


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


class Pool(Protocol):
    """The uploads that run beside this one."""

    def attempt(self) -> AbstractContextManager[None]:
        """Entered for each attempt; waits until it may be sent."""

    def server_error(self) -> None:
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
        pool: Pool,
        course: Course,
    ) -> Receipt:
        """Send ``distribution`` and return once the index has it; ``course`` says how far it has got.

        Raises UploadRefused, UploadFailed, DistributionError (the file changed while it was sent), and what a renewal
        of the token raises.
        """
        began = self.retrier.clock.monotonic()

        def send(attempt: int) -> Response:
            course.tries = attempt
            with pool.attempt():
                try:
                    response = self._try(distribution, tokens, attestations, course)
                except TransportFailure as failure:
                    if course.take_in(failure.status, body_sent=failure.body_sent):
                        pool.server_error()
                    raise
                if course.take_in(response.status):
                    pool.server_error()
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
                message=f"{self.urls.title} says that {distribution.filename} exists "
                f"({response.status} {message_in(response)}), after a try whose answer was lost.",
                likely_cause="It has most likely arrived by that try; the index's list, "
                "which would show it, cannot be read, "
                "or lags behind.",
                fix="Compare the file's SHA-256 on the index with the one in the summary.",
                details=(("sha256", distribution.sha256), ("page", self.urls.simple_url(distribution.project))),
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
            diagnosis = replace(diagnosis, likely_cause=f"{diagnosis.likely_cause} {_MAY_BE_THERE}")
        return UploadFailed(diagnosis) if _verdict(response) is Verdict.LATER else UploadRefused(diagnosis)

    def _no_answer(self, distribution: Distribution, none: NoAnswer) -> UploadRefused | UploadFailed:
        refused = none.trouble is RetryReason.NOT_HTTP_REFUSAL
        code = "upload-answer-unreadable" if refused else "upload-no-answer"
        diagnosis = Diagnosis(
            code=code,
            message=f"{self.urls.title} gave no usable answer for {distribution.filename}: {none.phrase}.",
            likely_cause="The index refused the file in an answer that breaks the rules of "
            "HTTP; a malformed attestation or "
            "odd metadata can make it do that."
            if refused
            else f"The index or the way to it is disturbed; {none.tries} tries were made."
            + (" The file may have arrived all the same." if none.ambiguous else ""),
            fix="Run the command 'check' on the file, and leave its attestations out."
            if refused
            else "Press Re-run failed jobs, later and not Re-run all jobs: files that are there already are skipped.",
            details=(("tries", str(none.tries)), ("last trouble", none.trouble.value)),
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


def _upload_trouble(response: Response) -> RetryReason | None:
    """A status that says "again" is a trouble, unless the message says for how long."""
    return None if _verdict(response) is Verdict.LATER else by_status(response)


PAGE_LIMIT: Final = 64 << 20
"""Bytes of a project's page; a larger one counts as unreadable."""
SIMPLE_JSON: Final = "application/vnd.pypi.simple.v1+json"
_READ_TIMEOUT: Final = 60.0
_READ_BACK_TIMEOUT: Final = 15.0
"""Seconds: whoever waits for the index looks again, and is told something in the meantime."""


class IndexClient:
    """One index. Thread-safe."""

    def __init__(
        self, *, session: Session, urls: IndexUrls, clock: Clock, emit: Emit, random: Callable[[], float]
    ) -> None:
        self._session = session
        self._urls = urls
        self._emit = emit
        self._retrier = Retrier(clock=clock, emit=emit, random=random)
        self._uploader = Uploader(
            session=session,
            urls=urls,
            retrier=self._retrier,
            fresh_page=lambda project: self._page(project, fresh=True),
        )

    def audience(self) -> Audience:
        """For whom the index wants the identity token to be, within what it may ask for.

        Raises IndexRefused (no Trusted Publishing there, or an audience that is not the index's to ask for) and
        IndexUnavailable.
        """
        try:
            answer = self._retrier.run(
                RequestKind.AUDIENCE,
                "ask for the audience",
                lambda _: self._get(self._urls.audience_url, accept="application/json"),
                judge=by_status_and_document,
            )
        except NoAnswer as none:
            raise audience_unanswered(self._urls, none) from None
        if not answer.ok:
            location = answer.headers.get("location", "")
            raise audience_refused(self._urls, status=answer.status, message=message_in(answer), location=location)
        return check_audience(
            audience_of(answer.body),
            expected=self._urls.expected_audience,
            host=self._urls.host,
            is_loopback=self._urls.is_loopback,
        )

    def project_page(self, project: NormalizedName, *, fresh: bool = False) -> ProjectPage:
        """What the index lists for a project; ``fresh`` asks every cache on the way to look again.

        On PyPI and TestPyPI an unreadable page raises IndexUnavailable; elsewhere it is a page in that state.
        """
        kind = RequestKind.READ_BACK if fresh else RequestKind.PROJECT_PAGE
        page = self._page(project, fresh=fresh, kind=kind)
        if page.state is PageState.UNREADABLE and self._urls.is_public:
            raise IndexUnavailable(
                Diagnosis(
                    code="project-page-unreadable",
                    message=f"{self._urls.title} did not show which files of {project} it has: {page.why_unreadable}.",
                    likely_cause="The index or the way to it is disturbed.",
                    fix="Look at the status page of the index, and run the failed job again later.",
                    details=(("url", self._urls.simple_url(project)),),
                )
            )
        return page

    def project_url(self, distribution: Distribution) -> str:
        """The page for people on which a file is shown."""
        return self._urls.project_url(distribution.project, str(distribution.version))

    def known_classifiers(self) -> frozenset[str] | None:
        """The index's own list of classifiers; None where it has none, or when it cannot be read."""
        url = self._urls.classifiers_url
        if url is None:
            return None
        try:
            answer = self._retrier.run(
                RequestKind.CLASSIFIERS, "read the list of classifiers", lambda _: self._get(url, accept="text/plain")
            )
        except NoAnswer:
            return None
        lines = answer.body.decode("utf-8", "replace").splitlines()
        found = frozenset(line.strip() for line in lines if " :: " in line)
        return found if answer.ok and not answer.truncated and found else None

    def upload(
        self,
        distribution: Distribution,
        *,
        tokens: Tokens,
        attestations: tuple[str, ...],
        pool: Pool,
    ) -> Receipt:
        """Send a file until the index has decided, and tell what became of it.

        ``attestations`` are JSON texts; ``pool`` holds the uploads beside it. Raises UploadRefused, UploadFailed,
        DistributionError (the file changed while it was sent), and what a renewal of the token raises.
        """
        course = Course()
        try:
            receipt = self._uploader.upload(
                distribution, tokens=tokens, attestations=attestations, pool=pool, course=course
            )
        except PublishError as problem:
            outcome = course.ended_by(problem)
            self._emit(NotUploaded(filename=distribution.filename, outcome=outcome, reason=str(problem)))
            raise
        self._emit(
            Uploaded(
                filename=receipt.filename,
                outcome=receipt.outcome,
                warnings=receipt.warnings,
                seconds=receipt.seconds,
            )
        )
        return receipt

    def _get(
        self, url: str, *, accept: str, fresh: bool = False, limit: int = 1 << 20, read_timeout: float = _READ_TIMEOUT
    ) -> Response:
        headers = {"Accept": accept} | ({"Cache-Control": "no-cache", "Pragma": "no-cache"} if fresh else {})
        return self._session.request(
            "GET", url, headers=headers, limit=limit, read_timeout=read_timeout, follow_same_origin=True
        )

    def _page(
        self, project: NormalizedName, *, fresh: bool, kind: RequestKind = RequestKind.PROJECT_PAGE
    ) -> ProjectPage:
        url = self._urls.simple_url(project)
        wait = _READ_BACK_TIMEOUT if kind is RequestKind.READ_BACK else _READ_TIMEOUT
        try:
            answer = self._retrier.run(
                kind,
                f"read what the index has of {project}",
                lambda _: self._get(url, accept=SIMPLE_JSON, fresh=fresh, limit=PAGE_LIMIT, read_timeout=wait),
                judge=_page_trouble if self._urls.is_public else by_status,
            )
        except NoAnswer as none:
            if none.trouble is RetryReason.MALFORMED_JSON and not isinstance(none.last, TransportFailure):
                return _page_in(none.last, project)
            return _unreadable(project, none.phrase)
        return _page_in(answer, project)


def _page_in(answer: Response, project: NormalizedName) -> ProjectPage:
    if answer.status == 404:  # noqa: PLR2004  # the one status that says something about the project
        return ProjectPage(project=project, state=PageState.NO_PROJECT)
    if not answer.ok:
        return _unreadable(project, f"{answer.status} {message_in(answer)}")
    if answer.truncated:
        return _unreadable(project, "the page is larger than 64 MB")
    try:
        return parse_project_page(project, answer.body)
    except UnreadablePage as why:
        return _unreadable(project, f"the page cannot be used: {why}")


def _page_trouble(answer: Response) -> RetryReason | None:
    """A page that may be whole the next time; one that is too large will be so again."""
    return by_status_and_type(answer) if answer.truncated else by_status_and_document(answer)


def _unreadable(project: NormalizedName, why: str) -> ProjectPage:
    return ProjectPage(project=project, state=PageState.UNREADABLE, why_unreadable=why)
