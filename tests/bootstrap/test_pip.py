"""Which pip is run, and how."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from builders.polling import until
from pypi_trusted_publish.installation.pip import (
    LARGEST_FILE,
    MEMORY,
    Pip,
    PipRun,
    choose_pip,
    find_pip,
    package_folders,
    unanswered,
    wheel_folders,
)


def package(folder: Path) -> Path:
    (folder / "pip").mkdir(parents=True)
    (folder / "pip" / "__main__.py").touch()
    return folder


def test_the_newest_wheel_of_the_interpreter_wins_over_an_installed_package(tmp_path: Path) -> None:
    for version in ("9.0.3", "23.2.1", "23.10"):
        (tmp_path / f"pip-{version}-py3-none-any.whl").touch()
    chosen = choose_pip([tmp_path / "none", tmp_path], [package(tmp_path / "packages")])
    assert chosen == Pip(path=str(tmp_path / "pip-23.10-py3-none-any.whl"))


def test_an_installed_package_is_taken_where_the_wheel_was_left_out(tmp_path: Path) -> None:
    folders = [tmp_path / "none", package(tmp_path / "packages"), package(tmp_path / "others")]
    assert choose_pip([tmp_path], folders) == Pip(path=str(tmp_path / "packages" / "pip"))


def test_with_neither_no_pip_is_found(tmp_path: Path) -> None:
    assert choose_pip([tmp_path], [tmp_path]) is None


def test_this_interpreter_has_a_pip_and_knows_where_packages_may_lie() -> None:
    assert find_pip() is not None
    assert list(wheel_folders())
    assert Path(sys.executable).parent.parent in [folder.parents[2] for folder in package_folders()]


def test_the_child_gets_exactly_its_environment_its_arguments_and_no_input(tmp_path: Path) -> None:
    folder = package(tmp_path) / "pip"
    (folder / "__init__.py").touch()
    probing = "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv[1:], os.getcwd(), sys.stdin.read()]))"
    (folder / "__main__.py").write_text(probing, encoding="utf-8")
    (tmp_path / "there").mkdir()
    given = {"PIP_INDEX_URL": "https://robot:secret@example.invalid/"}
    run = PipRun(Pip(path=str(folder)), ["install", "é"], environment=given, folder=str(tmp_path / "there"))
    status, printed = run.result()
    environment, arguments, working, standard_input = json.loads(printed)
    assert status == 0
    assert {name: value for name, value in environment.items() if name != "LC_CTYPE"} == given
    assert (arguments, standard_input) == (["install", "é"], "")
    assert Path(working) == (tmp_path / "there").resolve()
    assert not any("secret" in part for part in Pip(path=str(folder)).command(["install"], seconds=60))


def pip_of(tmp_path: Path, program: str) -> Pip:
    folder = package(tmp_path) / "pip"
    (folder / "__init__.py").touch()
    (folder / "__main__.py").write_text(program, encoding="utf-8")
    return Pip(path=str(folder))


@pytest.mark.skipif(sys.platform == "win32", reason="a group of processes ends otherwise there")
def test_a_pip_that_takes_too_long_ends_with_everything_that_it_has_started(tmp_path: Path) -> None:
    program = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal, time; "
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)'], "
        "stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "with open('pids', 'w') as file: file.write(f'{os.getpid()} {child.pid}')\n"
        "time.sleep(600)\n"
    )
    run = PipRun(pip_of(tmp_path, program), [], environment={}, folder=str(tmp_path))
    pids = tmp_path / "pids"
    until(lambda: pids.exists() and pids.read_text(encoding="ascii"))
    run.seconds = 0
    with pytest.raises(TimeoutError):
        run.result()
    started = [int(pid) for pid in pids.read_text(encoding="ascii").split()]
    until(lambda: all(map(ended, started)))  # a killed process is gone a moment later


def ended(pid: int) -> bool:
    """Whether a process is gone, or is a zombie whose parent is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system enforces no bound on memory")
def test_a_pip_that_needs_too_much_memory_or_disk_fails(tmp_path: Path) -> None:
    greedy = pip_of(tmp_path / "memory", f"bytearray({MEMORY})")
    status, printed = PipRun(greedy, [], environment={}, folder=str(tmp_path)).result()
    assert status == 1
    assert "MemoryError" in printed
    large = pip_of(tmp_path / "disk", f"open('large', 'wb').truncate({LARGEST_FILE} + 1)")
    status, printed = PipRun(large, [], environment={}, folder=str(tmp_path)).result()
    assert status == 1
    assert "File too large" in printed


def test_the_log_of_pip_says_whether_an_index_answered(tmp_path: Path) -> None:
    log = tmp_path / "pip.log"
    missing = "2026-11-30T10:00:00,1 Could not fetch URL http://h/simple/a/: 404 Client Error: Not Found - skipping"
    refused = "2026-11-30T10:00:00,1 Could not fetch URL http://h/simple/a/: 503 Server Error: Busy - skipping"
    log.write_text(f"2026-11-30T10:00:00,0 Using pip\n{missing}\n", encoding="utf-8")
    assert unanswered(log) == []
    log.write_text(f"{missing}\n{refused}\n{refused}\n", encoding="utf-8")
    assert unanswered(log) == ["503 Server Error: Busy"]


def test_a_larger_lock_may_take_longer(tmp_path: Path) -> None:
    few, many = (
        PipRun(pip_of(tmp_path / str(count), ""), [], environment={}, folder=str(tmp_path), packages=count)
        for count in (1, 40)
    )
    assert few.seconds < many.seconds
    assert [few.result()[0], many.result()[0]] == [0, 0]
