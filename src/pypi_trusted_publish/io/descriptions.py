"""The adapter that renders descriptions: it fetches the library and keeps large texts out of the process."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..checks.description import Rendering, Verdict
from .rst_rendering import CHILD, load_renderer, render_rst

LOCK_NAME: Final = "description"
"""The lock (``requirements/description.txt``) that holds docutils, readme-renderer and what they need."""
IN_PROCESS_LIMIT: Final = 64 * 1024
"""Characters of a text that is rendered in this process at most."""
TIME_LIMIT: Final = 20
"""Seconds that a child may take."""
MEMORY_LIMIT: Final = 1024**3
"""Bytes that a child may take."""

_WINDOWS_ENVIRONMENT: Final = {"SYSTEMROOT": r"C:\Windows"}
"""Without it Python does not start there; nothing of our own environment goes to a child."""


class DescriptionRenderer:
    """Renders reStructuredText as the index does; a :data:`~.distributions.description.DescriptionRenderer`.

    ``install`` is called at most once, with :data:`LOCK_NAME`, before the first text is rendered; afterwards the
    libraries must be importable. None: they are already. Each different text is rendered once, however many files of a
    release carry it. May be called from several threads.
    """

    def __init__(self, install: Callable[[str], None] | None = None) -> None:
        self._install = install
        self._known: dict[bytes, Rendering] = {}
        self._missing = ""
        self._lock = threading.Lock()

    def __call__(self, text: str) -> Rendering:
        """The verdict on a text; never raises."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if digest not in self._known:
                self._known[digest] = self._render(text)
            return self._known[digest]

    def _render(self, text: str) -> Rendering:
        self._fetch()
        if self._missing:
            return Rendering(verdict=Verdict.UNKNOWN, problem=self._missing)
        return render_rst(text) if len(text) <= IN_PROCESS_LIMIT else render_in_child(text)

    def _fetch(self) -> None:
        """Install the libraries if somebody can, and see whether they are there."""
        install, self._install = self._install, None
        if install is not None:
            try:
                install(LOCK_NAME)
            except Exception as failed:  # noqa: BLE001 - whatever the installer met, the index decides instead of us
                self._missing = f"docutils could not be installed ({type(failed).__name__})"
                return
            importlib.invalidate_caches()
        try:
            load_renderer()
        except ImportError:
            self._missing = "docutils and readme-renderer are not installed"


def render_in_child(text: str, *, seconds: float = TIME_LIMIT, size: int = MEMORY_LIMIT) -> Rendering:
    """What the index makes of a text, found out in a child process that has nothing to lose.

    The child gets an empty environment and no file of ours; it is ended after ``seconds``, and may use ``size`` bytes.
    Beyond either the verdict is unknown.
    """
    task = {"path": [entry for entry in sys.path if entry], "text": text, "seconds": int(seconds) + 1, "bytes": size}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", CHILD],
            input=json.dumps(task).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env=_WINDOWS_ENVIRONMENT if os.name == "nt" else {},
            cwd=Path(__file__).resolve().parent,
        )
    except subprocess.TimeoutExpired:
        return Rendering(verdict=Verdict.UNKNOWN, problem=f"it takes longer than {seconds:g} seconds")
    except OSError:
        return Rendering(verdict=Verdict.UNKNOWN, problem="no process could be started for it")
    if done.returncode != 0 or not done.stdout:
        return Rendering(verdict=Verdict.UNKNOWN, problem="the process that rendered it ended early")
    told = json.loads(done.stdout)
    return Rendering(verdict=Verdict(told["verdict"]), problem=told["problem"], line=told["line"])
