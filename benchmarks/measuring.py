"""One run of one contestant: a child process, and what the operating system says of it."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypi_trusted_publish.rehearsal.stage import Stage


class WrongResultError(Exception):
    """A contestant did not do what it was asked to; what it said is the text."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Figures of one run. Seconds and bytes."""

    wall: float
    cpu: float
    """User and system time, children that were waited for included."""
    memory: int
    """Peak resident memory of the largest process."""
    first_request: float | None = None
    """From the start until the first request reached the index."""
    connections: int | None = None
    peak_uploads: int | None = None


def measure(command: Sequence[str], environ: Mapping[str, str], folder: Path, expect: int = 0) -> Measured:
    """Run a command to its end; raise WrongResultError for another exit code."""
    with tempfile.TemporaryFile() as said:
        began = time.monotonic()
        process = subprocess.Popen(
            command, env=dict(environ), cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != expect:
            said.seek(0)
            text = said.read()[-4000:].decode("utf-8", "replace")
            raise WrongResultError(f"{command[:3]} ended with {process.returncode}:\n{text}")
    return Measured(wall=wall, cpu=usage.ru_utime + usage.ru_stime, memory=usage.ru_maxrss * 1024)


def measure_upload(stage: Stage, command: Sequence[str], environ: Mapping[str, str]) -> Measured:
    """Run a command that uploads everything to an empty stage, and look at what arrived."""
    expected = {path.name: path.stat().st_size for path in stage.distributions or ()}
    opened = stage.index.traffic.connections
    now = stage.index.server.run(_loop_time())
    measured = measure(command, environ, stage.workspace)
    arrived = {file.filename: file.size for file in stage.published()}
    if arrived != expected:
        raise WrongResultError(f"{command[:3]} uploaded {len(arrived)} of {len(expected)} files")
    first = min((request.began for request in stage.requests if request.began >= now), default=None)
    return replace(
        measured,
        first_request=None if first is None else first - now,
        connections=stage.index.traffic.connections - opened,
        peak_uploads=stage.index.traffic.peak_uploads,
    )


async def _loop_time() -> float:
    import asyncio

    return asyncio.get_running_loop().time()
