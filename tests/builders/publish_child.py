"""``publish`` in a process that can be killed; waits between tries are skipped. Exits as the command does.

An argument names a file with a client trust configuration of Sigstore.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

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
                sigstore_trust=Path(sys.argv[1]).read_text(encoding="utf-8") if sys.argv[1:] else None,
            ),
        )
    )
