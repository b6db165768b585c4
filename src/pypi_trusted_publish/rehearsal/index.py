"""The embedded index: projects, tokens, endpoints and faults behind real sockets on loopback, in one thread."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, final

from aiohttp import web

from .faults.model import InterceptedRequest
from .faults.schedule import FaultSchedule
from .github import IDENTITY_PATH, IDENTITY_QUERY, GitHubEndpoints, Issuer
from .http_errors import Refusal, refusal
from .oidc import OidcEndpoints
from .projects import ProjectStore, PublishedFile
from .publishers import PendingPublisher, Publisher
from .server import HOST, ServerThread, make_server_context
from .simple_api import SimpleApi
from .tokens import IssuedToken, TokenRegister
from .traffic import Endpoint, Handler, Latency, LoggedRequest, Traffic
from .upload_endpoint import UploadEndpoint

_T = TypeVar("_T")


@final
class EmbeddedIndex:
    """A context manager: the server runs while it is entered.

    It may be asked from any thread; its state is changed before it is entered, or through :meth:`call`. ``trust`` is a
    client trust configuration of Sigstore (JSON), by which attestations are verified; without it they are not read.
    """

    def __init__(
        self,
        *,
        claims: Mapping[str, Any],
        audience: str = "rehearsal",
        tls: bool = False,
        port: int = 0,
        latency: Latency | None = None,
        faults: FaultSchedule | None = None,
        trust: str | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="embedded-index-", ignore_cleanup_errors=True)
        self._tls = tls
        self.time = ServerTime()
        self.store = ProjectStore()
        self.traffic = Traffic(latency=latency or Latency(), tls=tls, next_number=self.store.next_number)
        self.tokens = TokenRegister(location=HOST, now=self.time)
        self.github = GitHubEndpoints(Issuer(claims, now=self.time))
        self.oidc = OidcEndpoints(
            audience=audience,
            issuer=self.github.issuer,
            store=self.store,
            tokens=self.tokens,
            traffic=self.traffic,
        )
        self.uploads = UploadEndpoint(
            store=self.store,
            tokens=self.tokens,
            folder=Path(self._folder.name),
            now=self.time,
            traffic=self.traffic,
            trust=trust,
        )
        self.simple = SimpleApi(store=self.store, origin=lambda: self.origin)
        self.faults = faults or FaultSchedule()
        self.discovery = False
        """Whether the draft discovery document (PEP 807) is offered."""
        self.authority_file: Path | None = None
        """PEM file for ``SSL_CERT_FILE``; None without TLS."""
        self.server = ServerThread(port=port, on_connection=self.traffic.count_connection)

    @property
    def folder(self) -> Path:
        """Where the index keeps its files."""
        return Path(self._folder.name)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the index."""
        return self._origin(self.server.port)

    @property
    def upload_url(self) -> str:
        """Where files are sent."""
        return f"{self.origin}/legacy/"

    @property
    def simple_url(self) -> str:
        """The simple index."""
        return f"{self.origin}/simple/"

    @property
    def identity_url(self) -> str:
        """GitHub's identity endpoint, on a port of its own, with a query string in it already."""
        return f"{self._origin(self.server.identity_port)}{IDENTITY_PATH}?{IDENTITY_QUERY}"

    @property
    def api_url(self) -> str:
        """GitHub's REST API."""
        return f"{self._origin(self.server.identity_port)}/api/v3"

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """Every request that was answered or cut off, in the order in which they ended."""
        return tuple(self.traffic.log)

    def published(self) -> tuple[PublishedFile, ...]:
        """Every file that the index has, in the order in which they came."""
        return self.store.files()

    def live_tokens(self) -> tuple[IssuedToken, ...]:
        """Upload tokens that are neither revoked nor expired."""
        return self.tokens.live()

    def add_publisher(self, publisher: Publisher, projects: Iterable[str] = ()) -> None:
        """Register a publisher; its projects exist from then on."""
        for name in projects:
            publisher.projects.append(self.store.create_project(name).normalized)
        self.oidc.publishers.append(publisher)

    def add_pending_publisher(self, publisher: Publisher, project: str) -> None:
        """Register a publisher for a project that does not exist yet."""
        self.oidc.pending.append(PendingPublisher(project=project, publisher=publisher))

    def call(self, action: Callable[[], _T]) -> _T:
        """Run ``action`` in the server's thread, between requests, and return what it returns."""

        async def run() -> _T:
            return action()

        return self.server.run(run())

    def stop_listening(self) -> None:
        """Refuse every connection until :meth:`listen`."""
        self.server.run(self.server.stop_listening())

    def listen(self) -> None:
        """Accept connections again."""
        self.server.run(self.server.listen())

    def __enter__(self) -> EmbeddedIndex:
        context = None
        if self._tls:
            context, self.authority_file = make_server_context(Path(self._folder.name))
        self.server.start(make_application(self), context)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self._folder.cleanup()

    def _origin(self, port: int) -> str:
        return f"{'https' if self._tls else 'http'}://{HOST}:{port}"


UPLOAD_PATH: Final = "/legacy/"


def make_application(index: EmbeddedIndex) -> web.Application:
    """The application of one index; every request is logged and may meet a fault."""
    application = web.Application()
    for method, path, endpoint, handler in _routes(index):
        application.router.add_route(method, path, _route(index, endpoint, handler))
    return application


def _routes(index: EmbeddedIndex) -> tuple[tuple[str, str, Endpoint, Handler], ...]:
    github, oidc, simple = index.github, index.oidc, index.simple
    repository = "/api/v3/repos/{owner}/{repository}"
    discovery = _Discovery(index)
    return (
        ("GET", IDENTITY_PATH, Endpoint.IDENTITY, github.handle_identity),
        ("GET", "/.well-known/jwks", Endpoint.OTHER, github.handle_keys),
        ("GET", repository + "/environments/{name}", Endpoint.PROTECTION, github.handle_environment),
        ("GET", repository + "/actions/runs/{run}/approvals", Endpoint.PROTECTION, github.handle_approvals),
        ("GET", "/.well-known/pytp", Endpoint.DISCOVERY, discovery.handle),
        ("GET", "/_/oidc/audience", Endpoint.AUDIENCE, oidc.handle_audience),
        ("POST", "/_/oidc/mint-token", Endpoint.MINT, oidc.handle_mint),
        ("POST", "/_/oidc/burn-token", Endpoint.REVOKE, oidc.handle_revoke),
        ("POST", UPLOAD_PATH, Endpoint.UPLOAD, index.uploads.handle),
        ("POST", UPLOAD_PATH.rstrip("/"), Endpoint.UPLOAD, _add_the_slash),
        ("*", UPLOAD_PATH, Endpoint.OTHER, _wrong_method),
        ("GET", "/simple/", Endpoint.OTHER, simple.handle_root),
        ("GET", "/simple/{project}/", Endpoint.PAGE, simple.handle_project),
        ("GET", "/files/{sha256}/{filename}", Endpoint.DOWNLOAD, simple.handle_download),
        ("GET", "/integrity/{project}/{version}/{filename}/provenance", Endpoint.OTHER, simple.handle_provenance),
        ("POST", "/simple/", Endpoint.OTHER, _wrong_method),
        ("POST", "/simple/{project}/", Endpoint.OTHER, _wrong_method),
        ("*", "/{anything:.*}", Endpoint.OTHER, _nothing_here),
    )


def _route(index: EmbeddedIndex, endpoint: Endpoint, handler: Handler) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await index.faults.respond(
            InterceptedRequest(index=index, request=request, endpoint=endpoint, handler=handler)
        )

    async def handle(request: web.Request) -> web.StreamResponse:
        return await index.traffic.handle(request, endpoint, answer)

    return handle


class _Discovery:
    """The draft discovery document of an upload URL."""

    def __init__(self, index: EmbeddedIndex) -> None:
        self._index = index

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if not self._index.discovery or request.query.get("discover") != UPLOAD_PATH:
            return web.Response(status=404, text="404 Not Found")
        origin = self._index.origin
        return web.json_response(
            {
                "audience-endpoint": f"{origin}/_/oidc/audience",
                "token-mint-endpoint": f"{origin}/_/oidc/mint-token",
                "features": ["multi-use-token"],
                "default-features": ["multi-use-token"],
            }
        )


async def _add_the_slash(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=308, headers={"Location": UPLOAD_PATH})


async def _wrong_method(request: web.Request) -> web.StreamResponse:
    answer = refusal(request, Refusal(405, "Method Not Allowed"))
    answer.headers["Allow"] = "POST" if request.path == UPLOAD_PATH else "GET, HEAD"
    return answer


async def _nothing_here(request: web.Request) -> web.StreamResponse:
    return refusal(request, Refusal(404, "Not Found"))


class ServerTime:
    """Seconds since the epoch, as the index believes."""

    def __init__(self) -> None:
        self._offset = 0.0

    def __call__(self) -> float:
        """The present time in seconds."""
        return dt.datetime.now(dt.timezone.utc).timestamp() + self._offset

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass at once."""
        self._offset += seconds
