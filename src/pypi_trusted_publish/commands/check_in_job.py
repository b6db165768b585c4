"""``check`` as a step of a job: the same validation, told by groups, annotations and a summary as publishing is."""

from __future__ import annotations

from collections.abc import Iterator

from .. import __version__
from ..distributions.diagnoses import diagnosis
from ..errors import Diagnosis
from ..events import Fact, RunStarted, StepStarted, Told
from ..report.check_report import CheckReport
from ..report.terminal import Style
from .desk import Desk
from .surroundings import Surroundings
from .validation import checked_event


def tell_in_job(report: CheckReport, surroundings: Surroundings, facts: tuple[tuple[str, str], ...]) -> int:
    """Tell a report to whoever reads the job; returns the exit code."""
    desk = Desk(surroundings, Style.ACTIONS)
    desk.emit(RunStarted(command="check", version=__version__, facts=facts))
    desk.emit(StepStarted(title="What would be published"))
    if report.ignored:
        desk.emit(Fact(name="ignored", value=", ".join(report.ignored)))
    for distribution in report.checked.distributions:
        desk.emit(checked_event(distribution, report.checked))
    for told in _diagnoses(report):
        desk.emit(Told(diagnosis=told))
    desk.close(report.exit_code, cancelled=False)
    return report.exit_code


def _diagnoses(report: CheckReport) -> Iterator[Diagnosis]:
    yield from report.problems
    yield from map(diagnosis, report.checked.findings)
