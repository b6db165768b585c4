"""The command ``publish``: reads the job's settings, runs a release, and reports the result."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from signal import Signals
from typing import TYPE_CHECKING, Final, final

from ..core.manifest import ANY_MANIFEST
from ..errors import EXIT_OK, EXIT_SIGNALLED, Diagnosis, PublishError, WorkflowError
from ..inputs import parse_inputs
from ..io.console import Style
from ..io.memory_protection import protect_memory, require_resources
from .commands import PROGRAM
from .process import ProcessContext
from .reporter import Reporter
from .startup import Startup

if TYPE_CHECKING:
    import threading
    from types import FrameType

    from .release import Release

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP", "SIGQUIT", "SIGXCPU")
"""The stop signals that the system has; by default some would end the process with a core file."""
_LOOK_EVERY: Final = 0.05
"""Seconds."""


@final
class StopSignals:
    """A context that records a request to stop instead of ending the process. Only for the main thread."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        """The first signal received."""
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
        """Wait for ``done``; returns None, or the signal that came first."""
        while not done.wait(_LOOK_EVERY):
            if self.received is not None:
                return self.received
        return None

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.received is None:
            self.received = signal.Signals(number)


def supervise(flow: Callable[[], None], stop: StopSignals) -> Signals | None:
    """Run ``flow`` in a daemon thread until it ends or a signal comes; raise what it raised.

    Returns the signal, if one came first; the flow may then still be running.
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


def run(argv: Sequence[str], process: ProcessContext) -> int:
    """Publish from a job of GitHub Actions; returns the exit code."""
    if argv:  # not ignored: if files were named, others would be published
        raise WorkflowError(_no_arguments())
    protect_memory()
    return publish_with(process, style=Style.of(process.environ))


def publish_with(process: ProcessContext, *, style: Style) -> int:
    """Publish, with the transcript in the given style. Does not return after a signal."""
    reporter = Reporter(process, style)
    release: Release | None = None
    stopped: Signals | None = None
    code = EXIT_OK
    with StopSignals() as stop:
        try:
            require_resources()
            inputs = parse_inputs(process.environ)
            reporter.configure(inputs)
            if inputs.approved != ANY_MANIFEST:  # before the first request
                from .approved_files import require_approved_files

                require_approved_files(inputs, reporter.context.workspace)
            startup = Startup(inputs, reporter)
            from .release import Release

            release = Release(inputs, reporter, startup)
            stopped = supervise(release.run, stop)
        except PublishError as problem:
            code = reporter.report(problem)
        except Exception as bug:  # noqa: BLE001 - reported, with everything that is already public
            code = reporter.report_bug(bug, "publish")
        if release is not None and stopped is not None:
            code = EXIT_SIGNALLED + stopped
            release.stop()  # first, because what follows may hang or fail; the tokens are already revoked
            reporter.report_stop(stopped)
        elif release is not None:
            release.close()
        reporter.close(code, cancelled=stopped is not None)
        if stopped is not None:
            process.cleanup()
            process.leave(code)
    return code


def _no_arguments() -> Diagnosis:
    return Diagnosis(
        code="arguments-invalid",
        message="'publish' takes no arguments.",
        likely_cause="Files were named, but variables such as INPUT_PACKAGES_DIR say what to publish, and where.",
        fix=f"usage: {PROGRAM} publish",
    )
