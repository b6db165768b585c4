"""Keep the memory and the environment of this process from core files and from other processes of the same user."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
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


_ARENA_MAX: Final = -8
"""``M_ARENA_MAX`` of glibc's ``<malloc.h>``; see mallopt(3)."""
_LEAST_ADDRESS_SPACE: Final = 256 << 20
"""Bytes. With less, threads and imports fail at random places, and some of those failures end the process."""


_LEAST_DESCRIPTORS: Final = 16
"""With less, even the modules that report a failure cannot be read."""


def require_resources() -> None:
    """Raise MemoryError or OSError, before anything is sent, when the system allows this process too little.

    Where address space is limited, threads started later reserve less of it.
    """
    allowed = address_space()
    if allowed is not None:
        if allowed < _LEAST_ADDRESS_SPACE:
            raise MemoryError
        _reserve_less()
    if (_limit("RLIMIT_NOFILE") or _LEAST_DESCRIPTORS) < _LEAST_DESCRIPTORS:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def _reserve_less() -> None:
    """Let a thread reserve 2 MB for its stack instead of 8, and no 64 MB for memory of its own (glibc)."""
    import ctypes

    threading.stack_size(2 << 20)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


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
