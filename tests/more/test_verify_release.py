"""A release can be made and verified by anybody: in a clone of this checkout, with real commits."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builders.started import ROOT

IGNORED = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", "build", "dist", ".*_cache", ".hypothesis", ".coverage*"
)


def run(repository: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=repository, capture_output=True, encoding="utf-8", check=False)


def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    ended = run(repository, "git", *identity, *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def release(repository: Path, tree: Path, version: str) -> str:
    built = run(repository, sys.executable, "tools/release_tree.py", str(tree))
    assert built.returncode == 0, built.stderr
    committed = run(repository, sys.executable, "tools/release_commit.py", str(tree), version)
    assert committed.returncode == 0, committed.stderr
    return committed.stdout.strip()


def verify(repository: Path, tag: str) -> tuple[int, str]:
    ended = run(repository, sys.executable, "tools/verify_release.py", tag)
    return ended.returncode, ended.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """This checkout as the only commit of a repository."""
    folder = tmp_path / "repository"
    shutil.copytree(ROOT, folder, ignore=IGNORED)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


def test_a_release_is_verified_and_a_changed_one_is_named(repository: Path, tmp_path: Path) -> None:
    source = git(repository, "rev-parse", "HEAD")
    first = release(repository, tmp_path / "one", "1.0.0")
    assert git(repository, "rev-parse", "v1.0.0^1", "releases").split() == [source, first]
    code, printed = verify(repository, "v1.0.0")
    assert code == 0, printed
    assert printed.startswith("v1.0.0 is what its source and its locks give: tree ")
    assert release(repository, tmp_path / "again", "1.0.0") == first, "a re-run finds what is there"

    (repository / "bootstrap.py").write_text("print()\n", encoding="utf-8")
    git(repository, "commit", "--quiet", "--all", "--message", "Change")
    second = release(repository, tmp_path / "two", "1.0.1")
    assert git(repository, "rev-parse", "v1.0.1^2") == first
    assert git(repository, "branch", "--contains", first, "--format", "%(refname:short)") == "releases"
    assert git(repository, "rev-parse", "releases") == second
    assert "wheels" not in git(repository, "ls-tree", "--name-only", "main").split()

    changed = tmp_path / "two" / "wheels" / "evil-1.0-py3-none-any.whl"
    changed.write_bytes(b"x")
    (tmp_path / "two" / "LICENSE").write_text("other\n", encoding="utf-8")
    made = run(repository, sys.executable, "tools/release_commit.py", str(tmp_path / "two"), "1.0.2").stdout.strip()
    assert made
    code, printed = verify(repository, "v1.0.2")
    assert code == 1
    assert "only in the release: " in printed
    assert "wheels/evil-1.0-py3-none-any.whl" in printed
    assert "LICENSE" in printed


def test_what_is_not_a_release_cannot_be_verified(repository: Path) -> None:
    code, printed = verify(repository, "v9.9.9")
    assert code == 2
    assert printed.startswith("v9.9.9 cannot be verified: ")


def test_a_version_is_not_released_twice_with_different_trees(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a").touch()
    assert run(repository, sys.executable, "tools/release_commit.py", str(tmp_path / "one"), "1.0.0").returncode == 0
    (tmp_path / "one" / "b").touch()
    again = run(repository, sys.executable, "tools/release_commit.py", str(tmp_path / "one"), "1.0.0")
    assert again.returncode == 1
    assert "exists already with another tree" in again.stderr
