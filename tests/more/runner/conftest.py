"""Fixtures for tests in which a runner runs the action."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from builders.started import ROOT, copy_checkout
from builders.workflow import WorkflowRunner
from pypi_trusted_publish.rehearsal.sandbox import Sandbox

Prepare = Callable[..., AbstractContextManager[tuple[WorkflowRunner, Sandbox]]]

if sys.platform != "linux":  # only Linux lists the children of the runner
    collect_ignore = ["test_signal.py"]
if sys.platform == "win32":  # the runner starts sh there; ci.yml runs the action on Windows
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels that the action installs, fetched once."""
    folder = tmp_path_factory.mktemp("wheels")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    for name in ("runtime", "description"):
        lock = ROOT / "requirements" / f"{name}.txt"
        subprocess.run([*pip, "--require-hashes", "-r", str(lock), "-d", str(folder)], check=True)
    return folder


@pytest.fixture
def probing(tmp_path: Path, wheels: Path) -> WorkflowRunner:
    """A runner of the action with a program that only reports what it finds."""
    runner = WorkflowRunner(folder=tmp_path, checkout=copy_checkout(tmp_path / "the action é"), wheels=wheels)
    runner.environ["PROBE_FILE"] = str(runner.kept / "probe.json")
    return runner


@pytest.fixture
def prepare(tmp_path: Path, wheels: Path) -> Prepare:
    """Build a release in the workspace of a runner, and the index and GitHub's side of it around.

    ``tree``: run the action from this release tree, where pip would find no wheel.
    """

    @contextmanager
    def prepared(
        *, dist: str = "dist", tree: Path | None = None, **settings: Any
    ) -> Iterator[tuple[WorkflowRunner, Sandbox]]:
        if tree is None:
            runner = WorkflowRunner(
                folder=tmp_path, checkout=copy_checkout(tmp_path / "action", program=None), wheels=wheels
            )
        else:
            (tmp_path / "no wheels").mkdir()
            runner = WorkflowRunner(folder=tmp_path, checkout=tree, wheels=tmp_path / "no wheels")
        with Sandbox(tmp_path / "sandbox", **settings) as sandbox:
            for file in sandbox.distributions or ():
                target = runner.workspace / dist / file.name
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(file.read_bytes())
            for name in ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"):
                runner.environ[name] = sandbox.environ[name]
            yield runner, sandbox

    return prepared
