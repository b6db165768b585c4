"""A release in a separate process, started through a command that makes the machine unusual."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import pytest

from builders.bare import NEEDED
from builders.polling import PATIENT
from builders.started import ROOT, built_release_tree
from pypi_trusted_publish.rehearsal.sandbox import Sandbox

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]

MOUNTED: Final = 'mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@"'


@dataclass(frozen=True)
class Ended:
    """What a run left."""

    code: int
    log: str


IPV6_ALONE: Final = 'ip link set lo up && ip -4 address flush dev lo && exec "$@"'
Run = Callable[..., Ended]
Action = Callable[..., Ended]
Mount = Callable[[Path, str], list[str]]


@pytest.fixture
def publish() -> Run:
    """Publish what a sandbox holds; ``behind`` is a command that takes another one, ``environ`` replaces variables."""

    def run(sandbox: Sandbox, *, behind: Sequence[str] = (), environ: Mapping[str, str | None] | None = None) -> Ended:
        given = {**NEEDED, **sandbox.environ, "PYTHONPATH": str(ROOT / "src"), **(environ or {})}
        command = [*behind, sys.executable, "-u", "-m", "pypi_trusted_publish", "publish"]
        return started(command, {name: value for name, value in given.items() if value is not None})

    return run


def started(command: list[str], environ: Mapping[str, str], cwd: Path | None = None) -> Ended:
    """Run a command to its end."""
    ended = subprocess.run(
        command,
        env=environ,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=PATIENT,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout)


@pytest.fixture
def mount() -> Mount:
    """A command that sees a folder as an empty file system in memory, with options of ``mount``; needs root."""

    def command(folder: Path, options: str) -> list[str]:
        prefix = ["unshare", "--mount", "sh", "-c", MOUNTED, "sh", options, str(folder)]
        return possible(prefix, "util-linux")

    return command


@pytest.fixture
def ipv6_alone() -> list[str]:
    """A command that sees a network of its own, in which loopback has no IPv4 address; needs root and iproute2."""
    prefix = ["unshare", "--net", "sh", "-c", IPV6_ALONE, "sh"]
    if not shutil.which("ip"):
        skip_without("ip", "iproute2")
    return possible(prefix, "util-linux")


def possible(prefix: list[str], package: str) -> list[str]:
    """A command that takes another one, or skip the test where it cannot be run; ``package`` of Debian has it."""
    if not shutil.which(prefix[0]):
        skip_without(prefix[0], package)
    tried = subprocess.run([*prefix, "true"], check=False, capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"not tried: root and these rights of the kernel are needed ({tried.stderr.strip()[:200]})")
    return prefix


def skip_without(what: str, package: str) -> NoReturn:
    """Skip a test for want of something that packages of Debian have."""
    pytest.skip(f"not tried: it needs {what} (apt-get install {package})")


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of a release of this checkout."""
    return built_release_tree(tmp_path_factory)


@pytest.fixture
def action(tmp_path: Path, tree: Path) -> Action:
    """Start a release of the action by its launcher, with the wheels that it brings, to check or to publish."""
    for name in ("workspace", "temp", "home"):
        (tmp_path / name).mkdir()

    def run(*arguments: str, behind: Sequence[str] = (), environ: Mapping[str, str | None] | None = None) -> Ended:
        given = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path / "home"),
            "RUNNER_TEMP": str(tmp_path / "temp"),
            "GITHUB_WORKSPACE": str(tmp_path / "workspace"),
            "GITHUB_ACTIONS": "true",
            "PIP_NO_INDEX": "1",
            **(environ or {}),
        }
        kept = {name: value for name, value in given.items() if value is not None}
        return started([*behind, "/bin/sh", str(tree / "launch.sh"), *arguments], kept, tmp_path / "workspace")

    return run
