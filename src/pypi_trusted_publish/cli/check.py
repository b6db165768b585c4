"""The command ``check``: validation alone, without network, of files and folders or what the action's inputs name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import __version__
from ..checks.check import diagnosis
from ..checks.model import CheckOptions
from ..checks.registry import RULES
from ..errors import Diagnosis, WorkflowError
from ..events import DiagnosisReported, Fact, RunStarted, StepStarted
from ..inputs import BOOLEANS
from ..io.console import Style
from ..io.packages_dir import survey
from ..io.workers.pool import Workers
from ..report.check_report import CheckReport, report_json, report_lines
from ..sanitize import clean
from .process import ProcessContext
from .reporter import Reporter
from .validation import checked_event


@dataclass(kw_only=True)
class CheckRequest:
    """What is asked for."""

    lines: list[str] = field(default_factory=list)
    """Paths, or the lines of ``packages-dir``."""
    workspace: str = "."
    ignore: set[str] = field(default_factory=set)
    strict: bool = False
    lenient_tables: bool = False
    json: bool = False
    of_a_job: bool = False
    """The request stands in the inputs of the action."""

    def facts(self) -> tuple[tuple[str, str], ...]:
        """What was asked for, for people."""
        return (
            ("packages-dir", ", ".join(self.lines)),
            ("strict", "true" if self.strict else "false"),
            ("ignore", ", ".join(sorted(self.ignore))),
        )

    def options(self) -> CheckOptions:
        """The options of the check itself."""
        return CheckOptions(strict=self.strict, lenient_tables=self.lenient_tables, ignore=frozenset(self.ignore))


def run(argv: Sequence[str], process: ProcessContext) -> int:
    """Check what is named: 0, 3 when there is an error, 2 when the command is wrong.

    Without a path, in a job of GitHub Actions, the variables ``INPUT_PACKAGES_DIR``, ``INPUT_STRICT`` and
    ``INPUT_IGNORE`` say what to do, and the job's log and summary say what came of it.
    """
    stdout = process.stdout
    try:
        request = _request(argv, process.environ)
    except WorkflowError as wrong:
        stdout.writelines(f"{clean(diagnosis.message)} {diagnosis.fix}\n" for diagnosis in wrong.diagnostics())
        return wrong.exit_code
    workers = Workers(install=process.install)
    workers.start()
    report = make_report(request, workers)
    if request.json:
        stdout.write(report_json(report) + "\n")
    elif request.of_a_job:
        return tell_in_job(report, process, request.facts())
    else:
        stdout.writelines(f"{line}\n" for line in report_lines(report))
    return report.exit_code


def make_report(request: CheckRequest, workers: Workers) -> CheckReport:
    """Find the files, and let workers check them."""
    try:
        found = survey(request.lines, request.workspace)
        checked = workers.check(found.candidates, options=request.options())
    finally:
        workers.end()
    return CheckReport(checked=checked, problems=found.problems, ignored=found.ignored)


def _request(argv: Sequence[str], environ: Mapping[str, str]) -> CheckRequest:
    """The arguments, or else the inputs of the action. Raises WorkflowError with every mistake."""
    request = CheckRequest(workspace=str(Path.cwd()))
    mistakes = list(_read_arguments(argv, request))
    if not request.lines and environ.get("GITHUB_ACTIONS") == "true":
        mistakes += _read_inputs(environ, request)
    elif not request.lines:
        mistakes.append(_mistake("No file or folder was named.", "Write: pypi-trusted-publish check dist"))
    mistakes += [
        _mistake(f"There is no rule {code!r}.", "docs/rules.md lists the codes.")
        for code in sorted(request.ignore - set(RULES))
    ]
    if mistakes:
        raise WorkflowError(*mistakes)
    return request


def _read_arguments(argv: Sequence[str], request: CheckRequest) -> Iterator[Diagnosis]:
    left = list(argv)
    while left:
        argument = left.pop(0)
        name, equals, value = argument.partition("=")
        if argument in ("--json", "--strict", "--lenient-tables"):
            setattr(request, argument[2:].replace("-", "_"), True)
        elif name == "--ignore" and (equals or left):
            request.ignore.update(_codes(value if equals else left.pop(0)))
        elif argument == "--":
            request.lines += left
            return
        elif argument.startswith("-"):
            yield _mistake(f"The option {argument!r} is not known or lacks its value.", "See: check --help")
        else:
            request.lines.append(argument)


def _read_inputs(environ: Mapping[str, str], request: CheckRequest) -> Iterator[Diagnosis]:
    request.of_a_job = True
    request.workspace = environ.get("GITHUB_WORKSPACE") or request.workspace
    request.lines = (environ.get("INPUT_PACKAGES_DIR") or "dist").splitlines()
    request.ignore |= _codes(environ.get("INPUT_IGNORE", ""))
    strict = environ.get("INPUT_STRICT", "").strip() or "false"
    request.strict = request.strict or BOOLEANS.get(strict, False)
    if strict not in BOOLEANS:
        yield _mistake(f"The input strict is {strict!r}.", "Write true or false.")


def _codes(text: str) -> set[str]:
    return set(text.replace(",", " ").split())


def _mistake(message: str, fix: str) -> Diagnosis:
    return Diagnosis(code="check-usage", message=message, fix=fix)


def tell_in_job(report: CheckReport, process: ProcessContext, facts: tuple[tuple[str, str], ...]) -> int:
    """Tell a report to whoever reads the job; returns the exit code."""
    desk = Reporter(process, Style.ACTIONS)
    desk.emit(RunStarted(command="check", version=__version__, facts=facts))
    desk.emit(StepStarted(title="What would be published"))
    if report.ignored:
        desk.emit(Fact(name="ignored", value=", ".join(report.ignored)))
    for distribution in report.checked.distributions:
        desk.emit(checked_event(distribution, report.checked))
    for told in _diagnoses(report):
        desk.emit(DiagnosisReported(diagnosis=told))
    desk.close(report.exit_code, cancelled=False)
    return report.exit_code


def _diagnoses(report: CheckReport) -> Iterator[Diagnosis]:
    yield from report.problems
    yield from map(diagnosis, report.checked.findings)
