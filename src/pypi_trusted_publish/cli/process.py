"""What a command is run in: everything of the process that it may use, handed in once."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, NoReturn, TextIO

from ..clock import Clock
from ..values import dataclass

if TYPE_CHECKING:
    from ..io.workers.process import Worker


@dataclass(frozen=True, kw_only=True)
class ProcessContext:
    """The process, as far as a command has to know of it."""

    environ: MutableMapping[str, str]
    """Secrets are read out of it once and deleted."""
    stdout: TextIO
    """Everything is said here; nothing goes to standard error."""
    clock: Clock
    random: Callable[[], float]
    """Evenly spread over [0, 1): jitter for waits, nothing that has to be unpredictable."""
    install: Callable[[str], None] | None
    """Makes the packages of a further lock importable (``description``, ``attestations``); None: they are."""
    cleanup: Callable[[], None]
    """Removes what the bootstrap made; called before :attr:`leave`, which runs no ``finally``."""
    leave: Callable[[int], NoReturn]
    """Ends the process at once with an exit code, without waiting for any thread."""
    patience: float = 1.0
    """A factor on every time-out of the network; below 1 for rehearsals of servers that never answer."""
    sigstore_trust: str | None = None
    """A client trust configuration of Sigstore as JSON, for rehearsals; None: that of its public instance."""
    worker: Worker | None = None
    """One that gets ready while the command is being imported; None: the command starts its own."""
