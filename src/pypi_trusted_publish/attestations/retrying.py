"""Trying again: how often, and how long to wait in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ..events import Retrying
from .wire import ServiceFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..clock import Clock
    from ..events import Emit

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RetryLimits:
    """The bounds. Seconds, unless said otherwise."""

    tries: int = 4
    first_wait: float = 1.0
    """Doubled for each further try."""
    longest_wait: float = 20.0
    """Also of a wait that the service asks for."""
    read_timeout: float = 20.0
    """For an answer of the certificate authority, the log, or the trust data's repository."""
    timestamp_timeout: float = 5.0
    """For a timestamp: no attestation depends on it."""


@dataclass(frozen=True, kw_only=True)
class RetryingCaller:
    """Does a thing again while a service may still recover."""

    patience: RetryLimits
    clock: Clock
    emit: Emit
    random: Callable[[], float]
    """From 0 up to, and without, 1: spreads the waits of many clients."""

    def of(self, what: str, work: Callable[[], T]) -> T:
        """Return what ``work`` returns. Raises the last ServiceFault when it is final or the tries are used up."""
        return self._try(what, work, 1)

    def _try(self, what: str, work: Callable[[], T], attempt: int) -> T:
        try:
            return work()
        except ServiceFault as fault:
            if not fault.again or attempt >= self.patience.tries:
                raise
            wait = self._wait(attempt, fault)
            self.emit(Retrying(what=what, why=str(fault), attempt=attempt + 1, wait=wait))
        self.clock.sleep(wait)
        return self._try(what, work, attempt + 1)

    def _wait(self, attempt: int, fault: ServiceFault) -> float:
        """Seconds before the try after ``attempt``."""
        backoff = self.patience.first_wait * 2.0 ** (attempt - 1) * (0.5 + self.random())
        return min(max(backoff, fault.wait or 0.0), self.patience.longest_wait)
