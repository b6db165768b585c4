"""``publish`` in a process that can be killed; waits between tries are skipped. Exits as the command does."""

from __future__ import annotations

import os
import random
import sys

from pypi_trusted_publish.cli.main import run
from pypi_trusted_publish.cli.process import ProcessContext
from pypi_trusted_publish.clock import SkippingClock, SystemClock

if __name__ == "__main__":
    sys.exit(
        run(
            ["publish"],
            ProcessContext(
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
