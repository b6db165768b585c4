"""The client of one index: audience, project pages, uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..core.exchange import audience_of, check_audience
from ..core.project_page import PageState, ProjectPage, UnreadablePage, read_project_page
from ..core.responses import Answer, explain
from ..core.retry import RequestKind, RetryReason
from ..errors import Diagnosis, IndexUnavailable, error_of
from .http.failure import TransportFailure
from .retrying import NoAnswer, Retrier, answer_in, unanswered
from .uploader import Uploader

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.utils import NormalizedName

    from ..checks.model import Distribution
    from ..clock import Clock
    from ..core.urls import IndexUrls
    from ..errors import PublishError
    from ..events import Emit, Uploaded
    from ..secret import Audience
    from .http.exchange import Response
    from .http.session import Session
    from .uploader import Pool, Tokens

PAGE_LIMIT: Final = 64 << 20
"""Bytes of a project's page; a larger one counts as unreadable."""
SIMPLE_JSON: Final = "application/vnd.pypi.simple.v1+json"
_READ_TIMEOUT: Final = 60.0
_READ_BACK_TIMEOUT: Final = 15.0
"""Seconds; short, because the read-back repeats it and logs a line in between."""


class IndexClient:
    """One index. Thread-safe."""

    def __init__(
        self,
        *,
        session: Session,
        urls: IndexUrls,
        clock: Clock,
        emit: Emit,
        random: Callable[[], float],
        named_audience: str = "",
    ) -> None:
        """``named_audience`` is the input ``audience``; empty: the index may ask for its own host name only."""
        self._session = session
        self._urls = urls
        self._named_audience = named_audience
        self._retrier = Retrier(clock=clock, emit=emit, random=random)
        self._uploader = Uploader(
            session=session,
            urls=urls,
            retrier=self._retrier,
            fresh_page=lambda project: self._page(project, RequestKind.PROJECT_PAGE, fresh=True),
        )

    def audience(self) -> Audience:
        """The audience that the index requires of identity tokens.

        Raises:
            PublishError: the index has no Trusted Publishing, gives no answer, or requires an audience that our policy
                does not allow.

        """
        url = self._urls.audience_url
        try:
            answer = self._retrier.run(
                RequestKind.AUDIENCE,
                "ask for the audience",
                lambda _: answer_in(RequestKind.AUDIENCE, self._get(url, accept="application/json")),
            )
        except NoAnswer as failure:
            raise error_of(
                unanswered(
                    failure,
                    code="audience-no-answer",
                    message=f"{self._urls.title} did not name the audience of the identity token",
                    url=url,
                    now=self._retrier.clock.now(),
                    fix="Check the input 'repository-url'. Nothing was sent.",
                )
            ) from None
        if not answer.ok:
            raise self._audience_refused(answer)
        return check_audience(
            audience_of(answer.document),
            expected=self._urls.expected_audience,
            host=self._urls.host,
            is_loopback=self._urls.is_loopback,
            named=self._named_audience,
        )

    def _audience_refused(self, answer: Answer) -> PublishError:
        leads = (("redirects to", answer.location),) if answer.location else ()
        details = (("url", self._urls.audience_url), ("status", str(answer.status)), *leads)
        title = self._urls.title
        message = f"{title} names no audience for the identity token. {title} says: {answer.quoted.rstrip('.')}."
        return error_of(
            explain(answer.refusals[0], message=message, context=self._urls.info.words(""), details=details)
        )

    def project_page(self, project: NormalizedName, *, fresh: bool = False) -> ProjectPage:
        """What the index lists for a project; ``fresh`` bypasses caches.

        On PyPI and TestPyPI an unreadable page raises IndexUnavailable; elsewhere it is a page in that state.
        """
        page = self._page(project, RequestKind.READ_BACK if fresh else RequestKind.PROJECT_PAGE, fresh=fresh)
        if page.state is PageState.UNREADABLE and self._urls.is_public:
            raise IndexUnavailable(
                Diagnosis(
                    code="project-page-unreadable",
                    message=f"{self._urls.title} did not list the files of {project}: {page.why_unreadable}.",
                    likely_cause="The index, a proxy in front of it, or the network is not working properly.",
                    fix="Look at the status page of the index.",
                    details=(("url", self._urls.simple_url(project)),),
                )
            )
        return page

    def project_url(self, distribution: Distribution) -> str:
        """The web page that shows a file."""
        return self._urls.project_url(distribution.project, str(distribution.version))

    def known_classifiers(self) -> frozenset[str] | None:
        """The index's own list of classifiers; None when there is none or it cannot be read."""
        url, kind = self._urls.classifiers_url, RequestKind.CLASSIFIERS
        if url is None:
            return None
        try:
            answer = self._retrier.run(
                kind, "read the list of classifiers", lambda _: answer_in(kind, self._get(url, accept="text/plain"))
            )
        except NoAnswer:
            return None
        lines = answer.body.decode("utf-8", "replace").splitlines()
        found = frozenset(line.strip() for line in lines if " :: " in line)
        return found if answer.ok and not answer.truncated and found else None

    def upload(
        self, distribution: Distribution, *, tokens: Tokens, attestations: tuple[str, ...], pool: Pool
    ) -> Uploaded:
        """Send a file until the index accepts or refuses it; see :meth:`.uploader.Uploader.upload`."""
        return self._uploader.upload(distribution, tokens=tokens, attestations=attestations, pool=pool)

    def _get(
        self, url: str, *, accept: str, fresh: bool = False, limit: int = 1 << 20, read_timeout: float = _READ_TIMEOUT
    ) -> Response:
        headers = {"Accept": accept} | ({"Cache-Control": "no-cache", "Pragma": "no-cache"} if fresh else {})
        return self._session.request(
            "GET", url, headers=headers, limit=limit, read_timeout=read_timeout, follow_same_origin=True
        )

    def _page(self, project: NormalizedName, kind: RequestKind, *, fresh: bool) -> ProjectPage:
        url = self._urls.simple_url(project)
        wait = _READ_BACK_TIMEOUT if kind is RequestKind.READ_BACK else _READ_TIMEOUT

        def send(_attempt: int) -> Answer:
            response = self._get(url, accept=SIMPLE_JSON, fresh=fresh, limit=PAGE_LIMIT, read_timeout=wait)
            return answer_in(kind, response, json_due=self._urls.is_public)

        try:
            answer = self._retrier.run(kind, f"read the page of {project}", send)
        except NoAnswer as failure:
            if failure.reason is RetryReason.MALFORMED_JSON and not isinstance(failure.last, TransportFailure):
                return _page_in(failure.last, project)
            return _unreadable(project, failure.phrase)
        return _page_in(answer, project)


def _page_in(answer: Answer, project: NormalizedName) -> ProjectPage:
    if answer.status == 404:  # noqa: PLR2004  # the one status that says something about the project
        return ProjectPage(project=project, state=PageState.NO_PROJECT)
    if not answer.ok:
        return _unreadable(project, answer.quoted)
    if answer.truncated:
        return _unreadable(project, "the page is larger than 64 MB")
    try:
        return read_project_page(project, answer.document)
    except UnreadablePage as why:
        return _unreadable(project, f"the page cannot be used: {why}")


def _unreadable(project: NormalizedName, why: str) -> ProjectPage:
    return ProjectPage(project=project, state=PageState.UNREADABLE, why_unreadable=why)
