"""The command ``publish``: read what the job gives, run a release, and report how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from signal import Signals
from typing import TYPE_CHECKING, Final

from ..errors import EXIT_OK, EXIT_SIGNALLED, PublishError, WorkflowError
from ..inputs import parse_inputs
from ..report.terminal import Style
from .desk import Desk
from .opening import Opening
from .stop_signals import StopSignals
from .supervise import supervise
from .surroundings import Surroundings

if TYPE_CHECKING:
    from .release_run import Release

_MISUSED: Final = """\
'publish' takes no arguments: what to publish, and where, is said by variables such as INPUT_PACKAGES_DIR.
usage: pypi-trusted-publish publish
"""


def run(argv: Sequence[str], surroundings: Surroundings) -> int:
    """Publish from a job of GitHub Actions; returns the exit code."""
    if argv:  # not ignored: somebody names files there, and others would be published
        surroundings.stdout.write(_MISUSED)
        return WorkflowError.exit_code
    return publish_with(surroundings, style=Style.of(surroundings.environ))


def publish_with(surroundings: Surroundings, *, style: Style) -> int:
    """Publish; the transcript in the given style. A run that a signal has ended does not return."""
    desk = Desk(surroundings, style)
    release: Release | None = None
    stopped: Signals | None = None
    code = EXIT_OK
    with StopSignals() as stop:
        try:
            inputs = parse_inputs(surroundings.environ)
            desk.configure(inputs)
            opening = Opening(inputs, desk)
            from .release_run import Release  # the rest of the program, while the first answers are on their way

            release = Release(inputs, desk, opening)
            stopped = supervise(release.run, stop)
        except PublishError as problem:
            code = desk.tell(problem)
        except Exception as bug:  # noqa: BLE001 - reported, with everything that is already public
            code = desk.tell_bug(bug, "publish")
        if release is not None and stopped is not None:
            code = EXIT_SIGNALLED + stopped
            desk.tell_stop(stopped)
            release.stop()
        elif release is not None:
            release.close()
        desk.close(code, cancelled=stopped is not None)
        if stopped is not None:
            surroundings.cleanup()
            surroundings.leave(code)
    return code
