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
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
