"""One worker from the side of its parent: start, ask, watch, end."""

from __future__ import annotations

import contextlib
import enum
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from ...installation.python_child import ISOLATED, needed_variables
from ..memory_protection import address_space
from .confinement import MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .messages import Message, Task

_PROGRAM: Final = (
    "import sys; sys.path += sys.argv[2:]; "
    "from pypi_trusted_publish.io.workers.child import main; main(int(sys.argv[1]), sys.argv[2:])"
)
_NEEDED: Final = (
    *("pypi_trusted_publish", "packaging", "trove_classifiers", "email_validator", "rfc3986"),
    *("docutils", "readme_renderer", "pygments"),
)
"""What a worker imports: it gets only the folders that contain one of these."""
_LOOK_EVERY: Final = 0.1
"""Seconds between two checks of a worker's memory, where the system does not limit it."""
_PROCESSOR_SIGNAL: Final = 24
"""SIGXCPU on Linux and macOS, which Windows does not have."""
_KILLED: Final = 9
_LONGEST_REASON: Final = 500
"""Characters of what a worker says about its end."""
_PAGE: Final = 4096


class Bound(enum.Enum):
    """The limit that stopped a worker."""

    PROCESSOR = "processor time"
    MEMORY = "memory"
    CLOCK = "time"
    KILLED = "killed"
    """Stopped from outside: by the system when memory is low, or by a user."""
    NOT_STARTED = "not started"
    """The system started no process."""
    FAILED = "failed"
    """It gave up or crashed."""


class WorkerStopped(Exception):
    """The worker gave no answer. ``str()`` says why, such as ``it needs more than 7 s of processor time``."""

    def __init__(self, bound: Bound, phrase: str) -> None:
        super().__init__(phrase)
        self.bound = bound


def folders() -> list[str]:
    """The folders of this process's path that contain one of our packages."""
    return [entry for entry in sys.path if entry and any(_holds(Path(entry), name) for name in _NEEDED)]


def _holds(folder: Path, name: str) -> bool:
    return (folder / name).is_dir() or (folder / f"{name}.py").is_file()


class Worker:
    """A worker process. One thread at a time may :meth:`ask`; any thread may :meth:`end`."""

    def __init__(self) -> None:
        """Start it, without waiting until it is ready. Raises WorkerStopped when no process can be started."""
        try:
            self._process = subprocess.Popen(
                [sys.executable, *ISOLATED, "-B", "-c", _PROGRAM, str(os.getpid()), *folders()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=needed_variables(),
                cwd=os.path.abspath(os.sep),  # noqa: PTH100 - the root of the drive
            )
        except OSError as error:
            raise WorkerStopped(Bound.NOT_STARTED, f"no process could be started for it ({error.strerror})") from None
        self._job = None
        if os.name == "nt":
            from .windows_job import JobObject

            self._job = JobObject(self._process, MEMORY)
        self._reason: WorkerStopped | None = None
        self._starter = threading.current_thread()

    @classmethod
    def ahead(cls) -> Worker | None:
        """One that starts while its user is still being imported; None when no process can be started."""
        try:
            return cls()
        except WorkerStopped:  # a later start reports the reason
            return None

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process is gone, or about to go with the thread that started it."""
        return self._process.poll() is not None or not self._starter.is_alive()

    def ask(self, task: Task, *, wall: float) -> Message:
        """The answer to a task; raises WorkerStopped without one within ``wall`` seconds."""
        from .messages import Malformed, encode_task, read_frame, write_frame  # after the start, which needs no check

        stdin, stdout = cast("BinaryIO", self._process.stdin), cast("BinaryIO", self._process.stdout)
        with self._watched(wall):
            try:
                write_frame(stdin, encode_task(task))
                answer = read_frame(stdout)
            except (Malformed, OSError, ValueError):
                answer = None
        if answer is None:
            raise self._why(task.seconds)
        if "stopped" in answer or answer.get("last"):  # before anybody gives it another task
            self.end()
        if "stopped" in answer:
            why = answer["stopped"]
            if why == "memory":
                raise _short_of_memory()
            raise WorkerStopped(Bound.FAILED, why[:_LONGEST_REASON] if isinstance(why, str) else "it gave up")
        return answer

    @contextlib.contextmanager
    def _watched(self, wall: float) -> Iterator[None]:
        done = threading.Event()
        threading.Thread(target=self._watch, args=(wall, done), name="watch of a worker", daemon=True).start()
        try:
            yield
        finally:
            done.set()

    def _watch(self, wall: float, done: threading.Event) -> None:
        """End the process when it takes too long or, where the system does not limit it, too much memory."""
        bounded = not sys.platform.startswith("darwin")
        step = wall if bounded else _LOOK_EVERY
        left = wall
        while not done.wait(min(step, left)):
            left -= step
            if not bounded and resident(self.pid) > MEMORY:
                self._reason = _short_of_memory()
            elif left <= 0:
                self._reason = WorkerStopped(Bound.CLOCK, f"it takes longer than {wall:.0f} s")
            if self._reason is not None:
                self._process.kill()
                return

    def _why(self, seconds: float) -> WorkerStopped:
        """Why there was no answer."""
        self.end()
        if self._reason is not None:
            return self._reason
        code = self._process.returncode
        if code == -_PROCESSOR_SIGNAL:
            return WorkerStopped(Bound.PROCESSOR, f"it needs more than {seconds:.0f} s of processor time")
        if code == -_KILLED:
            return WorkerStopped(Bound.KILLED, "the process that read it was killed")
        return WorkerStopped(Bound.FAILED, f"the process that read it ended early ({code})")

    def kill(self) -> None:
        """End the process immediately, from any thread. A thread that waits for its answer gets WorkerStopped."""
        self._process.kill()

    def end(self) -> None:
        """End the process and close its pipes; only for the thread that asks."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if stream is not None:
                    stream.close()
        if self._job is not None:
            self._job.close()


def _short_of_memory() -> WorkerStopped:
    allowed = address_space() or MEMORY
    if allowed < MEMORY:
        phrase = f"it needs more than the {allowed / 1e6:.0f} MB of memory that the runner allows"
        return WorkerStopped(Bound.MEMORY, phrase)
    return WorkerStopped(Bound.MEMORY, f"it needs more than {MEMORY / 1e9:.0f} GB of memory")


def resident(pid: int) -> int:
    """The resident memory of a process in bytes, on macOS and Linux; 0 where it is unknown."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    # ri_resident_size of proc_pid_rusage: the seventh number of 64 bits behind a UUID of 16 bytes. Only macOS has it,
    # in a library that every process has loaded. By name, it would be looked for in the current folder first.
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        usage = (ctypes.c_uint64 * 64)()
        if ctypes.CDLL(None).proc_pid_rusage(pid, 0, ctypes.byref(usage)) == 0:
            return int(usage[2 + 6])
    return 0
