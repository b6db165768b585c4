"""Write the tree that a release tag points to: ``release_tree.py OUT``.

It holds the files of this checkout that the action needs, and ``wheels/``: the pure wheels of its locks, byte for byte
as the package index serves them. pip fetches them, each by its SHA-256. The same checkout gives the same tree.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from pypi_trusted_publish.installation.locks import Lock, Pin, Wheel, read_lock  # noqa: E402 - found by the line above
from pypi_trusted_publish.installation.release_tree import unpack_wheel  # noqa: E402

LOCKS: Final = ("runtime", "description", "attestations")
FILES: Final = (
    *(
        "LICENSE",
        "README.md",
        "action.yml",
        "bootstrap.py",
        "check/action.yml",
        "preview/action.yml",
        "launch.ps1",
        "launch.sh",
    ),
    *("requirements/wheels.txt", *(f"requirements/{name}.txt" for name in LOCKS)),
    ".gitattributes",
)
"""What the action needs in addition to ``src``; ``.gitattributes`` keeps line ends on every system."""
PROGRAMS: Final = ("launch.sh",)

TRIES: Final = 3
PURE: Final = ("--implementation", "py", "--abi", "none", "--platform", "any", "--ignore-requires-python")
"""Options with which pip takes pure wheels only, whatever Python runs it."""


def build(root: Path, out: Path) -> None:
    """Write the tree of the checkout ``root`` into ``out``, which must be empty or not exist."""
    for source in [*(root / name for name in FILES), *sorted((root / "src").rglob("*.py"))]:
        target = out / source.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o755 if target.name in PROGRAMS else 0o644)
    (out / "wheels").mkdir()
    with tempfile.TemporaryDirectory(prefix="wheels-") as folder:
        fetched = Path(folder)
        wanted = list(pure_wheels(root / "requirements"))
        for some in rounds([pin for pin, _ in wanted]):
            fetch(some, fetched)
        absent = [wheel.filename for _, wheel in wanted if not (fetched / wheel.filename).is_file()]
        if absent:
            there = ", ".join(sorted(path.name for path in fetched.iterdir()))
            raise SystemExit(f"pip did not download {', '.join(absent)}; it left {there}")
        for _, wheel in wanted:
            content = (fetched / wheel.filename).read_bytes()
            if hashlib.sha256(content).hexdigest() != wheel.sha256:
                raise SystemExit(f"{wheel.filename} has another SHA-256 than the lock")
            unpack_wheel(content, fetched / "unpacked" / wheel.filename)  # what bootstrap.py will do with it
            (out / "wheels" / wheel.filename).write_bytes(content)


def pure_wheels(requirements: Path) -> Iterator[tuple[Pin, Wheel]]:
    """Each requirement of the locks that has a pure wheel, once, with that wheel."""
    seen: set[str] = set()
    for lock in (read_lock(requirements, name) for name in LOCKS):
        for pin in lock.pins:
            for wheel in _pure(lock, pin):
                if wheel.sha256 not in seen:
                    seen.add(wheel.sha256)
                    yield pin, wheel


def _pure(lock: Lock, pin: Pin) -> list[Wheel]:
    return [wheel for wheel in lock.wheels_of(pin) if wheel.is_pure]


def rounds(pins: Iterable[Pin]) -> list[list[Pin]]:
    """Groups of requirements in which no package occurs twice: pip takes one version of each."""
    groups: list[list[Pin]] = []
    for pin in pins:
        group = next((group for group in groups if pin.name not in {other.name for other in group}), None)
        if group is None:
            groups.append([pin])
        else:
            group.append(pin)
    return groups


def fetch(pins: Sequence[Pin], folder: Path) -> None:
    """Let pip download the pure wheels of these requirements into ``folder``, each by its hash."""
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(pin.unconditional for pin in pins), encoding="utf-8")
    command = [sys.executable, "-I", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-cache-dir", "--require-hashes", "--only-binary", ":all:", *PURE]
    for attempt in range(1, TRIES + 1):  # pip repeats connections, but not every answer that is cut off
        ended = subprocess.run([*command, "-r", str(requirements), "-d", str(folder)], check=attempt == TRIES)
        if ended.returncode == 0:
            return


def tree_id(folder: Path) -> str:
    """The id that git gives the content of ``folder``, whatever modes the file system has."""
    with tempfile.TemporaryDirectory(prefix="tree-") as repository:
        environ = {**os.environ, "GIT_DIR": repository, "GIT_WORK_TREE": str(folder.resolve())}
        git = ["git", "-c", "core.autocrlf=false", "-c", "core.fileMode=false"]
        subprocess.run([*git, "init", "--quiet"], check=True, env=environ)
        subprocess.run([*git, "add", "--all", "--force"], check=True, env=environ, cwd=folder)
        subprocess.run([*git, "add", "--chmod=+x", "--force", *PROGRAMS], check=True, env=environ, cwd=folder)
        written = subprocess.run(
            [*git, "write-tree"], check=True, env=environ, cwd=folder, capture_output=True, text=True
        )
    return written.stdout.strip()


def main(arguments: Sequence[str]) -> int:
    """Build the tree and print its id."""
    parser = argparse.ArgumentParser(prog="release_tree.py", description=__doc__)
    parser.add_argument("out", type=Path, help="the folder to write; must be empty or not exist")
    out = parser.parse_args(arguments).out
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        sys.stderr.write(f"{out} exists and is not an empty folder\n")
        return 2
    build(ROOT, out)
    sys.stdout.write(f"{tree_id(out)}  {out}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
