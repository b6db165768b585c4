"""A clock that skips waits: what a rehearsal waits by, so that a fault which takes minutes is played in seconds."""

from __future__ import annotations

import threading

from .clock import Clock


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
