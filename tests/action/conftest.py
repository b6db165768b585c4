"""What the tests need that let a runner play the action."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from builders.started import ROOT, copy_checkout
from builders.workflow import Play

if sys.platform == "win32":  # the runner starts sh there; the workflow of this repository plays the action on Windows
    collect_ignore = ["test_played_wiring.py", "test_played_release.py"]


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
def telling(tmp_path: Path, wheels: Path) -> Play:
    """A play of the action with a program that only tells what it finds."""
    play = Play(folder=tmp_path, checkout=copy_checkout(tmp_path / "the action é"), wheels=wheels)
    play.environ["TELL"] = str(play.kept / "told.json")
    return play
