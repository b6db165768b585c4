"""The command ``rehearse``: a whole release, by the code that the action runs, on an index of our own."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .cli_publish import publish_with
from .errors import EXIT_OK, WorkflowError
from .skipping_clock import SkippingClock
from .surroundings import Surroundings
from .terminal import Style

if TYPE_CHECKING:
    from .rehearsal.stage import Stage

MISSING_EXTRA = "A rehearsal needs the packages of the extra: pip install 'pypi-trusted-publish[rehearsal]'\n"


def run(argv: Sequence[str], surroundings: Surroundings) -> int:
    """Play a release of the given distributions, or of a sample; returns the exit code that the action would have."""
    options = _options().parse_args(argv)
    try:
        from .rehearsal.faults import FAULTS
        from .rehearsal.stage import Stage
    except ModuleNotFoundError:
        surroundings.stdout.write(MISSING_EXTRA)
        return WorkflowError.exit_code
    if options.list_faults:
        rows = (f"{name}\n    {fault.statement}\n" for name, fault in FAULTS.items())
        surroundings.stdout.write("".join(rows))
        return EXIT_OK
    unknown = [name for name in options.fault if name.partition(":")[0] not in FAULTS]
    missing = [path for path in options.distributions if not path.is_file()]
    if unknown or missing:
        surroundings.stdout.writelines(f"no such fault: {name} (--list-faults shows them)\n" for name in unknown)
        surroundings.stdout.writelines(f"no such file: {path}\n" for path in missing)
        return WorkflowError.exit_code
    with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as folder:
        files = [path.resolve() for path in options.distributions] or None
        inputs = {"dry-run": "true"} if options.dry_run else {}
        if files:
            inputs["packages-dir"] = "\n".join(map(str, files))
        with Stage(Path(folder), distributions=files, faults=options.fault, inputs=inputs) as stage:
            return _play(stage, surroundings, dry_run=options.dry_run)


def _play(stage: Stage, surroundings: Surroundings, *, dry_run: bool) -> int:
    """Publish on the stage, show what GitHub would show, and install what was published."""
    on_stage = replace(
        surroundings,
        environ={**surroundings.environ, **stage.environ},
        clock=SkippingClock(surroundings.clock),
    )
    code = publish_with(on_stage, style=Style.PLAIN)
    out = surroundings.stdout
    out.write(f"\nThe job summary\n{'-' * 15}\n{stage.summary}\nThe outputs\n{'-' * 11}\n{stage.outputs}\n")
    if code == EXIT_OK and not dry_run:
        from .cli_rehearse_install import install_from

        out.writelines(f"{line}\n" for line in install_from(stage, surroundings.environ))
    return code


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pypi-trusted-publish rehearse", description=__doc__)
    parser.add_argument("distributions", nargs="*", type=Path, metavar="DIST", help="files to release; none: a sample")
    parser.add_argument("--dry-run", action="store_true", help="everything up to the first byte")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[:K]", help="let the K-th request meet it")
    parser.add_argument("--list-faults", action="store_true", help="print the faults and stop")
    return parser
