"""Keep the memory and the environment of this process from core files and from other processes of the same user."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4
"""From ``<linux/prctl.h>``; see prctl(2) and the section on ``/proc/pid/environ`` and ``mem`` in proc(5)."""


def protect_memory() -> None:
    """Disable core files for this process and its children; on Linux, also keep debuggers out of its memory.

    Does nothing where the system has no such setting (Windows); never raises.
    """
    if sys.platform != "win32":
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


_LEAST_ADDRESS_SPACE: Final = 480 << 20
"""Bytes. With less, threads and imports fail at random places, and some of those failures end the process."""


_LEAST_DESCRIPTORS: Final = 16
"""With less, even the modules that report a failure cannot be read."""


def require_resources() -> None:
    """Raise MemoryError or OSError, before anything is sent, when the system allows this process too little."""
    if (address_space() or _LEAST_ADDRESS_SPACE) < _LEAST_ADDRESS_SPACE:
        raise MemoryError
    if (_limit("RLIMIT_NOFILE") or _LEAST_DESCRIPTORS) < _LEAST_DESCRIPTORS:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def address_space() -> int | None:
    """The bytes of address space that the system allows this process; None: no limit."""
    return _limit("RLIMIT_AS")


def _limit(name: str) -> int | None:
    if sys.platform != "win32":
        import resource

        limit, _ = resource.getrlimit(getattr(resource, name))
        if limit != resource.RLIM_INFINITY:
            return limit
    return None
