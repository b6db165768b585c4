"""Work in the background: it starts at once, and its events are emitted when its result is needed.

A transcript is readable only if the events of one task are not mixed with those of others. So the events of a
background task are held until its result is asked for. Tasks run in daemon threads: a run that must end does not wait
for them.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..events import Emit, Event

T = TypeVar("T")


class Task(Generic[T]):
    """A task that was started; :meth:`result` waits for it."""

    def __init__(self, work: Callable[[], T], background: Background) -> None:
        self._work = work
        self._background = background
        self._held: list[Event] = []
        self._value: T
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._background.holding(self._held):
            try:
                self._value = self._work()
            except BaseException as caught:  # noqa: BLE001 - raised again in the thread that asks for the result
                self._problem = caught

    def result(self) -> T:
        """Wait for the work, emit its events, and return or raise what it did."""
        self._thread.join()
        held, self._held = self._held, []
        for event in held:
            self._background.emit(event)
        if self._problem is not None:
            raise self._problem
        return self._value


class Background:
    """Starts tasks, and holds the events of each, which it knows by their thread."""

    def __init__(self, emit: Emit) -> None:
        self._forward = emit
        self._here = threading.local()

    def emit(self, event: Event) -> None:
        """Forward an event now, or hold it when it comes from a task."""
        held: list[Event] | None = getattr(self._here, "held", None)
        if held is None:
            self._forward(event)
        else:
            held.append(event)

    def start(self, work: Callable[[], T]) -> Task[T]:
        """Start ``work`` in a thread of its own."""
        return Task(work, self)

    def holding(self, held: list[Event]) -> _Holding:
        """A context in which the events of the current thread go to ``held``."""
        return _Holding(self._here, held)


class _Holding:
    def __init__(self, here: threading.local, held: list[Event]) -> None:
        self._here = here
        self._held = held

    def __enter__(self) -> None:
        self._here.held = self._held

    def __exit__(self, *_: object) -> None:
        self._here.held = None
