"""Code in places where a careless start would run it: none of it may run in the job that can publish."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.started import Started
from pypi_trusted_publish.installation.pip import Pip

Start = Callable[..., Started]

NAMES = (
    *("packaging", "httpx", "httpcore", "actions_toolkit", "pip", "pypi_trusted_publish", "bootstrap"),
    *("sitecustomize", "usercustomize", "json", "ssl", "runpy"),
)
"""Our dependencies, the modules that an interpreter imports at startup, and the standard library."""

REDIRECTING = {
    "user": "true",
    "prefix": "elsewhere",
    "root": "elsewhere",
    "dry-run": "true",
    "target": "elsewhere",
    "python": "none",
    "require-virtualenv": "true",
    "no-binary": ":all:",
    "requirement": "none.txt",
    "report": "report.json",
    "log": "log.txt",
    "quiet": "3",
}
"""Settings of pip, each of which would end or divert an installation."""


def plant(folder: Path, trace: Path) -> None:
    """Fill ``folder`` with packages, modules and a ``.pth`` file that leave a trace when they are run."""
    folder.mkdir(parents=True, exist_ok=True)
    leave = f"open({str(trace)!r}, 'a').write({{!r}} + '\\n')\n"
    for name in NAMES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(leave.format(f"{folder}/{name}"), encoding="utf-8")
        (folder / f"{name}.py").write_text(leave.format(f"{folder}/{name}.py"), encoding="utf-8")
    (folder / "hostile.pth").write_text("import os; " + leave.format("pth"), encoding="utf-8")


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "trace"


def test_the_planted_code_runs_where_nothing_forbids_it(tmp_path: Path, trace: Path) -> None:
    plant(tmp_path / "workspace", trace)
    subprocess.run([sys.executable, "-c", "import packaging"], cwd=tmp_path / "workspace", check=True)
    assert "workspace/packaging" in trace.read_text(encoding="utf-8").replace(os.sep, "/")


def test_no_code_on_the_machine_is_run_and_no_setting_of_pip_diverts_the_start(
    start_by_pip: Start, tmp_path: Path, trace: Path
) -> None:
    """No code runs from the workspace, even if variables name it, or from the interpreter's and the user's packages."""
    workspace, home, environment = str(tmp_path / "workspace"), tmp_path / "home", tmp_path / "environment"
    venv = pytest.importorskip("venv")  # an embedded Python has none
    venv.create(environment, with_pip=False)
    windows = sys.platform == "win32"
    of_the_interpreter = {"base": str(environment), "platbase": str(environment)}
    scheme, of_the_user = ("nt", "nt_user") if windows else ("posix_prefix", "posix_user")
    plant(Path(sysconfig.get_path("purelib", scheme, of_the_interpreter)), trace)
    python = environment / ("Scripts/python.exe" if windows else "bin/python")
    subprocess.run([python, "-c", ""], check=True)
    assert trace.exists(), "the planted code must be able to run"
    trace.unlink()
    plant(tmp_path / "workspace", trace)
    plant(Path(sysconfig.get_path("purelib", of_the_user, {"userbase": str(home / ".local")})), trace)
    before = sorted((tmp_path / "workspace").rglob("*"))
    hostile = {"PYTHONPATH": workspace, "PYTHONHOME": workspace, "PYTHONSTARTUP": f"{workspace}/json.py"}
    hostile |= {"PYTHONUSERBASE": str(home / ".local"), **redirecting(tmp_path)}
    started = start_by_pip(python=str(python), environ=hostile)
    assert (started.code, started.output, started.errors) == (0, "", "")
    assert not trace.exists(), trace.read_text(encoding="utf-8")
    assert sorted((tmp_path / "workspace").rglob("*")) == before


def redirecting(folder: Path) -> dict[str, str]:
    """Variables that name a file of such settings, and that repeat each."""
    lines = "".join(f"{name} = {value}\n" for name, value in REDIRECTING.items())
    (folder / "pip.conf").write_text(f"[global]\n{lines}[install]\n{lines}", encoding="utf-8")
    variables = {"PIP_" + name.upper().replace("-", "_"): value for name, value in REDIRECTING.items()}
    return {"PIP_CONFIG_FILE": str(folder / "pip.conf")} | variables


def test_an_installed_pip_is_entered_without_its_neighbors(unpacked_pip: Path, tmp_path: Path, trace: Path) -> None:
    plant(tmp_path / "neighbors", trace)
    for neighbor in (tmp_path / "neighbors").iterdir():
        if neighbor.stem != "pip":
            neighbor.rename(unpacked_pip / neighbor.name)
    arguments = ["install", "--target", str(tmp_path / "target"), "--no-index", "packaging"]
    command = Pip(path=str(unpacked_pip / "pip")).command(arguments, seconds=60)
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "No matching distribution found for packaging" in ended.stdout + ended.stderr
    assert not trace.exists()
