"""The record of a run: every event folded into the latest outcome, from any thread."""

from __future__ import annotations

import threading

from ..events import Event
from ..report.outcome import Outcome, fold


class Recorder:
    """Folds every event as it comes, from any thread; ``outcome`` is the latest value at any moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcome = Outcome()

    def __call__(self, event: Event) -> None:
        """Take in one event; a recorder is an :data:`~pypi_trusted_publish.events.Emit`."""
        with self._lock:
            self._outcome = fold(self._outcome, event)

    @property
    def outcome(self) -> Outcome:
        """What is known now."""
        return self._outcome
