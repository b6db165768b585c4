"""Read the index's pages before they are needed: the names of the files tell which, and the checks take their time."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.utils import NormalizedName

    from ..index.project_page import ProjectPage
    from .background import Background, Task


class _Pages(Protocol):
    def project_page(self, project: NormalizedName) -> ProjectPage: ...


class PagesAhead:
    """Starts reading pages, and hands each out once its reader asks for it."""

    def __init__(self, pages: _Pages, background: Background) -> None:
        self._pages = pages
        self._background = background
        self._lock = threading.Lock()
        self._tasks: dict[NormalizedName, Task[ProjectPage]] = {}

    def expect(self, projects: Iterable[NormalizedName]) -> None:
        """Begin to read the pages of these projects; each is read once."""
        with self._lock:
            for project in projects:
                if project not in self._tasks:
                    work = partial(self._pages.project_page, project)
                    self._tasks[project] = self._background.start(work)

    def project_page(self, project: NormalizedName) -> ProjectPage:
        """The page, read ahead or now; raises what reading it raised."""
        self.expect([project])
        return self._tasks[project].result()
