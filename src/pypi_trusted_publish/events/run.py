"""The frame of a run: how it starts, steps, is told to stop, and ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import Event

if TYPE_CHECKING:
    from ..errors import Diagnosis


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """The first event of a run."""

    command: str
    """``publish`` (a rehearsal too) or ``check``."""
    version: str
    """Of this project."""
    facts: tuple[tuple[str, str], ...] = ()
    """What shapes the run: the inputs, or the arguments of ``check``; name and value."""
    index: str = ""
    """The index as people call it (``PyPI``, ``TestPyPI``, or a host); empty for ``check``."""
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class StepStarted(Event):
    """A step of the flow begins; everything until the next one belongs to it."""

    title: str


@dataclass(frozen=True, kw_only=True)
class Fact(Event):
    """One thing worth a line: a name and its value, or a sentence with an empty name."""

    name: str = ""
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Told(Event):
    """A diagnosis that does not end the run (warning or notice), or that ends it (error)."""

    diagnosis: Diagnosis


@dataclass(frozen=True, kw_only=True)
class Stopping(Event):
    """Somebody asked the run to stop: nothing new is started."""

    why: str
    """Such as ``SIGTERM``."""


@dataclass(frozen=True, kw_only=True)
class RunEnded(Event):
    """The last event of a run."""

    exit_code: int
    seconds: float
    cancelled: bool = False
