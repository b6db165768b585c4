"""Which interpreters the suite is run on, and what is said about the others."""

from __future__ import annotations

import platform
import runpy
import sys
from pathlib import Path
from typing import Any, Final

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the interpreters of this test are shell scripts")
ROOT: Final = Path(__file__).parent.parent.parent
MINOR: Final = sys.version_info.minor


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The script, on a machine without interpreters."""
    for name, folder in (("HOME", "home"), ("PYENV_ROOT", "pyenv"), ("RUNNER_TOOL_CACHE", "tools"), ("PATH", "path")):
        (tmp_path / folder).mkdir()
        monkeypatch.setenv(name, str(tmp_path / folder))
    return runpy.run_path(str(ROOT / "tools" / "test_pythons.py"))


def interpreter(path: Path, says: str) -> None:
    """An interpreter that answers every question with ``says``; without it, one that cannot start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {0 if says else 127}\n", encoding="utf-8")
    path.chmod(0o755)


def test_the_running_interpreter_is_found_and_none_that_is_absent(tool: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "path" / f"python3.{MINOR}").symlink_to(sys.executable)
    found = tool["chosen"](MINOR)
    assert (found.version, found.unsuitable) == (platform.python_version().rstrip("+"), "")
    assert tool["chosen"](MINOR - 1) is None


@pytest.mark.parametrize(
    ("says", "version", "reason"),
    [
        ("cpython 3.14.1 free-threaded", "3.14.1", "is free-threaded, and packages"),
        ("cpython 3.14.1 regular ensurepip", "3.14.1", "has no ensurepip; on Debian, install python3.14-venv"),
        ("cpython 3.14.1 regular venv ssl", "3.14.1", "has no venv and no ssl"),
        ("", "", "does not start"),
    ],
)
def test_an_interpreter_that_cannot_run_the_suite_is_named_with_the_reason(
    tool: dict[str, Any], tmp_path: Path, says: str, version: str, reason: str
) -> None:
    interpreter(tmp_path / "path" / "python3.14", says)
    found = tool["chosen"](14)
    assert found.version == version
    assert found.unsuitable.startswith(reason)


def test_final_releases_come_before_candidates_and_newer_ones_before_older(
    tool: dict[str, Any], tmp_path: Path
) -> None:
    interpreter(tmp_path / "path" / "python3.15", "cpython 3.15.0rc2 regular")
    assert tool["chosen"](15).version == "3.15.0rc2"
    for version in ("3.15.9", "3.15.10", "3.15.11t"):
        threads = "free-threaded" if version.endswith("t") else "regular"
        says = f"cpython {version.rstrip('t')} {threads}"
        interpreter(tmp_path / "pyenv" / "versions" / version / "bin" / "python", says)
    interpreter(tmp_path / "tools" / "Python" / "3.15.2" / "x64" / "bin" / "python", "cpython 3.15.2 regular")
    assert tool["chosen"](15).version == "3.15.10"


def test_another_implementation_is_no_cpython(tool: dict[str, Any], tmp_path: Path) -> None:
    interpreter(tmp_path / "path" / "python3.11", "pypy 3.11.13 regular")
    assert tool["chosen"](11) is None
