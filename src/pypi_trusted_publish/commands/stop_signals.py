"""The signals of a cancelled job, noticed without interrupting anything.

GitHub's runner sends an interrupt to the process that it started, a terminate 7.5 s later, and kills it after another
2.5 s; on Windows the console's process group gets Ctrl-C. A handler only leaves a note; whoever waits looks at it
every few hundredths of a second, which also works where a wait cannot be interrupted.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    import threading
    from types import FrameType

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")
_LOOK_EVERY: Final = 0.05
"""Seconds."""


@final
class StopSignals:
    """A context in which a request to stop is noted instead of ending the process. For the main thread alone."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        """The first one that came."""
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> StopSignals:
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself returned

    def wait_for(self, done: threading.Event) -> signal.Signals | None:
        """None when ``done`` is set first, or the signal that came before."""
        while not done.wait(_LOOK_EVERY):
            if self.received is not None:
                return self.received
        return None

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.received is None:
            self.received = signal.Signals(number)
