"""The command line: which command is meant, and the one handler for what nobody has foreseen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, cast

from .. import __version__
from ..errors import EXIT_BUG, EXIT_OK, WorkflowError
from .process import ProcessContext

PROGRAM: Final = "pypi-trusted-publish"


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command of the program."""

    name: str
    synopsis: str
    statement: str
    """One sentence."""
    module: str
    """Imported when the command is run, and not before: ``check`` needs no HTTP client."""

    def run(self, argv: Sequence[str], process: ProcessContext) -> int:
        """Run it; returns the exit code."""
        package = __name__.rpartition(".")[0]  # what __package__ was before Python 3.15
        module = import_module(f".{self.module}", package)
        return cast("Callable[[Sequence[str], ProcessContext], int]", module.run)(argv, process)


COMMANDS: Final = (
    Command(
        name="publish",
        synopsis="publish",
        statement="Publish from a job of GitHub Actions; the inputs are variables such as INPUT_PACKAGES_DIR.",
        module="publish",
    ),
    Command(
        name="check",
        synopsis="check [--json] [--strict] [--ignore CODE] [--lenient-tables] PATH...",
        statement="Say what the index would refuse, and what users would regret, in files or folders.",
        module="check",
    ),
    Command(
        name="rehearse",
        synopsis="rehearse [--dry-run] [--fault NAME[:K]] [--list-faults] [DIST...]",
        statement="Play a whole release on an embedded index and install from it.",
        module="rehearse",
    ),
    Command(
        name="setup",
        synopsis="setup [--repository OWNER/NAME] [--json] WORKFLOW_OR_FOLDER...",
        statement="Say who publishes where, which publishers that needs, and what would make publishing fail.",
        module="setup",
    ),
    Command(
        name="migrate",
        synopsis="migrate [--write] [--pin SHA|TAG] [--repository OWNER/NAME] WORKFLOW...",
        statement="Show or write the changes with which workflows publish with this action, and what is left to do.",
        module="migrate",
    ),
    Command(
        name="init",
        synopsis="init [--pin SHA|TAG] [--repository OWNER/NAME] [FOLDER]",
        statement="Write a release workflow for the project in a folder, and print the publisher that it needs.",
        module="init",
    ),
)


def run(argv: Sequence[str], process: ProcessContext) -> int:
    """Run the command that ``argv`` names and return its exit code."""
    name, rest = (argv[0], argv[1:]) if argv else ("--help", ())
    if name in ("--version", "-V"):
        process.stdout.write(f"{PROGRAM} {__version__}\n")
        return EXIT_OK
    command = next((command for command in COMMANDS if command.name == name), None)
    if command is None or "--help" in rest or "-h" in rest:
        process.stdout.write(usage(command))
        return EXIT_OK if command is not None or name in ("--help", "-h") else WorkflowError.exit_code
    try:
        return command.run(rest, process)
    except BrokenPipeError:
        raise
    except Exception as bug:  # noqa: BLE001 - the one place where what nobody has foreseen ends
        from ..report.annotations import bug_heading, bug_report

        process.stdout.write(f"{bug_heading()}\n{bug_report(bug, command=command.name)}\n")
        return EXIT_BUG


def usage(command: Command | None = None) -> str:
    """The help of one command, or of all."""
    shown = (command,) if command is not None else COMMANDS
    lines = [f"usage: {PROGRAM} [--version] COMMAND ...", ""]
    for each in shown:
        lines += [f"  {each.synopsis}", f"      {each.statement}"]
    return "\n".join(lines) + "\n"
