"""Keep the memory and the environment of this process from core files and from other processes of the same user."""

from __future__ import annotations

import contextlib
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


def require_address_space() -> None:
    """Raise MemoryError, before anything is sent, when the system allows this process too little memory."""
    allowed = address_space()
    if allowed is not None and allowed < _LEAST_ADDRESS_SPACE:
        raise MemoryError


def address_space() -> int | None:
    """The bytes of address space that the system allows this process; None: no limit."""
    if sys.platform != "win32":
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            return limit
    return None
