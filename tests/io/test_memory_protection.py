"""Neither a core file nor another process of the same user shows what this process holds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from builders.started import ROOT

ASKS = """
import ctypes, resource, subprocess, sys
from pypi_trusted_publish.io.memory_protection import protect_memory

protect_memory()
limit = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
child = subprocess.run([sys.executable, "-c", limit], capture_output=True, text=True, check=True).stdout
print(resource.getrlimit(resource.RLIMIT_CORE), child.strip(), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
"""``prctl(PR_GET_DUMPABLE)`` is option 3."""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_the_process_is_not_dumpable_and_neither_it_nor_its_children_leave_core_files() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ASKS], env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "(0, 0) (0, 0) 0\n"
