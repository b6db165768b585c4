"""The command ``setup``: what to type into the publisher's form, and what in a workflow would make publishing fail."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from ..core.publisher import PublisherForm
from ..errors import EXIT_OK, Diagnosis, WorkflowError
from ..io.programs import find_program
from ..sanitize import clean
from ..workflows.document import LARGEST, Place
from ..workflows.report import CallingJob, Problem, PublishingJob, WorkflowReport, read_workflow

if TYPE_CHECKING:
    from .process import ProcessContext

USAGE: Final = "usage: pypi-trusted-publish setup [--repository OWNER/NAME] WORKFLOW"

_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_REMOTE: Final = re.compile(r"(?:[a-z+]+://[^/]+/|[^/:\s]+:)(?P<name>[^/\s]+/[^/\s]+?)(?:\.git)?/?")
_FIRST: Final = Place(line=1, column=1)
_GIT_PATIENCE: Final = 10.0
"""Seconds."""


def run(argv: Sequence[str], process: ProcessContext) -> int:
    """Run the command in a process."""
    return run_setup(argv, stdout=process.stdout, search=process.environ.get("PATH", ""))


def run_setup(argv: Sequence[str], *, stdout: TextIO, search: str) -> int:
    """Print the form and the problems; 0 when there are none, else 2. ``search``: a PATH in which git may be."""
    try:
        path, repository = _arguments(argv)
        report = read_workflow(_read(path), path.name)
        called = tuple(_called_reports(path, report))
        problems = tuple(dict.fromkeys(_all_problems(report, called)))
        lines = _lines(report, called, problems, repository or _repository_of(path, search))
        stdout.writelines(f"{line}\n" for line in lines)
    except WorkflowError as error:
        stdout.writelines(f"{line}\n" for diagnosis in error.diagnostics() for line in _told(diagnosis))
        return WorkflowError.exit_code
    return WorkflowError.exit_code if problems else EXIT_OK


def _arguments(argv: Sequence[str]) -> tuple[Path, str]:
    rest = list(argv)
    repository = ""
    for index, word in enumerate(rest):
        name, equals, value = word.partition("=")
        if name == "--repository":
            repository = value if equals else "".join(rest[index + 1 : index + 2])
            del rest[index : index + (1 if equals else 2)]
            if not _REPOSITORY.fullmatch(repository):
                raise _misused("--repository takes OWNER/NAME")
            break
    if len(rest) != 1 or rest[0].startswith("-"):
        raise _misused("one workflow file is expected")
    return Path(rest[0]), repository


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(LARGEST + 1)
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not UTF-8") from None
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be opened") from None


def _called_reports(path: Path, report: WorkflowReport) -> Iterator[tuple[CallingJob, WorkflowReport]]:
    """The workflow files of the same folder that this one calls, as far as they can be read."""
    for call in report.calls:
        file = path.parent / call.local_file if call.local_file else None
        if file is not None and file.is_file():
            yield call, read_workflow(_read(file), file.name)


def _all_problems(
    report: WorkflowReport, called: Sequence[tuple[CallingJob, WorkflowReport]]
) -> Iterator[tuple[str, Problem]]:
    """Every problem with the file in which it stands: this one first, then those that it calls."""
    own = {*report.problems, *(problem for call, target in called for problem in _problems_of_call(call, target))}
    yield from ((report.filename, problem) for problem in sorted(own))
    yield from ((report.filename, problem) for problem in _nothing_publishes(report, called))
    yield from ((target.filename, problem) for _, target in called for problem in target.problems)


def _problems_of_call(call: CallingJob, target: WorkflowReport) -> Iterator[Problem]:
    if target.jobs and not call.grants_identity:
        yield Problem(
            place=call.place,
            code="setup-no-id-token",
            message=f"The job {call.name!r} calls {target.filename}, which publishes, and does not grant it "
            "'id-token: write'.",
            fix="Give the calling job 'permissions:' with 'id-token: write'; a called workflow cannot add it.",
        )
    if not all(job.guarded for job in target.jobs):
        yield from call.from_forks


def _nothing_publishes(
    report: WorkflowReport, called: Sequence[tuple[CallingJob, WorkflowReport]]
) -> Iterator[Problem]:
    if not report.jobs and not any(target.jobs for _, target in called):
        for call in report.calls[:1]:
            yield _no_job(
                call, f"No job here publishes; {call.name!r} calls {call.target}.", "Run 'setup' on that file."
            )
        if not report.calls and not report.only_checks:
            yield _no_job(None, "No job here publishes.", "Add a step that uses this action; README.md shows one.")


def _no_job(call: CallingJob | None, message: str, fix: str) -> Problem:
    place = call.place if call is not None else _FIRST
    return Problem(place=place, code="setup-no-publishing-job", message=message, fix=fix)


def _lines(
    report: WorkflowReport,
    called: Sequence[tuple[CallingJob, WorkflowReport]],
    problems: Sequence[tuple[str, Problem]],
    repository: str,
) -> Iterator[str]:
    for job in report.jobs:
        yield from _form(report.filename, job, repository)
    for call, target in called:
        for job in target.jobs:
            yield clean(f"The job {call.name!r} calls {target.filename}: the publisher names the called file.")
            yield from _form(target.filename, job, repository)
    for filename, problem in problems:
        where = f"{filename}:{problem.place.line}:{problem.place.column}"
        yield clean(f"{where}: {problem.message} [{problem.code}]")
        yield clean(f"    {problem.fix}")
    if report.only_checks:
        yield clean(f"{report.filename}: it only checks the distributions; that needs no publisher and no permission.")
    if not problems:
        yield clean(f"{report.filename}: nothing here would make publishing fail.")
    yield "For everything else in the workflow, run zizmor (https://docs.zizmor.sh)."


def _form(filename: str, job: PublishingJob, repository: str) -> Iterator[str]:
    owner, _, name = repository.partition("/")
    yield clean(f"{filename}:{job.place.line}: the job {job.name!r} publishes by {job.by}. The publisher's form:")
    for environment in job.environments or (None,):
        form = PublisherForm(owner=owner, repository=name, workflow=filename, environment=environment)
        yield ""
        yield from (clean(f"    {line}") for line in form.lines().splitlines())
    yield ""
    if not repository:
        yield "    (no git remote tells owner and name: pass --repository OWNER/NAME)"


def _repository_of(path: Path, search: str) -> str:
    """Owner and name from the remote ``origin`` of the folder's repository; empty when there is none."""
    git = find_program("git", path=search, platform=sys.platform)
    if git is None:
        return ""
    command = [git, "-C", str(path.resolve().parent), "remote", "get-url", "origin"]
    try:
        ended = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=_GIT_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    found = _REMOTE.fullmatch(ended.stdout.strip())
    return found["name"] if found and _REPOSITORY.fullmatch(found["name"]) else ""


def _told(diagnosis: Diagnosis) -> Iterator[str]:
    yield clean(f"{diagnosis.message} [{diagnosis.code}]")
    yield clean(f"    {diagnosis.fix}")


def _misused(why: str) -> WorkflowError:
    return WorkflowError(Diagnosis(code="setup-misused", message=f"{why}.", fix=USAGE))


def _unreadable(path: Path, why: str) -> WorkflowError:
    return WorkflowError(
        Diagnosis(
            code="setup-unreadable",
            message=f"{path}: the workflow file cannot be read: {why}.",
            fix="Name the file, such as .github/workflows/release.yml.",
        )
    )
