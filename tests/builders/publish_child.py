"""``publish`` in a process that can be killed; waits between tries are skipped. Exits as the command does."""

from __future__ import annotations

import os
import random
import sys

from pypi_trusted_publish.cli import run
from pypi_trusted_publish.commands.surroundings import Surroundings
from pypi_trusted_publish.skipping_clock import SkippingClock
from pypi_trusted_publish.system_clock import SystemClock

if __name__ == "__main__":
    sys.exit(
        run(
            ["publish"],
            Surroundings(
                environ=dict(os.environ),
                stdout=sys.stdout,
                clock=SkippingClock(SystemClock()),
                random=random.random,
                install=None,
                cleanup=lambda: None,
                leave=os._exit,
            ),
        )
    )
