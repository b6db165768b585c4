"""From the first upload token to the read-back."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Event


@dataclass(frozen=True, kw_only=True)
class Minted(Event):
    """An upload token arrived."""

    lifetime: float
    """Seconds."""
    projects: int | None
    """How many projects it covers, where that can be read."""
    renewal: bool


@dataclass(frozen=True, kw_only=True)
class CoverageRead(Event):
    """The projects that a minted token covers, beside those that it is needed for."""

    covered: int | None
    """None when the token does not show it."""
    needed: tuple[str, ...]
    """The projects to upload to."""


@dataclass(frozen=True, kw_only=True)
class Revoked(Event):
    """Upload tokens were given back."""

    revoked: int
    alive: int
    """Those that the index did not revoke: they run out by themselves."""
    seconds_left: float
    """The longest life that is left among those alive."""


@dataclass(frozen=True, kw_only=True)
class UploadStarted(Event):
    """The first byte of a file is about to be sent (again)."""

    filename: str
    size: int
    attempt: int


@dataclass(frozen=True, kw_only=True)
class UploadProgress(Event):
    """Bytes of the body that were handed to the network; at most a few a second."""

    filename: str
    sent: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Uploaded(Event):
    """The index took a file, or said that it has these very bytes."""

    filename: str
    outcome: str
    """``uploaded`` or ``identical``."""
    warnings: tuple[str, ...]
    """What the index said besides, a line each."""
    seconds: float


@dataclass(frozen=True, kw_only=True)
class NotUploaded(Event):
    """A file did not arrive."""

    filename: str
    outcome: str
    """``refused`` (the index said no), ``failed`` (no answer that decides), or ``not sent``."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Waiting(Event):
    """The read-back is not complete yet."""

    missing: tuple[str, ...]
    waited: float
    """Seconds."""


@dataclass(frozen=True, kw_only=True)
class Confirmed(Event):
    """The index lists a file with our digest and size."""

    filename: str
    url: str
    """The index's page for people on which it is shown; the simple index's where there is none."""
