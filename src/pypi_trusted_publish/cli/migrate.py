"""The command ``migrate``: rewrites workflow files so that they publish with this action."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from ..errors import EXIT_OK, Cure, WorkflowError
from ..io.git import repository_of
from ..sanitize import clean
from ..workflows.migration import Migration, migrate, with_callers
from ..workflows.model import Remark
from .arguments import Parser, add_pin, add_repository
from .commands import diagnosis_lines
from .workflow_files import (
    Folders,
    WorkflowFile,
    project_of,
    publisher_lines,
    read_files,
)  # fmt: skip

if TYPE_CHECKING:
    from pathlib import Path

    from .process import ProcessContext

EXIT_QUESTIONS: Final = 1
ACTION: Final = "org/pypi-trusted-publish"


def run(argv: Sequence[str], process: ProcessContext) -> int:
    """Run the command."""
    return run_migrate(argv, stdout=process.stdout, search=process.environ.get("PATH", ""))


def run_migrate(argv: Sequence[str], *, stdout: TextIO, search: str) -> int:
    """Show or make the changes, then list what is left to do manually.

    Returns:
        0: done; 1: there are open questions; 2: a file cannot be read, and nothing was written.

    """
    try:
        options = _arguments(argv)
        files = read_files(options.paths)
        folders = Folders()
        results = _with_callers(files, [_migrated(file, options, folders, search) for file in files])
        if not any(result.publishes for result in results):
            stdout.writelines(f"{clean(line)}\n" for line in _nothing(results))
            return Cure.WORKFLOW.exit_code
        if options.write:
            for file, result in zip(files, results, strict=True):
                if result.after != result.before:
                    file.write(result.after)
    except WorkflowError as error:
        stdout.writelines(f"{line}\n" for line in diagnosis_lines(error))
        return Cure.WORKFLOW.exit_code
    for file, result in zip(files, results, strict=True):
        repository = options.repository or repository_of(file.path.parent, search)
        stdout.writelines(f"{clean(line)}\n" for line in _lines(file, result, options, repository))
    return EXIT_QUESTIONS if any(result.questions for result in results) else EXIT_OK


class _Options:
    paths: list[str]
    write: bool
    pin: str
    repository: str


def _arguments(argv: Sequence[str]) -> _Options:
    parser = Parser("migrate")
    parser.add_argument("paths", nargs="+", metavar="WORKFLOW")
    parser.add_argument("--write", action="store_true")
    add_pin(parser)
    add_repository(parser)
    return parser.parse_args(argv, namespace=_Options())


def _migrated(file: WorkflowFile, options: _Options, folders: Folders, search: str) -> Migration:
    project = project_of(file.path)
    uses, name = f"{ACTION}@{options.pin}", file.path.name
    if "workflow_call" not in file.text:
        return migrate(file.text, name, uses=uses, indexes=project.indexes)
    repository = options.repository or repository_of(file.path.parent, search)
    callers = folders.of(file, repository, project).callers
    return migrate(file.text, name, uses=uses, indexes=project.indexes, callers=callers)


def _with_callers(files: Sequence[WorkflowFile], results: Sequence[Migration]) -> list[Migration]:
    """The results with the changes in callers that are given too, in the order of the files."""
    found: dict[tuple[Path, str], Migration] = {}
    for folder in dict.fromkeys(file.path.parent for file in files):
        inside = with_callers(result for file, result in zip(files, results, strict=True) if file.path.parent == folder)
        found |= {(folder, result.filename): result for result in inside}
    return [found[file.path.parent, file.path.name] for file in files]


def _nothing(results: Sequence[Migration]) -> Iterator[str]:
    for result in results:
        yield f"{result.filename}: found no step that publishes; nothing was changed."
    yield (
        "If a workflow that this one calls publishes, run 'migrate' on that file. If a script or another action "
        "uploads, let it only build, and add a step that uses this action."
    )


def _lines(file: WorkflowFile, result: Migration, options: _Options, repository: str) -> Iterator[str]:
    name = str(file.path)
    if not result.publishes and result.after == result.before:
        yield f"{name}: found no step that publishes."
        return
    if result.already and result.after == result.before:
        yield f"{name}: it already publishes with this action. 'pypi-trusted-publish setup' checks it."
        return
    if result.after == result.before:
        yield f"{name}: nothing was changed."
    elif options.write:
        yield f"{name}: written."
    else:
        yield from _diff(name, result)
    yield ""
    yield from _numbered("Questions for you to decide:", name, result.questions)
    yield from _callers(file, result)
    yield from _publishers(file, result, repository)
    yield from _numbered("Notes:", name, result.notes)
    yield from _secrets(name, result)


def _diff(name: str, result: Migration) -> Iterator[str]:
    before, after = result.before.splitlines(), result.after.splitlines()
    yield from (line.rstrip("\n") for line in difflib.unified_diff(before, after, name, name, lineterm=""))


def _numbered(heading: str, name: str, remarks: Sequence[Remark]) -> Iterator[str]:
    if remarks:
        yield heading
        for remark in remarks:
            message = remark.message[:1].upper() + remark.message[1:]
            yield f"  {name}:{remark.place.line}: {message}"
        yield ""


def _callers(file: WorkflowFile, result: Migration) -> Iterator[str]:
    if result.callers:
        yield "To change together, by hand:"
        for change in result.callers:
            message = change.message[:1].upper() + change.message[1:]
            yield f"  {file.path.with_name(change.filename)}:{change.place.line}: {message}"
        yield ""


def _publishers(file: WorkflowFile, result: Migration, repository: str) -> Iterator[str]:
    project = project_of(file.path).name
    seen = set()
    for needed in result.publishers:
        if (needed.index, needed.environments) in seen:
            continue
        seen.add((needed.index, needed.environments))
        index = f"the index of '{needed.index}'" if "$" in needed.index else needed.index
        yield f"The publisher on {index}, for the job {needed.job!r} (line {needed.place.line}):"
        yield from publisher_lines(
            needed.index, needed.environments, filename=result.filename, repository=repository, project=project
        )
    if result.publishers:
        yield "A publisher that is registered with these values needs no change: it names the workflow, not the action."
        yield ""


def _secrets(name: str, result: Migration) -> Iterator[str]:
    """What to delete, and where, after the first release with the publisher."""
    names = sorted({secret.name for secret in result.secrets})
    if not names:
        return
    yield "After the first release with the publisher, in this order:"
    yield "  1. On the index: Account settings, API tokens: remove the token that this workflow used."
    yield "  2. On GitHub: Settings, Secrets and variables, Actions (repository, environments, organization): delete"
    for each in names:
        found = [secret for secret in result.secrets if secret.name == each]
        lines = ", ".join(str(line) for line in sorted({secret.place.line for secret in found}))
        still = next((secret.still_used for secret in found if secret.still_used is not None), None)
        kind = " (a user name)" if all(secret.is_user for secret in found) else ""
        after = f"; keep it as long as line {still.line} of the new file reads it" if still is not None else ""
        yield f"       {each}{kind}, read at {name}:{lines}{after}"
    yield ""
