"""This project can be released in the way it recommends: what ``release.yml`` asks for before it publishes holds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from builders.started import ROOT
from pypi_trusted_publish import __version__

NEEDED: Final = ("pyproject.toml", "README.md", "LICENSE")
"""Beside ``src``, what a build of this project reads."""


def run(folder: Path, *command: str) -> str:
    """Run a module of this virtual environment in a folder; returns what it printed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_"))}
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_our_own_distributions_pass_our_own_check_at_its_strictest(tmp_path: Path) -> None:
    for name in NEEDED:
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    run(tmp_path, "build", "--no-isolation")
    assert "2 distributions checked" in run(tmp_path, "pypi_trusted_publish", "check", "--strict", "dist")


def test_the_changelog_tells_of_the_version_that_would_be_released() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE)
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    titles = [re.findall(r"^### (\w+)$", section, re.MULTILINE) for section in sections]
    assert all("Security" not in found[1:] for found in titles)


def test_the_release_workflow_finds_the_version_where_it_looks_for_it() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    found = re.search(r"sed -n 's/\^(.+?)\\\(\.\*\\\)(.+?)\$/\\1/p' (\S+)\)", workflow)
    assert found is not None
    before, after, path = found.groups()
    assert f"{before}{__version__}{after}\n" in (ROOT / path).read_text(encoding="utf-8")
