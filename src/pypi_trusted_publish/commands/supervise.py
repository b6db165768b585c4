"""Run the flow beside the main thread, which only waits: for its end, or for a signal to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from signal import Signals

from .stop_signals import StopSignals


def supervise(flow: Callable[[], None], stop: StopSignals) -> Signals | None:
    """Run ``flow`` in a daemon thread until it ends or a signal comes; raise what it raised.

    Returns the signal that came first: then the flow may still be running, and nobody waits for it.
    """
    if stop.received is not None:
        return stop.received
    done = threading.Event()
    problems: list[BaseException] = []

    def run() -> None:
        try:
            flow()
        except BaseException as caught:  # noqa: BLE001 - raised in the thread that waits
            problems.append(caught)
        finally:
            done.set()

    threading.Thread(target=run, name="release", daemon=True).start()
    signal = stop.wait_for(done)
    if signal is None and problems:
        raise problems[0]
    return signal
