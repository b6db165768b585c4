"""Uploads along the schedule: wave after wave, several at once within a wave, fewer once the index stumbles.

Each upload runs in a daemon thread of its own, so that a run which must end does not wait for any of them.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ..errors import PublishError, raise_together
from ..events import ConcurrencyReduced, NotUploaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..checks.model import Distribution
    from ..core.schedule import Wave
    from ..events import Emit

Upload: TypeAlias = "Callable[[Distribution, Lane], None]"
"""Sends one file until the index has decided, each try within :meth:`Lane.trying`. Raises PublishError when the file
did not arrive."""


@dataclass(kw_only=True)
class _Lanes:
    """How many uploads run and how many of them are sending, how many may, and why no further one may start."""

    width: int
    active: int = 0
    sending: int = 0
    problems: list[PublishError] = field(default_factory=list)
    bugs: list[BaseException] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def narrow(self) -> bool:
        """From now on one at a time: parallel uploads have met an index that stumbles. False when it is so already."""
        with self.changed:
            wide, self.width = self.width > 1, 1
            return wide

    def enter(self) -> bool:
        """Wait for a free lane; False when nothing may start any more."""
        with self.changed:
            self.changed.wait_for(lambda: self.stopped or self.active < self.width)
            if self.stopped:
                return False
            self.active += 1
            return True

    @contextlib.contextmanager
    def one_try(self) -> Iterator[None]:
        """Wait until one more may be sending: those that were begun side by side repeat one by one."""
        with self.changed:
            self.changed.wait_for(lambda: self.sending < self.width)
            self.sending += 1
        try:
            yield
        finally:
            with self.changed:
                self.sending -= 1
                self.changed.notify_all()

    def leave(self, problem: BaseException | None) -> None:
        """Free the lane and remember what went wrong in it."""
        with self.changed:
            self.active -= 1
            if isinstance(problem, PublishError):
                self.problems.append(problem)
            elif problem is not None:
                self.bugs.append(problem)
            self.changed.notify_all()

    def drain(self) -> None:
        """Wait until every lane is free."""
        with self.changed:
            self.changed.wait_for(lambda: self.active == 0)

    @property
    def stopped(self) -> bool:
        """Whether an upload failed for good."""
        return bool(self.problems or self.bugs)


class Lane:
    """Where one upload runs, beside others."""

    def __init__(self, lanes: _Lanes, emit: Emit) -> None:
        self._lanes = lanes
        self._emit = emit

    def trying(self) -> contextlib.AbstractContextManager[None]:
        """Entered for each try; waits until it may be sent."""
        return self._lanes.one_try()

    def stumbled(self) -> None:
        """The index answered with a server error."""
        if self._lanes.narrow():
            self._emit(ConcurrencyReduced(lanes=1, why="the index answered with a server error"))


def upload_in_lanes(waves: tuple[Wave, ...], *, width: int, upload: Upload, emit: Emit) -> None:
    """Send every file of every wave; stop starting at the first failure and let finish what is in flight.

    Raises:
        PublishError: what the uploads raised, together; each file that was never begun has been told as ``not sent``.

    """
    lanes = _Lanes(width=width)
    for wave in waves:
        for distribution in wave:
            if lanes.enter():
                _start(distribution, upload, lanes, emit)
            else:
                emit(NotUploaded(filename=distribution.filename, outcome="not sent", reason="stopped before its turn"))
        lanes.drain()
    if lanes.bugs:
        raise lanes.bugs[0]
    raise_together(lanes.problems)


def _start(distribution: Distribution, upload: Upload, lanes: _Lanes, emit: Emit) -> None:
    def run() -> None:
        problem: BaseException | None = None
        try:
            upload(distribution, Lane(lanes, emit))
        except BaseException as caught:  # noqa: BLE001 - handed to the thread that waits, which raises it
            problem = caught
        finally:
            lanes.leave(problem)

    threading.Thread(target=run, name=f"upload {distribution.filename}", daemon=True).start()
