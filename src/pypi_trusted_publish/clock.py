"""Time as a port: what the flow waits by, so that tests and rehearsals need not wait."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Two readings and one wait. Seconds throughout."""

    def now(self) -> float:
        """Seconds since the epoch, as the machine believes; may be skewed."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary point, never running backwards."""

    def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""
