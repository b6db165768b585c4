"""A job object of Windows, which limits the memory of a worker and ends it with the last handle to the job.

A process on Windows cannot limit itself. Tested only on Windows; the layouts are those of 64 bits.
"""

from __future__ import annotations

import ctypes
import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import subprocess

_LIMITS: Final = 9
"""``JobObjectExtendedLimitInformation``: 144 bytes, flags at 16, memory of a process at 112."""
_PROCESS_MEMORY: Final = 0x100
_END_ON_CLOSE: Final = 0x2000


class JobObject:
    """The job of a process, which may run as long as the job is open."""

    def __init__(self, process: subprocess.Popen[bytes], memory: int) -> None:
        """``memory``: bytes."""
        self._kernel: Any = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
        self._kernel.CreateJobObjectW.restype = ctypes.c_void_p
        self._job = ctypes.c_void_p(self._kernel.CreateJobObjectW(None, None))
        limits = bytearray(144)
        struct.pack_into("<L", limits, 16, _PROCESS_MEMORY | _END_ON_CLOSE)
        struct.pack_into("<Q", limits, 112, memory)
        self._kernel.SetInformationJobObject(self._job, _LIMITS, bytes(limits), len(limits))
        handle: Any = getattr(process, "_handle")  # noqa: B009 - only Windows has it, and under no other name
        self._kernel.AssignProcessToJobObject(self._job, ctypes.c_void_p(int(handle)))

    def close(self) -> None:
        """Close the handle."""
        self._kernel.CloseHandle(self._job)
