"""One run of one contestant: a child process, what the operating system says of it, and what the index saw."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pypi_trusted_publish.rehearsal.sandbox import Sandbox
from pypi_trusted_publish.rehearsal.traffic import Endpoint

_LAUNCHER: Final = Path(__file__).with_name("launcher.py")
_SAID: Final = 4000
"""Bytes of a contestant's output that are shown when it fails."""


class WrongResultError(Exception):
    """A contestant did not do what it was asked to; what it said is the text."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Figures of one run. Seconds and bytes."""

    began: float
    """On the monotonic clock of this machine."""
    wall: float
    cpu: float
    """User and system time, children that were waited for included."""
    memory: int
    """Peak resident memory of the largest process."""
    together: int | None
    """The most that was resident in all its processes at once, seen every 20 ms; None: nobody could look."""
    first_request: float | None = None
    """From the start until the first request reached the index or GitHub's side of it."""
    last_answer: float | None = None
    """From the start until the last answer was sent."""
    connections: int | None = None
    peak_uploads: int | None = None


def measure(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> Measured:
    """Run a command to its end in ``folder``; raise WrongResultError unless it succeeds."""
    with tempfile.TemporaryDirectory() as own:
        report, said = Path(own) / "report.json", Path(own) / "said"
        with said.open("wb") as output:
            subprocess.run(
                [sys.executable, "-I", "-S", str(_LAUNCHER), str(report), *command],
                env=dict(environ),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=True,
            )
        figures = json.loads(report.read_text(encoding="utf-8"))
        if code := figures.pop("code"):
            text = said.read_bytes()[-_SAID:].decode("utf-8", "replace")
            raise WrongResultError(f"{' '.join(command[:3])} ended with {code}:\n{text}")
    return Measured(**figures)


def measure_upload(sandbox: Sandbox, command: Sequence[str], environ: Mapping[str, str]) -> Measured:
    """Run a command that uploads everything to an empty sandbox, and look at what arrived and how."""
    paths = sandbox.distributions or ()
    before, opened = len(sandbox.requests), sandbox.index.traffic.connections
    measured = measure(command, environ, sandbox.workspace)
    arrived = {file.filename: file.size for file in sandbox.published()}
    if arrived != {path.name: path.stat().st_size for path in paths}:
        raise WrongResultError(
            f"{' '.join(command[:3])} uploaded {len(arrived)} of {len(paths)} files, or parts of them"
        )
    requests = sandbox.requests[before:]
    answered = [request for request in requests if request.endpoint is Endpoint.UPLOAD and request.status == 200]  # noqa: PLR2004 - uploaded
    if len(answered) != len(paths):
        raise WrongResultError(f"{' '.join(command[:3])} needed {len(answered)} uploads for {len(paths)} files")
    return replace(
        measured,
        first_request=min(request.began for request in requests) - measured.began,
        last_answer=max(request.ended for request in requests) - measured.began,
        connections=sandbox.index.traffic.connections - opened,
        peak_uploads=sandbox.index.traffic.peak_uploads,
    )
