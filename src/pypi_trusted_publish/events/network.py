"""Requests and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Event


@dataclass(frozen=True, kw_only=True)
class Answered(Event):
    """A request was answered. The URL holds no credentials and no secret query value: its emitter sees to that."""

    method: str
    url: str
    status: int
    reason: str
    seconds: float
    sent_bytes: int
    received_bytes: int


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """A request got no answer."""

    method: str
    url: str
    problem: str
    """A phrase of ours, such as ``connection refused``; never a library's exception text."""
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Retrying(Event):
    """The same thing will be tried again."""

    what: str
    """Such as ``mint an upload token`` or ``upload demo-1.0-py3-none-any.whl``."""
    why: str
    attempt: int
    """Number of the try that comes, from 2."""
    wait: float
    """Seconds until then."""


@dataclass(frozen=True, kw_only=True)
class LaneNarrowed(Event):
    """From here on fewer files are sent at once."""

    lanes: int
    why: str
