"""Commit a release tree: ``release_commit.py TREE VERSION``.

The commit's first parent is HEAD, the second the head of the branch ``releases``, when there is one: so that the branch
holds every release. Moves that branch and makes the tag ``v<VERSION>``, in this repository only; prints the commit.
Names and dates are those of HEAD, so that the same tree gives the same commit. A tag with that tree stays.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BRANCH: Final = "refs/heads/releases"


def git(*arguments: str, environ: Mapping[str, str] | None = None, repository: Path = ROOT) -> str:
    """Run git in the repository; returns what it printed, nothing when it failed under ``--quiet``."""
    ended = subprocess.run(
        ["git", "-C", str(repository), *arguments],  # noqa: S607 - the developer's git
        check="--quiet" not in arguments,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, **(environ or {})},
    )
    return ended.stdout.strip()


def commit(tree: Path, version: str, repository: Path = ROOT) -> str:
    """Make the commit, move the branch, make the tag; returns the commit."""
    tag = f"refs/tags/v{version}"
    content = tree_of(tree, repository)
    released = git("rev-parse", "--verify", "--quiet", f"{tag}^{{commit}}", repository=repository)
    if released:
        if git("rev-parse", f"{released}^{{tree}}", repository=repository) != content:
            raise SystemExit(f"v{version} exists already with another tree")
        return released
    parents = [git("rev-parse", "HEAD", repository=repository)]
    if previous := git("rev-parse", "--verify", "--quiet", BRANCH, repository=repository):
        parents.append(previous)
    shown = git("show", "--no-patch", "--format=%an%n%ae%n%at +0000", "HEAD", repository=repository)
    known = dict(zip(("NAME", "EMAIL", "DATE"), shown.split("\n"), strict=True))
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in known.items()}
    options = [part for parent in parents for part in ("-p", parent)]
    made = git("commit-tree", content, *options, "-m", f"Release {version}", environ=who, repository=repository)
    git("update-ref", BRANCH, made, repository=repository)
    git("update-ref", tag, made, repository=repository)
    return made


def tree_of(folder: Path, repository: Path) -> str:
    """Add the content of a folder to the repository's objects; returns the id of the tree."""
    with tempfile.TemporaryDirectory(prefix="index-") as index:
        environ = {"GIT_INDEX_FILE": str(Path(index, "index")), "GIT_WORK_TREE": str(folder.resolve())}
        environ["GIT_DIR"] = git("rev-parse", "--absolute-git-dir", repository=repository)
        git("-c", "core.autocrlf=false", "add", "--all", "--force", ".", environ=environ, repository=folder)
        return git("write-tree", environ=environ, repository=folder)


def main(arguments: list[str]) -> int:
    """Commit one tree."""
    if len(arguments) != 2:  # noqa: PLR2004 - the tree and the version
        sys.stdout.write("usage: release_commit.py TREE VERSION\n")
        return 2
    sys.stdout.write(f"{commit(Path(arguments[0]), arguments[1])}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
