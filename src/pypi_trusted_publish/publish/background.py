"""Background tasks: they start immediately, and their events are emitted when the result is needed.

A transcript is readable only if the events of different tasks are not mixed, so the events of a background task are
held until its result is requested. Tasks run in daemon threads: a run that must end does not wait for them.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..events import Emit, Event

T = TypeVar("T")


class Task(Generic[T]):
    """A started task; :meth:`result` waits for it."""

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
        """Wait for the task, emit its events, and return its result or raise its error."""
        self._thread.join()
        held, self._held = self._held, []
        for event in held:
            self._background.emit(event)
        if self._problem is not None:
            raise self._problem
        return self._value


class Background:
    """Starts tasks and holds the events of each, identified by their thread."""

    def __init__(self, emit: Emit) -> None:
        self._forward = emit
        self._here = threading.local()

    def emit(self, event: Event) -> None:
        """Forward an event, or hold it when it comes from a task."""
        held: list[Event] | None = getattr(self._here, "held", None)
        if held is None:
            self._forward(event)
        else:
            held.append(event)

    def start(self, work: Callable[[], T]) -> Task[T]:
        """Start ``work`` in its own thread."""
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
