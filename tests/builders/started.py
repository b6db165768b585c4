"""One start of ``bootstrap.py`` in a child, with a program that reports what it finds instead of publishing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from .polling import PATIENT, until

ROOT: Final = Path(__file__).resolve().parents[2]
LAUNCHERS: Final = ("action.yml", "launch.sh", "launch.ps1", "bootstrap.py")

PROBE_PROGRAM: Final = '''\
"""Writes what a program finds when it is started to the file that PROBE_FILE names, and does what its arguments say."""

import importlib, json, os, sys, threading


def main(argv, *, environ, install, cleanup):
    found = {
        "argv": list(argv), "path": list(sys.path), "folder": os.getcwd(), "flags": repr(sys.flags),
        "environ": dict(environ), "parent": os.getppid(), "modules": {},
        "utf8": sys.flags.utf8_mode, "bytecode": not sys.dont_write_bytecode,
    }
    for name in ("actions_toolkit.command", "actions_toolkit.file_command", "httpx", "packaging.version",
                 "email_validator", "trove_classifiers", "certifi"):
        found["modules"][name] = importlib.import_module(name).__file__
    if "install-twice" in argv:
        threads = [threading.Thread(target=install, args=("description",)) for _ in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        found["modules"]["readme_renderer"] = importlib.import_module("readme_renderer").__file__
    if "compiled" in argv:
        import _socket, ctypes, shutil
        ctypes.PyDLL(os.path.abspath(shutil.copy(_socket.__file__, "packages")))
    found["loaded"] = sorted(sys.modules)
    found["packages"] = sorted(os.listdir("packages"))
    with open(environ["PROBE_FILE"], "w", encoding="utf-8") as file:
        json.dump(found, file)
    if "crash" in argv:
        raise RuntimeError("the program crashed")
    if "leave" in argv:
        cleanup()
        os._exit(9)
    return 7 if "seven" in argv else 0
'''


def copy_checkout(folder: Path, *, program: str | None = PROBE_PROGRAM) -> Path:
    """What a runner fetches of the action, in ``folder``; with ``program`` in place of ours if that is given."""
    folder.mkdir(parents=True)
    for name in LAUNCHERS:
        shutil.copy(ROOT / name, folder)
    for name in ("check", "preview", "requirements", "src"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    if program is not None:
        (folder / "src" / "pypi_trusted_publish" / "__main__.py").write_text(program, encoding="utf-8")
    return folder


def built_release_tree(temporary: pytest.TempPathFactory) -> Path:
    """The release tree of this checkout: what ``RELEASE_TREE`` names, or built by one worker for all of a test run."""
    if os.environ.get("RELEASE_TREE"):
        return Path(os.environ["RELEASE_TREE"])
    shared = temporary.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    tree, unfinished, failed = (shared / f"release-tree{suffix}" for suffix in ("", "-unfinished", "-failed"))
    try:
        (shared / "release-tree-begun").mkdir()
    except FileExistsError:
        until(lambda: tree.exists() or failed.exists(), seconds=600)
    else:
        command = [sys.executable, str(ROOT / "tools" / "release_tree.py"), unfinished.name]  # as release.yml names it
        built = subprocess.run(
            command, cwd=shared, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if built.returncode == 0:
            unfinished.rename(tree)
        else:
            failed.write_text(built.stdout, encoding="utf-8")
    assert tree.exists(), failed.read_text(encoding="utf-8")
    return tree


def interpreters() -> list[str]:
    """Every suitable Python on this machine that a command of the usual name starts, our own first."""
    found = {str(Path(sys.executable).resolve()): sys.executable}
    for minor in range(10, 16):
        command = shutil.which(f"python3.{minor}")
        if command:
            probe = [command, "-I", "-S", "-c", "import sys; print(sys.executable)"]
            answer = subprocess.run(probe, capture_output=True, text=True, check=False)
            if answer.returncode == 0:
                found.setdefault(str(Path(answer.stdout.strip()).resolve()), answer.stdout.strip())
    return list(found.values())


def network_variables() -> dict[str, str]:
    """The variables that a child needs to run and to reach a package index."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PIP_CERT")
    windows = ("SYSTEMROOT", "WINDIR", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
    both = (*names, *(name.lower() for name in names), *windows, "PATH", "LD_LIBRARY_PATH", "PIP_INDEX_URL")
    present = set(os.environ)  # Windows finds a variable by either spelling, and a child would get it twice
    return {name: os.environ[name] for name in both if name in present}


@dataclass(kw_only=True)
class Started:
    """A start, and its result afterwards."""

    checkout: Path
    folder: Path
    environ: dict[str, str] = field(default_factory=network_variables)
    code: int = -1
    output: str = ""
    errors: str = ""

    def __post_init__(self) -> None:
        for name in ("workspace", "temp", "home"):
            (self.folder / name).mkdir(exist_ok=True)
        self.environ |= {
            "HOME": str(self.folder / "home"),
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.folder / "workspace"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "PROBE_FILE": str(self.folder / "probe.json"),
        }

    def run(self, arguments: Sequence[str], *, python: str = sys.executable) -> None:
        """Start it as the launchers do, from the workspace, and wait for its end."""
        self._run([python, "-I", "-S", "-u", "-X", "utf8", str(self.checkout / "bootstrap.py"), *arguments])

    def run_plainly(self, arguments: Sequence[str]) -> None:
        """Start it without the options of the launchers."""
        self._run([sys.executable, str(self.checkout / "bootstrap.py"), *arguments])

    def _run(self, command: list[str]) -> None:
        ended = subprocess.run(
            command,
            env=self.environ,
            cwd=self.folder / "workspace",
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENT,
            check=False,
        )
        self.code, self.output, self.errors = ended.returncode, ended.stdout, ended.stderr

    @property
    def seen(self) -> dict[str, Any]:
        """What the program found."""
        found: dict[str, Any] = json.loads((self.folder / "probe.json").read_text(encoding="utf-8"))
        return found

    @property
    def program_ran(self) -> bool:
        return (self.folder / "probe.json").exists()

    @property
    def left_over(self) -> list[str]:
        """What is left in ``RUNNER_TEMP`` at the end."""
        return [path.name for path in (self.folder / "temp").iterdir()]
