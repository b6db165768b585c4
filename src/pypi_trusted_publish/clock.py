"""Time as a port: what the flow waits by, so that tests and rehearsals need not wait."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Two readings and one wait. Seconds throughout."""

    def now(self) -> float:
        """Seconds since the epoch, as the machine believes; may be skewed."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary point, never running backwards."""

    def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""


class SystemClock:
    """The :class:`~pypi_trusted_publish.clock.Clock` that waits for real."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class SkippingClock:
    """The given clock, moved on by every wait at once. Time-outs of the network stay real."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._skipped = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since the epoch, plus what was skipped."""
        return self._clock.now() + self._skipped

    def monotonic(self) -> float:
        """Seconds on the monotonic clock, plus what was skipped."""
        return self._clock.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        """Do not wait, and say that one has waited."""
        with self._lock:
            self._skipped += seconds
