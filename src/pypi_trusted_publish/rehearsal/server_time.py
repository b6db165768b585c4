"""The server's clock: the machine's, moved by whoever rehearses, so that nothing has to wait for a token to expire."""

from __future__ import annotations

import datetime as dt


class ServerTime:
    """Seconds since the epoch, as the index believes."""

    def __init__(self) -> None:
        self._offset = 0.0

    def __call__(self) -> float:
        """The present time in seconds."""
        return dt.datetime.now(dt.timezone.utc).timestamp() + self._offset

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass at once."""
        self._offset += seconds
