"""Core files and other processes of the same user cannot read the memory of this process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from builders.started import ROOT
from pypi_trusted_publish.io.workers.confinement import limit

ASKS = """
import ctypes, resource, subprocess, sys
from pypi_trusted_publish.io.memory_protection import protect_memory

protect_memory()
limit = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
child = subprocess.run([sys.executable, "-c", limit], capture_output=True, text=True, check=True).stdout
print(resource.getrlimit(resource.RLIMIT_CORE), child.strip(), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
"""``prctl(PR_GET_DUMPABLE)`` is option 3."""

LOOKS_WHEN_A_TOKEN_IS_READ = """
import ctypes
from collections import UserDict
from pypi_trusted_publish.__main__ import main

def dumpable():
    return ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)

class Environment(UserDict):
    def __getitem__(self, name):
        if "TOKEN" in name:
            seen.add(dumpable())
        return super().__getitem__(name)

before, seen = dumpable(), set()
main(["publish"], environ=Environment(GITHUB_ACTIONS="true", ACTIONS_ID_TOKEN_REQUEST_TOKEN="sesame"))
print(before, seen)
"""


def ended(program: str) -> str:
    """What a program printed."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_the_process_is_not_dumpable_and_neither_it_nor_its_children_leave_core_files() -> None:
    assert ended(ASKS) == "(0, 0) (0, 0) 0\n"


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_release_protects_its_process_before_it_reads_a_token() -> None:
    assert ended(LOOKS_WHEN_A_TOKEN_IS_READ).splitlines()[-1] == "1 {0}"


def test_a_limit_that_the_system_refuses_or_lacks_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some releases of macOS refuse a limit on address space."""
    resource = pytest.importorskip("resource")
    taken = []

    def set_limit(number: int, _limits: tuple[int, int]) -> None:
        if number == resource.RLIMIT_AS:
            raise ValueError("current limit exceeds maximum limit")
        taken.append(number)

    monkeypatch.setattr(resource, "setrlimit", set_limit)
    for name in ("RLIMIT_AS", "RLIMIT_OF_ANOTHER_SYSTEM", "RLIMIT_CORE"):
        limit(name, 0, hard=True)
    assert taken == [resource.RLIMIT_CORE]
