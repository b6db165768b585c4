"""The entry of the program, and the only reader of the process's arguments and environment."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, MutableMapping, Sequence

from .cli import run
from .surroundings import Surroundings
from .system_clock import SystemClock


def main(
    argv: Sequence[str],
    *,
    environ: MutableMapping[str, str],
    install: Callable[[str], None] | None = None,
    cleanup: Callable[[], None] | None = None,
) -> int:
    """Run one command and return its exit code; the process's standard output must take any text."""
    surroundings = Surroundings(
        environ=environ,
        stdout=sys.stdout,
        clock=SystemClock(),
        random=random.random,
        install=install,
        cleanup=cleanup or _nothing,
        leave=os._exit,
    )
    return run(argv, surroundings)


def entry() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:], environ=os.environ))


def _nothing() -> None:
    """There is nothing to clean up outside of the action."""


if __name__ == "__main__":
    entry()
