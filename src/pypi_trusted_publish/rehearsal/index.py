"""The embedded index: everything put together behind real sockets on loopback, in a thread of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, final

from .authority import make_server_context
from .catalogue import Catalogue, PublishedFile
from .exchange import Exchange
from .fault_schedule import FaultSchedule
from .github_side import IDENTITY_PATH, IDENTITY_QUERY, GitHubSide
from .issuer import Issuer
from .pages import SimpleIndex
from .publishers import PendingPublisher, Publisher
from .routes import make_application
from .server_time import ServerTime
from .serving import HOST, LoopThread
from .traffic import Latency, LoggedRequest, Traffic
from .upload import UploadEndpoint
from .upload_tokens import IssuedToken, TokenRegister

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
        self.catalogue = Catalogue()
        self.traffic = Traffic(latency=latency or Latency(), tls=tls, next_number=self.catalogue.next_number)
        self.tokens = TokenRegister(location=HOST, now=self.time)
        self.github = GitHubSide(Issuer(claims, now=self.time))
        self.exchange = Exchange(
            audience=audience,
            issuer=self.github.issuer,
            catalogue=self.catalogue,
            tokens=self.tokens,
            traffic=self.traffic,
        )
        self.uploads = UploadEndpoint(
            catalogue=self.catalogue,
            tokens=self.tokens,
            folder=Path(self._folder.name),
            now=self.time,
            traffic=self.traffic,
            trust=trust,
        )
        self.pages = SimpleIndex(catalogue=self.catalogue, origin=lambda: self.origin)
        self.faults = faults or FaultSchedule()
        self.discovery = False
        """Whether the draft discovery document (PEP 807) is offered."""
        self.authority_file: Path | None = None
        """PEM file for ``SSL_CERT_FILE``; None without TLS."""
        self.server = LoopThread(port=port, on_connection=self.traffic.count_connection)

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
        return self.catalogue.files()

    def live_tokens(self) -> tuple[IssuedToken, ...]:
        """Upload tokens that are neither revoked nor expired."""
        return self.tokens.live()

    def add_publisher(self, publisher: Publisher, projects: Iterable[str] = ()) -> None:
        """Register a publisher; its projects exist from then on."""
        for name in projects:
            publisher.projects.append(self.catalogue.create_project(name).normalized)
        self.exchange.publishers.append(publisher)

    def add_pending_publisher(self, publisher: Publisher, project: str) -> None:
        """Register a publisher for a project that does not exist yet."""
        self.exchange.pending.append(PendingPublisher(project=project, publisher=publisher))

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
