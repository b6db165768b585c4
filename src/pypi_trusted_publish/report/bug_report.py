"""A bug of ours, told so that it can be reported without giving anything away. Pure."""

from __future__ import annotations

import platform
import traceback
from pathlib import PurePath
from typing import Final

from .. import __version__
from .read_on import PROJECT

_PACKAGE: Final = "pypi_trusted_publish"
_WHERE: Final = f"{PROJECT}/issues/new?template=bug.yml"
_FRAMES: Final = 30
"""Of each error; a recursion has a thousand."""


def bug_report(bug: BaseException, *, command: str) -> str:
    """Types, and our own files with line numbers; no values, no message (either may hold a secret), no foreign path."""
    lines = [
        f"pypi-trusted-publish {__version__}, command {command!r}",
        f"Python {platform.python_version()} ({platform.python_implementation()}) on {platform.system()}",
    ]
    error: BaseException | None = bug
    while error is not None:
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
        lines += _places(traceback.extract_tb(error.__traceback__))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(lines)


def bug_heading() -> str:
    """What stands before the report."""
    return f"This is a bug of pypi-trusted-publish, not of your project. Please report it with these lines: {_WHERE}"


def _places(frames: traceback.StackSummary) -> list[str]:
    """The places that an error came through, the innermost last; of too many, the first and the last ones."""
    places = [f"  {_place(frame)}" for frame in frames]
    half = _FRAMES // 2
    left_out = len(places) - _FRAMES
    return places if left_out <= 0 else [*places[:half], f"  ... {left_out} more", *places[-half:]]


def _place(frame: traceback.FrameSummary) -> str:
    parts = PurePath(frame.filename).parts
    inside = parts[parts.index(_PACKAGE) :] if _PACKAGE in parts else parts[-1:]
    return f"{'/'.join(inside)}:{frame.lineno} in {frame.name}"
