"""The vocabulary of a run: frozen events, told as they happen; transcript, summary and report are drawn from them.

An event holds facts, never layout and never a secret. Texts may be foreign (from a file or a server): whoever prints
them cleans them. Every event may come from any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .errors import Diagnosis


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something happened."""


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """The first event of a run."""

    command: str
    """``publish``, ``rehearse``, ``check``."""
    version: str
    """Of this project."""
    facts: tuple[tuple[str, str], ...] = ()
    """What the run is: the index, the event, the ref, the inputs, the Python; name and value."""


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
class Told(Event):
    """A diagnosis that does not end the run (warning or notice), or that ends it (error)."""

    diagnosis: Diagnosis


@dataclass(frozen=True, kw_only=True)
class Proved(Event):
    """The identity token's claims satisfied the policy."""

    claims: tuple[tuple[str, str], ...]
    """The claims that matter to the index, name and value, in a stable order."""
    environment: str


@dataclass(frozen=True, kw_only=True)
class Checked(Event):
    """A distribution was read and judged."""

    filename: str
    project: str
    version: str
    kind: str
    tags: tuple[str, ...]
    size: int
    sha256: str
    blake2b_256: str
    metadata: tuple[tuple[str, str], ...]
    """Core metadata without the description."""
    findings: int


@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """What will happen to one file."""

    filename: str
    project: str
    version: str
    size: int
    sha256: str
    decision: str
    """A value of :class:`~pypi_trusted_publish.plan.Decision`."""


@dataclass(frozen=True, kw_only=True)
class Minted(Event):
    """An upload token arrived."""

    lifetime: float
    """Seconds."""
    projects: int | None
    """How many projects it covers, where that can be read."""
    renewal: bool


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


@dataclass(frozen=True, kw_only=True)
class RunEnded(Event):
    """The last event of a run."""

    exit_code: int
    seconds: float
    cancelled: bool = False


Emit: TypeAlias = Callable[[Event], None]
"""What everything that has something to tell is handed."""
