"""The command ``rehearse``: a whole release, by the code that the action runs, on an index of our own."""

from __future__ import annotations

import argparse
import glob
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from ..errors import EXIT_OK, DistributionError, WorkflowError
from ..report.terminal import Style
from ..skipping_clock import SkippingClock
from .publish import publish_with
from .surroundings import Surroundings

if TYPE_CHECKING:
    from ..rehearsal.sandbox import Sandbox

PATIENCE: Final = 0.05
"""The part of a real time-out that a rehearsal waits for a server which never answers: 3 s instead of 60."""
MISSING_EXTRA = "A rehearsal needs the packages of the extra: pip install 'pypi-trusted-publish[rehearsal]'\n"


def run(argv: Sequence[str], surroundings: Surroundings) -> int:
    """Play a release of the given distributions, or of a sample; returns the exit code that the action would have."""
    options = _options().parse_args(argv)
    try:
        from ..rehearsal.faults.table import listed
        from ..rehearsal.sandbox import Sandbox
    except ModuleNotFoundError:
        surroundings.stdout.write(MISSING_EXTRA)
        return WorkflowError.exit_code
    if options.list_faults:
        for title, faults in listed():
            surroundings.stdout.write(f"\n{title}\n{'-' * len(title)}\n")
            surroundings.stdout.writelines(f"{fault.name}\n    {fault.description}\n" for fault in faults)
        return EXIT_OK
    unknown = [text for text in options.fault if not _is_fault(text)]
    named = [path for each in options.distributions for path in _distributions(each)]
    missing = [path for path in named if not path.is_file()]
    if unknown or missing:
        surroundings.stdout.writelines(f"no such fault: {name} (--list-faults shows them)\n" for name in unknown)
        surroundings.stdout.writelines(f"no such file: {path}\n" for path in missing)
        return WorkflowError.exit_code
    with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as folder:
        files = [path.resolve() for path in named] or None
        inputs = {"dry-run": "true"} if options.dry_run else {}
        if files:  # the stage's tag is that of its own sample
            inputs |= {"packages-dir": "\n".join(map(str, files)), "expected-version": "any"}
        with Sandbox(Path(folder), distributions=files, faults=options.fault, inputs=inputs) as stage:
            return _play(stage, surroundings, dry_run=options.dry_run)


def _play(stage: Sandbox, surroundings: Surroundings, *, dry_run: bool) -> int:
    """Publish on the stage, show what GitHub would show, and install what was published."""
    on_stage = replace(
        surroundings,
        environ={**surroundings.environ, **stage.environ},
        clock=SkippingClock(surroundings.clock),
        leave=_leave_in_order,
        patience=PATIENCE,
    )
    code = publish_with(on_stage, style=Style.by_reader(surroundings.stdout))
    out = surroundings.stdout
    out.write(f"\nThe job summary\n{'-' * 15}\n{stage.summary}\nThe outputs\n{'-' * 11}\n")
    out.writelines(f"{name}: {value}\n" for name, value in _read_outputs(stage.outputs))
    out.write("\n")
    if code == EXIT_OK and not dry_run:
        from .rehearsed_install import NotInstallableError, install_from

        try:
            out.writelines(f"{line}\n" for line in install_from(stage, surroundings.environ))
        except NotInstallableError as problem:
            out.write(f"{problem}\n")
            return DistributionError.exit_code
    return code


def _is_fault(text: str) -> bool:
    """Whether it is the name of a fault, with a turn that there is."""
    from ..rehearsal.faults.schedule import UnknownFault, parse_fault
    from ..rehearsal.faults.table import FAULTS

    try:
        parse_fault(text, FAULTS)
    except UnknownFault:
        return False
    return True


def _read_outputs(text: str) -> Iterator[tuple[str, str]]:
    """Name and value of each output in the runner's file format: ``name<<delimiter``, the value, the delimiter."""
    for name, _, value in re.findall(r"^([\w-]+)<<(\S+)\n(.*?)\n?\2$", text, re.MULTILINE | re.DOTALL):
        yield name, value


def _leave_in_order(code: int) -> NoReturn:
    """End a stopped rehearsal so that its folders are removed; only daemon threads are left."""
    raise SystemExit(code)


def _distributions(path: Path) -> list[Path]:
    """The distributions of a folder or of a glob, which the shells of Windows leave as it is; or the file itself."""
    if path.is_dir():
        found = list(path.iterdir())
    elif not path.exists() and glob.has_magic(str(path)):
        found = [Path(name) for name in glob.glob(str(path))]  # noqa: PTH207 - it may be absolute or hold ..
    else:
        return [path]
    return sorted(file for file in found if file.name.endswith((".whl", ".tar.gz"))) or [path]


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pypi-trusted-publish rehearse", description=__doc__)
    parser.add_argument("distributions", nargs="*", type=Path, metavar="DIST", help="files to release; none: a sample")
    parser.add_argument("--dry-run", action="store_true", help="everything up to the first byte")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[:K]", help="let the K-th request meet it")
    parser.add_argument("--list-faults", action="store_true", help="print the faults and stop")
    return parser
