"""The process as a command sees it, without the process."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import NoReturn

from pypi_trusted_publish.cli.process import Surroundings
from pypi_trusted_publish.clock import SystemClock


def surroundings(environ: Mapping[str, str] | None = None, stdout: io.StringIO | None = None) -> Surroundings:
    """Surroundings that print into ``stdout``; whoever leaves the process there fails the test."""
    return Surroundings(
        environ=dict(environ or {}),
        stdout=stdout or io.StringIO(),
        clock=SystemClock(),
        random=lambda: 0.5,
        install=None,
        cleanup=lambda: None,
        leave=_left,
    )


def _left(code: int) -> NoReturn:
    raise AssertionError(f"the command left the process with {code}")
