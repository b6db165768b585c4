"""Reads a release from an index without downloading it: pages, core metadata, and the ends of wheels.

One budget of seconds and bytes bounds everything together; what does not fit, and what an index does not answer, is a
reason and never an error of the run. Nothing that arrives is parsed here: pages apart, workers do that.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from ..core.project_page import PageState, ProjectPage, UnreadablePage, read_project_page
from ..core.urls import may_carry_tokens
from ..readers.contents import Contents, MissingBytes
from .http.failure import TransportFailure
from .workers.messages import ContentsTask
from .workers.process import WorkerStopped

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from ..checks.model import Distribution
    from ..clock import Clock
    from ..core.baseline import ReleaseFile
    from ..core.urls import IndexUrls
    from .http.exchange import Response
    from .http.session import Session
    from .workers.pool import Workers

WORKERS: Final = 2
"""Workers that read what arrives: most of the time is spent on waiting for the network."""
SECONDS: Final = 60.0
BYTES: Final = 32 << 20
TAIL: Final = 64 << 10
"""Bytes at the end of a wheel that are asked for first; most central directories fit."""
_PIECE: Final = 8 << 10
"""Bytes that a further piece has at least: requests cost more than bytes."""
_MOST_PIECES: Final = 8
_WHOLE_FILE: Final = 8 << 20
"""Bytes of an sdist, or of a wheel where the host answers no ranges, that are downloaded at most."""
_PAGE_LIMIT: Final = 64 << 20
_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SIMPLE_JSON: Final = "application/vnd.pypi.simple.v1+json"
_WORKER_SECONDS: Final = 20.0
_PARTIAL: Final = 206
_NOT_FOUND: Final = 404


class NotRead(Exception):
    """Something could not be read from the index. ``str()`` is a phrase that says why."""


@dataclass(kw_only=True)
class Budget:
    """What a preview may take from the network in all. Thread-safe."""

    clock: Clock
    seconds: float = SECONDS
    size: int = BYTES
    _began: float = field(init=False)
    _used: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        self._began = self.clock.monotonic()

    def left(self) -> tuple[float, int]:
        """Seconds and bytes that may still be used. Raises NotRead when there are none."""
        seconds, size = self._began + self.seconds - self.clock.monotonic(), self.size - self._used
        if seconds <= 0:
            raise NotRead(f"the {self.seconds:g} seconds of the comparison are over")
        if size <= 0:
            raise NotRead(f"the {self.size >> 20} MiB of the comparison are used up")
        return seconds, size

    def use(self, size: int) -> None:
        """Count bytes that arrived."""
        with self._lock:
            self._used += size


@dataclass(frozen=True, kw_only=True)
class ReleaseReader:
    """Reads pages and contents for a comparison. Thread-safe."""

    session: Session
    workers: Workers
    """Started by a thread that lives as long as the reader, since a worker ends with the thread that started it."""
    budget: Budget
    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(WORKERS), repr=False)

    def page(self, index: IndexUrls, project: NormalizedName) -> ProjectPage:
        """What the index lists of a project; never raises: a page that cannot be read says why."""
        url = index.simple_url(project)
        try:
            response = self._get(url, limit=_PAGE_LIMIT, accept=_SIMPLE_JSON)
            if response.status == _NOT_FOUND:
                return ProjectPage(project=project, state=PageState.NO_PROJECT)
            return read_project_page(project, _json(_found(response).body))
        except (NotRead, UnreadablePage) as problem:
            return ProjectPage(project=project, state=PageState.UNREADABLE, why_unreadable=str(problem))

    def contents_of(self, distribution: Distribution) -> Contents:
        """Members and metadata of a file on the disk. Raises NotRead."""
        kind = "wheel" if distribution.filename.endswith(".whl") else "sdist"
        return self._parsed(kind, distribution.path, distribution.size, [])

    def contents(self, file: ReleaseFile, index: IndexUrls, project: NormalizedName) -> Contents:
        """Members and metadata of a file on the index. Raises NotRead."""
        if file.published is None or not file.published.url:
            raise NotRead("the index gives no address of it")
        url = urljoin(index.simple_url(project), file.published.url)
        if not file.is_wheel:
            return self._sdist(file, url)
        contents = self._wheel(url)
        served = file.published.metadata_sha256
        if contents.metadata.get("name") or served is None:
            return contents
        return Contents(members=contents.members, metadata=self._served_metadata(url, served).metadata)

    def metadata(self, file: ReleaseFile, index: IndexUrls, project: NormalizedName) -> Contents:
        """The core metadata alone, as the index serves it beside a file; else with the members. Raises NotRead."""
        published = file.published
        if published is None or published.metadata_sha256 is None or not published.url:
            return self.contents(file, index, project)
        url = urljoin(index.simple_url(project), published.url)
        return self._served_metadata(url, published.metadata_sha256)

    def _served_metadata(self, url: str, sha256: str) -> Contents:
        response = _found(self._get(f"{url.partition('#')[0]}.metadata", limit=_WHOLE_FILE))
        if hashlib.sha256(response.body).hexdigest() != sha256:
            raise NotRead("the core metadata that the index serves has another digest than it lists")
        return self._parsed("metadata", "", len(response.body), [(0, response.body)])

    def _sdist(self, file: ReleaseFile, url: str) -> Contents:
        response = _found(self._get(url, limit=_WHOLE_FILE))
        if response.truncated:
            raise NotRead(f"it has more than {_WHOLE_FILE >> 20} MiB")
        expected = file.published.sha256 if file.published else None
        if expected is not None and hashlib.sha256(response.body).hexdigest() != expected:
            raise NotRead("it has another digest than the index lists")
        return self._parsed("sdist", "", len(response.body), [(0, response.body)])

    def _wheel(self, url: str) -> Contents:
        """By its last bytes, and whatever else the central directory and METADATA need."""
        response = _found(self._get(url, limit=_WHOLE_FILE, byte_range=f"bytes=-{TAIL}"))
        if response.status != _PARTIAL:
            if response.truncated:
                raise NotRead(f"its host answers no ranges, and it has more than {_WHOLE_FILE >> 20} MiB")
            return self._parsed("wheel", "", len(response.body), [(0, response.body)])
        size = _whole_size(response)
        pieces = [(size - len(response.body), response.body)]
        for _ in range(_MOST_PIECES):
            found = self._read_or_missing(size, pieces)
            if isinstance(found, Contents):
                return found
            last = min(size, found.start + max(found.length, _PIECE)) - 1
            more = _found(self._get(url, limit=_WHOLE_FILE, byte_range=f"bytes={found.start}-{last}"))
            if more.status != _PARTIAL:
                raise NotRead("its host stopped answering ranges")
            pieces.append((found.start, more.body))
        raise NotRead("it is scattered over too many places")

    def _read_or_missing(self, size: int, pieces: list[tuple[int, bytes]]) -> Contents | MissingBytes:
        try:
            return self._parsed("wheel", "", size, pieces)
        except MissingBytes as missing:
            return missing

    def _parsed(self, kind: str, path: str, size: int, pieces: list[tuple[int, bytes]]) -> Contents:
        sent = [(start, base64.b64encode(data).decode("ascii")) for start, data in pieces]
        task = ContentsTask(kind=kind, path=path, size=size, pieces=sent, seconds=_WORKER_SECONDS)
        try:
            with self.turns:
                return self.workers.contents(task)
        except WorkerStopped as stopped:
            raise NotRead(str(stopped)) from None

    def _get(self, url: str, *, limit: int, accept: str = "", byte_range: str = "") -> Response:
        """One GET without credentials; redirects lead over https or to this machine. Raises NotRead."""
        headers = {
            **({"Accept": accept} if accept else {}),
            **({"Range": byte_range} if byte_range else {}),
        }
        for _ in range(_MOST_REDIRECTS + 1):
            if not may_carry_tokens(url):
                raise NotRead("its address is neither https nor on this machine")
            seconds, size = self.budget.left()
            try:
                response = self.session.request(
                    "GET",
                    url.partition("#")[0],
                    headers=headers,
                    limit=min(limit, size),
                    read_timeout=min(15.0, seconds),
                    deadline=seconds,
                )
            except TransportFailure as failure:
                raise NotRead(failure.phrase) from None
            self.budget.use(
                len(response.body) + sum(len(name) + len(value) + 4 for name, value in response.headers.items())
            )
            if response.truncated and limit > size:
                self.budget.left()
            if response.status not in _REDIRECTS or not response.headers.get("location"):
                return response
            url = _joined(url, response.headers["location"])
        raise NotRead("it leads through too many redirects")


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _found(response: Response) -> Response:
    if not response.ok:
        raise NotRead(f"{response.status} {response.reason}".strip())
    return response


def _whole_size(response: Response) -> int:
    """Of ``Content-Range: bytes 100-199/200``. Raises NotRead."""
    total = response.headers.get("content-range", "").rpartition("/")[2]
    if not (total.isascii() and total.isdigit() and len(response.body) <= int(total[:15]) < 1 << 50):
        raise NotRead("its host answers ranges without the size of the file")
    return int(total)


def _joined(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        urlsplit(target)
    except ValueError:
        raise NotRead("it leads to an address that is none") from None
    return target
