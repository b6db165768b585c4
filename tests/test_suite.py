"""The suite itself: the same tests for every worker, nothing of the job around it, no network but this machine."""

from __future__ import annotations

import ast
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
COLLECT: Final = ["-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider"]


def collecting(*arguments: str, seed: str) -> subprocess.Popen[str]:
    """A process that lists the tests; every name is a line."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environ |= {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "tests"), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, *COLLECT, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, encoding="utf-8")


def names(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate()
    assert process.returncode == 0, output
    return [line for line in output.splitlines() if "::" in line]


def test_two_workers_collect_the_same_tests() -> None:
    here = collecting(seed="1")
    there = collecting("-p", "builders.another_machine", seed="2")
    collected = names(here)
    assert len(collected) > 1000
    assert collected == names(there)


def without_a_time(path: Path) -> list[int]:
    """The lines that compress with the clock in the header."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"gzip.compress", "gzip.open", "gzip.GzipFile"}
        and "mtime" not in {keyword.arg for keyword in node.keywords}
    ]


def test_every_gzip_of_the_suite_has_a_fixed_time() -> None:
    tests = sorted((ROOT / "tests").rglob("*.py"))
    assert {path.relative_to(ROOT).as_posix(): lines for path in tests if (lines := without_a_time(path))} == {}


def test_nothing_of_the_job_around_the_suite_reaches_a_test() -> None:
    assert [name for name in os.environ if name.startswith(("ACTIONS_", "GITHUB_", "INPUT_", "RUNNER_"))] == []


def test_the_variables_of_a_job_are_taken_away_before_any_test() -> None:
    job = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/nowhere", "RUNNER_TEMP": "/nowhere", "INPUT_ATTEST": "x"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "nothing_of_the_job"]
    run = subprocess.run(command, cwd=ROOT, env=os.environ | job, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    assert "1 passed" in run.stdout


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_connection_to_another_machine_is_refused(host: str, no_network_but_loopback: list[str]) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as ours, pytest.raises(AssertionError, match=re.escape(host)):
        ours.connect((host, 80))
    no_network_but_loopback.clear()


def test_the_address_of_another_machine_is_not_asked_for(no_network_but_loopback: list[str]) -> None:
    with pytest.raises(AssertionError, match=r"index\.example\.net"):
        socket.getaddrinfo("index.example.net", 443)
    assert len(no_network_but_loopback) == 1
    no_network_but_loopback.clear()
