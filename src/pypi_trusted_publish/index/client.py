"""Talks to one index: asks for its audience and its pages, and uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import Diagnosis, IndexUnavailable, PublishError
from ..events import NotUploaded, Uploaded
from ..transport.failure import TransportFailure
from ..trusted_publishing.audience_policy import check_audience
from ..trusted_publishing.exchange import audience_of
from .attempts import NoAnswer, Retrier, by_status, by_status_and_document, by_status_and_type, message_in
from .exchange_problems import audience_refused, audience_unanswered
from .project_page import PageState, ProjectPage, UnreadablePage, parse_project_page
from .retry import RequestKind, Trouble
from .upload_course import Course, Receipt
from .uploader import Lane, Tokens, Uploader

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.utils import NormalizedName

    from ..clock import Clock
    from ..distributions.distribution import Distribution
    from ..events import Emit
    from ..transport.message import Response
    from ..transport.session import Session
    from ..trusted_publishing.tokens import Audience
    from .urls import IndexUrls

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
                    happened=f"{self._urls.title} did not show which files of {project} it has: {page.why_unreadable}.",
                    cause="The index or the way to it is disturbed.",
                    remedy="Look at the status page of the index, and run the failed job again later.",
                    facts=(("url", self._urls.simple_url(project)),),
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
        lane: Lane,
    ) -> Receipt:
        """Send a file until the index has decided, and tell what became of it.

        ``attestations`` are JSON texts; ``lane`` tells of others beside it. Raises UploadRefused, UploadFailed,
        DistributionError (the file changed while it was sent), and what a renewal of the token raises.
        """
        course = Course()
        try:
            receipt = self._uploader.upload(
                distribution, tokens=tokens, attestations=attestations, lane=lane, course=course
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
            if none.trouble is Trouble.MALFORMED_JSON and not isinstance(none.last, TransportFailure):
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


def _page_trouble(answer: Response) -> Trouble | None:
    """A page that may be whole the next time; one that is too large will be so again."""
    return by_status_and_type(answer) if answer.truncated else by_status_and_document(answer)


def _unreadable(project: NormalizedName, why: str) -> ProjectPage:
    return ProjectPage(project=project, state=PageState.UNREADABLE, why_unreadable=why)
