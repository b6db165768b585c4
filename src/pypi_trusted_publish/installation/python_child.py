"""Starts an isolated Python in a child process.

The child runs with ``-I -S``: no folder of the caller, no ``PYTHON...`` variable, and no site-packages, so no ``.pth``
file, ``sitecustomize`` or package from there is ever run. It leads its own process group, so that it ends together with
its children. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ISOLATED: Final = ("-I", "-S", "-X", "utf8")
"""Options of an interpreter that reads no setting and no package of the machine."""
GRACE: Final = 2.0
"""Seconds between the request to end and the kill."""


def isolated_command(program: str, *arguments: str, python: str = sys.executable) -> list[str]:
    """Return the command line that runs the source text ``program`` with ``arguments`` in ``sys.argv[1:]``."""
    return [python, *ISOLATED, "-c", program, *arguments]


def needed_variables() -> dict[str, str]:
    """Return the variables that this interpreter needs to start; a child gets no others.

    Windows needs its own folder. An interpreter with a shared library in its own ``lib`` folder, as in the runner's
    tool cache, finds it by ``LD_LIBRARY_PATH``, which is computed and never taken from the environment.
    """
    needed = {}
    if sys.platform == "win32":
        needed["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", r"C:\Windows")  # noqa: TID251 - one that holds no secret
    elif any((libraries := Path(sys.base_prefix, "lib")).glob("libpython*.so*")):
        needed["LD_LIBRARY_PATH"] = str(libraries)
    return needed


def start_child(command: Sequence[str], *, environment: Mapping[str, str], folder: str) -> subprocess.Popen[str]:
    """Start ``command`` in ``folder`` as the leader of a group; ``stdout`` has its output as text."""
    new_group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(
        list(command),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=sys.platform != "win32",
        creationflags=new_group,
    )


def stop_child(process: subprocess.Popen[str], *, grace: float = GRACE) -> None:
    """End a child of :func:`start_child` and its group: ask, wait for ``grace`` seconds, then kill."""
    if process.poll() is None:
        _signal_group(process, "SIGTERM")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    _signal_group(process, "SIGKILL")
    process.wait()


def _signal_group(process: subprocess.Popen[str], name: str) -> None:
    """Send a signal to the group, which may outlive its leader; on Windows only to the leader."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # none is left; on macOS an unreaped leader is
            os.killpg(process.pid, getattr(signal, name))
