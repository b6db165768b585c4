"""The suite itself: every worker collects the same tests, whatever the clock and the seed of the hashes."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

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
