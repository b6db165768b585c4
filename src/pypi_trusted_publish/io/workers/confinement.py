"""The bounds of a worker, which it puts on itself before it reads anything foreign.

What the system enforces: address space, processor time, no core file, no byte written to a file, few descriptors, and
the end of the worker with its parent. What Python enforces: an audit hook that refuses sockets, processes and every
file but the one to be checked, the interpreter's own and those of our packages. The hook is a second fence: a refusal
by it is never a verdict on the file.

Windows has none of the limits, there the parent puts the worker into a job object; macOS takes no bound on the address
space, there the parent looks how much is resident.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

MEMORY: Final = 1_000_000_000
"""Bytes of address space."""
DESCRIPTORS: Final = 32
_STATUS: Final = "/proc/self/status"
"""Where Linux says how much memory this process has had."""
_KILL_WITH_PARENT: Final = 1
"""``PR_SET_PDEATHSIG`` of Linux's ``prctl``."""

_REFUSED: Final = (
    "socket.",
    "subprocess.",
    "ctypes.",
    "pty.",
    "webbrowser.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "os.kill",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.utime",
    "os.chdir",
    "shutil.",
    "tempfile.",
)
"""How the names of the audit events begin that no check needs."""
_LOOKED_AT: Final = frozenset({"open", "os.listdir", "os.scandir"})
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Refused(BaseException):
    """The audit hook refused something. No library's ``except Exception`` may take it for a verdict of its own."""


class Fence:
    """The audit hook and what it lets through. It cannot be taken away again."""

    def __init__(self, folders: list[str]) -> None:
        """``folders``: where our packages are. The interpreter's own folders are added."""
        self._folders = tuple(_ends_in_separator(folder) for folder in (*folders, *_of_the_interpreter()))
        self.file: str | None = None
        """The one other file that may be opened."""
        self.refused: str | None = None
        """The last event that was refused, for a report."""

    def admit(self, folders: list[str]) -> None:
        """Let files of more folders be opened: packages that were installed meanwhile."""
        self._folders += tuple(map(_ends_in_separator, folders))

    def raise_hook(self) -> None:
        """From here on the fence stands."""
        sys.addaudithook(self.look)

    def look(self, event: str, arguments: tuple[object, ...]) -> None:
        """Raise Refused for what no check needs."""
        if event.startswith(_REFUSED) or (event in _LOOKED_AT and not self._may_open(arguments)):
            self.refused = f"{event} {arguments[0]!r:.200}" if event in _LOOKED_AT else event
            raise Refused(self.refused)

    def _may_open(self, arguments: tuple[object, ...]) -> bool:
        """Arguments of ``open`` are path, mode and flags; those of the others begin with the path."""
        path = arguments[0]
        if isinstance(path, int):  # a descriptor that is open already
            return True
        flags = arguments[2] if len(arguments) > 2 else 0  # noqa: PLR2004
        if isinstance(flags, int) and flags & _WRITES:
            return False
        name = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        return name in (self.file, _STATUS) or _ends_in_separator(os.path.normpath(name)).startswith(self._folders)


def _of_the_interpreter() -> set[str]:
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    return {*(str(Path(prefix) / "lib") for prefix in prefixes), *(entry for entry in sys.path if entry), *_windows()}


def _windows() -> set[str]:
    return {sys.base_prefix} if sys.platform == "win32" else set()


def _ends_in_separator(folder: str) -> str:
    return folder.rstrip(os.sep) + os.sep


def confine(parent: int) -> None:
    """Bound this process, as far as the system lets it. ``parent``: the process with whom it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the parent's business
    _end_with(parent)
    for name, most in (
        ("RLIMIT_AS", MEMORY),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NOFILE", DESCRIPTORS),
    ):
        limit(name, most, hard=True)


def limit(name: str, most: int, *, hard: bool) -> None:
    """Set one of the system's limits. Where a lower one holds already, or the system knows none, nothing changes."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(OSError, ValueError):
        number = getattr(resource, name)
        highest = resource.getrlimit(number)[1]
        if highest != resource.RLIM_INFINITY:
            most = min(most, highest)
        resource.setrlimit(number, (most, most if hard else highest))


def limit_processor_time(seconds: float) -> None:
    """Let the system end this process after so many further seconds of processor time, counted in whole seconds."""
    limit("RLIMIT_CPU", max(int(time.process_time() + seconds), 1), hard=False)


def _end_with(parent: int) -> None:
    """Ask Linux to end this process with the thread that started it, and go if that has happened already."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_KILL_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def peak_memory() -> int:
    """The most memory that this process has had, in bytes; 0 where the system does not say.

    Linux says the address space (``VmPeak``), which is what the bound counts: half of it need never have been touched.
    """
    try:
        with open(_STATUS, encoding="ascii", errors="replace") as file:  # noqa: PTH123 - no import at work
            return int(file.read().partition("VmPeak:")[2].split(maxsplit=1)[0]) * 1024
    except (OSError, ValueError, IndexError):
        return 0
