"""The limit on a worker's address space, on interpreters that use more or less of it themselves."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from builders.process_tree import linux_only
from builders.started import ROOT

RESERVING: Final = """\
import mmap, os
reserved = mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE)
from pypi_trusted_publish.io.workers.confinement import MEMORY, confine, peak_memory
confine(os.getppid())
held = bytearray(100_000_000)
print(peak_memory() < MEMORY // 2, end=" ")
try:
    bytearray(MEMORY)
except MemoryError:
    print("limited")
"""


@linux_only
def test_what_an_interpreter_reserves_at_its_start_is_not_taken_from_a_worker() -> None:
    """Free-threaded builds reserve 1 GiB of address space, which is more than a worker may use."""
    environ = {"PYTHONPATH": str(ROOT / "src")}
    ended = subprocess.run([sys.executable, "-c", RESERVING], env=environ, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True limited\n", "")
