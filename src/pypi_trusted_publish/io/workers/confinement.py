"""The limits of a worker, which it sets for itself before it reads anything untrusted.

The system enforces limits on address space, processor time, core files, written bytes and descriptors, and ends the
worker with its parent. In Python, an audit hook refuses sockets, processes and every file except the one to be checked,
the interpreter's own and those of our packages. The hook is a second barrier: its refusal is never a finding about the
file.

Windows has none of these limits: the parent puts the worker into a job object. macOS does not limit the address space:
the parent watches the resident memory.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

MEMORY: Final = 1_000_000_000
"""Bytes of address space, beyond what the interpreter has at its start: free-threaded builds reserve 1 GiB."""
DESCRIPTORS: Final = 32
_STATUS: Final = "/proc/self/status"
"""Where Linux reports the memory use of this process."""
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
"""Prefixes of audit events that no check needs."""
_LOOKED_AT: Final = frozenset({"open", "os.listdir", "os.scandir"})
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Refused(BaseException):
    """The audit hook refused something. A BaseException, so that no library catches it and reports a finding."""


class Fence:
    """The audit hook and what it allows. It cannot be removed."""

    def __init__(self, folders: list[str]) -> None:
        """``folders`` contain our packages. The interpreter's own folders are added."""
        self._folders = tuple(_ends_in_separator(folder) for folder in (*folders, *_of_the_interpreter()))
        self.file: str | None = None
        """The only other file that may be opened."""
        self.refused: str | None = None
        """The last event that was refused, for a report."""

    def admit(self, folders: list[str]) -> None:
        """Allow files of more folders, such as packages that were installed later."""
        self._folders += tuple(map(_ends_in_separator, folders))

    def raise_hook(self) -> None:
        """Activate the hook."""
        sys.addaudithook(self.look)

    def look(self, event: str, arguments: tuple[object, ...]) -> None:
        """Raise Refused for everything that no check needs."""
        if event.startswith(_REFUSED) or (event in _LOOKED_AT and not self._may_open(arguments)):
            self.refused = f"{event} {arguments[0]!r:.200}" if event in _LOOKED_AT else event
            raise Refused(self.refused)

    def _may_open(self, arguments: tuple[object, ...]) -> bool:
        """The arguments of ``open`` are path, mode and flags; those of other events start with the path."""
        path = arguments[0]
        if isinstance(path, int):  # a descriptor that is open already
            return True
        _, mode, flags, *_ = (*arguments, None, None)
        if _writes(mode, flags):
            return False
        name = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        return name in (self.file, _STATUS) or _ends_in_separator(os.path.normpath(name)).startswith(self._folders)


def _writes(mode: object, flags: object) -> bool:
    """Whether ``open`` is to write: by the mode where there is one, since PyPy gives other flags with it."""
    if isinstance(mode, str):
        return not set(mode).isdisjoint("wax+")
    return isinstance(flags, int) and bool(flags & _WRITES)


def _of_the_interpreter() -> set[str]:
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    return {*(str(Path(prefix) / "lib") for prefix in prefixes), *(entry for entry in sys.path if entry), *_windows()}


def _windows() -> set[str]:
    return {sys.base_prefix} if sys.platform == "win32" else set()


def _ends_in_separator(folder: str) -> str:
    return folder.rstrip(os.sep) + os.sep


def confine(parent: int) -> None:
    """Limit this process as far as the system supports it. ``parent``: the process it ends with."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    _end_with(parent)
    for name, most in (
        ("RLIMIT_AS", MEMORY + _at_the_start()),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NOFILE", DESCRIPTORS),
    ):
        limit(name, most, hard=True)


def limit(name: str, most: int, *, hard: bool) -> None:
    """Set a limit, unless a lower one is set, or the system refuses it or does not have it."""
    if sys.platform != "win32":
        import resource

        with contextlib.suppress(AttributeError, OSError, ValueError):
            number = getattr(resource, name)
            highest = resource.getrlimit(number)[1]
            if highest != resource.RLIM_INFINITY:
                most = min(most, highest)
            resource.setrlimit(number, (most, most if hard else highest))


def limit_processor_time(seconds: float) -> None:
    """Let the system end this process after this many more seconds of processor time, rounded to whole seconds."""
    limit("RLIMIT_CPU", max(int(time.process_time() + seconds), 1), hard=False)


def _end_with(parent: int) -> None:
    """Ask Linux to end this process with the thread that started it; exit if that thread has already ended."""
    if sys.platform == "linux":
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_KILL_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def peak_memory() -> int:
    """The peak memory use of this process since :func:`confine`, in bytes; 0 where it is unknown.

    Linux reports the address space (``VmPeak``), which is what the limit counts, used or not.
    """
    return max(0, _address_space("VmPeak:") - _at_the_start())


@functools.cache
def _at_the_start() -> int:
    """The address space when this was first called."""
    return _address_space("VmSize:")


def _address_space(name: str) -> int:
    try:
        with open(_STATUS, encoding="ascii", errors="replace") as file:  # noqa: PTH123 - no import at work
            return int(file.read().partition(name)[2].split(maxsplit=1)[0]) * 1024
    except (OSError, ValueError, IndexError):
        return 0
