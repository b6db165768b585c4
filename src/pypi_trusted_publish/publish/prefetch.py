"""Identity tokens and project pages, requested before they are needed, while the files are being checked."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.utils import NormalizedName

    from ..clock import Clock
    from ..core.project_page import ProjectPage
    from ..secret import Audience, IdentityToken
    from .background import Background, Task
    from .identity import Identity

FRESH: Final = 120.0
"""Seconds for which a prefetched token may be kept: it is valid for about five minutes."""


class PrefetchedIdentity:
    """Hands out each token once: those requested ahead first, then new ones."""

    def __init__(self, identity: Identity, background: Background, clock: Clock) -> None:
        self._identity = identity
        self._background = background
        self._clock = clock
        self._lock = threading.Lock()
        self._ahead: list[tuple[Audience, float, Task[IdentityToken]]] = []

    def prefetch(self, audience: Audience) -> None:
        """Start to request a token."""
        task = self._background.start(lambda: self._identity.request(audience))
        with self._lock:
            self._ahead.append((audience, self._clock.monotonic(), task))

    def request(self, audience: Audience) -> IdentityToken:
        """A token that has not been used; raises what its request raised."""
        task = self._taken(audience)
        return self._identity.request(audience) if task is None else task.result()

    def _taken(self, audience: Audience) -> Task[IdentityToken] | None:
        now = self._clock.monotonic()
        with self._lock:
            self._ahead = [entry for entry in self._ahead if now - entry[1] < FRESH]
            for entry in self._ahead:
                if entry[0] == audience:
                    self._ahead.remove(entry)
                    return entry[2]
        return None


class _Pages(Protocol):
    def project_page(self, project: NormalizedName) -> ProjectPage: ...


class PrefetchedPages:
    """Reads project pages before they are needed."""

    def __init__(self, pages: _Pages, background: Background) -> None:
        self._pages = pages
        self._background = background
        self._lock = threading.Lock()
        self._tasks: dict[NormalizedName, Task[ProjectPage]] = {}

    def prefetch(self, projects: Iterable[NormalizedName]) -> None:
        """Start to read the pages of these projects, each once."""
        with self._lock:
            for project in projects:
                if project not in self._tasks:
                    work = partial(self._pages.project_page, project)
                    self._tasks[project] = self._background.start(work)

    def project_page(self, project: NormalizedName) -> ProjectPage:
        """The page, prefetched or read now; raises what reading it raised."""
        self.prefetch([project])
        return self._tasks[project].result()
