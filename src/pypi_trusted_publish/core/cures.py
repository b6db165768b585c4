"""The next step after a run that failed, made from the cures of its errors alone."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from ..errors import Cure
from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


class Run(enum.Enum):
    """How to run again."""

    RERUN = "re-run"
    """The workflow, the commit and the files that were built stay the same."""
    NEW_RUN = "new run"
    """Another commit: another workflow, or files that are built again."""
    NONE = "no run"
    """No run helps before this action is repaired."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a cure means in practice; both texts are Markdown."""

    action: str
    """In the imperative, such as ``wait a while``; the message says what exactly to change."""
    run: Run
    mover: str
    """Whose move it is."""


STEPS: Final = {
    Cure.REPORT: Step(
        action="report the bug: the lines to paste are in the log and in the job's summary",
        run=Run.NONE,
        mover="the authors of this action",
    ),
    Cure.WORKFLOW: Step(action="change the workflow and push it", run=Run.NEW_RUN, mover="whoever edits the workflow"),
    Cure.RUNNER: Step(action="fix the runner", run=Run.RERUN, mover="whoever runs the runner"),
    Cure.NEW_BUILD: Step(action="fix the build", run=Run.NEW_RUN, mover="whoever builds the files"),
    Cure.LEAVE_OUT: Step(
        action="leave the file out, by a line `!` and its name in `packages-dir`",
        run=Run.NEW_RUN,
        mover="whoever edits the workflow",
    ),
    Cure.NEW_NAME: Step(
        action="give the project another name and replace the pending publisher by one for that name",
        run=Run.NEW_RUN,
        mover="whoever builds the files",
    ),
    Cure.NEW_VERSION: Step(action="raise the version", run=Run.NEW_RUN, mover="whoever builds the files"),
    Cure.INDEX: Step(
        action="make the change on the index", run=Run.RERUN, mover="an owner of the project on the index"
    ),
    Cure.LATER: Step(action="wait a while", run=Run.RERUN, mover="nobody"),
}
"""In the order in which the actions are named."""

_RERUN: Final = "press *Re-run failed jobs*: the files are still good"
_RERUN_PARTLY: Final = (
    "press *Re-run failed jobs*, not *Re-run all jobs*: it sends the files that were built already, and a rebuild "
    "gives other bytes, which the index never takes under a name that is used"
)
_NEW_RUN: Final = "start a new run: a re-run would use the same workflow and the same files"
_NEW_VERSION_INSTEAD: Final = (
    "release a new version: a part of this one is public, and a new build gives other bytes, which the index never "
    "takes under a name that is used"
)


RERUN_AS_IT_IS: Final = f"{_RERUN_PARTLY[:1].upper()}{_RERUN_PARTLY[1:]}."
"""The next step after a run that was cancelled."""


def next_step(cures: Iterable[Cure], *, partly_public: bool = False) -> str:
    """Return what to do now, one sentence in Markdown; empty for no cure.

    ``partly_public``: the index has a part of the release already, so that it cannot be built again.
    """
    named = frozenset(cures)
    steps = [step for cure, step in STEPS.items() if cure in named]
    if not steps:
        return ""
    new_run = any(step.run is Run.NEW_RUN for step in steps)
    if new_run and partly_public:
        steps = [step for step in steps if step is not STEPS[Cure.NEW_VERSION]]
        last = _NEW_VERSION_INSTEAD
    elif new_run:
        last = _NEW_RUN
    elif partly_public:
        last = _RERUN_PARTLY
    else:
        last = _RERUN if any(step.run is Run.RERUN for step in steps) else ""
    then = [f"then {last}" if steps else last] if last else []
    sentence = ", ".join((*(step.action for step in steps), *then)) + "."
    return sentence[:1].upper() + sentence[1:]
