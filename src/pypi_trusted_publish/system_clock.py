"""The machine's own clock."""

from __future__ import annotations

import time


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
