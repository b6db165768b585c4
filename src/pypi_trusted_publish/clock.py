"""The clock of the flow, which can be replaced so that tests and rehearsals do not wait."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Two readings and one wait. Seconds throughout."""

    def now(self) -> float:
        """Seconds since the epoch by the machine's clock, which may be wrong."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary point; never decreases."""

    def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""


class SystemClock:
    """The :class:`~pypi_trusted_publish.clock.Clock` that really waits."""

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
    """A clock that skips every wait. Network time-outs stay real."""

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
        """Advance the clock without waiting."""
        with self._lock:
            self._skipped += seconds
