"""Run the core of the suite on every CPython from 3.10 to 3.15 that this machine has, and say which it had.

Looked for: ``python3.N`` on PATH, and what pyenv, uv, and a runner's tool cache keep; one for each N, a final release
before a candidate, then the newest. Each gets a virtual environment in ``build/pythons/`` from the hash lock. The exit
code is 1 when the suite failed on one of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.version import Version

ROOT: Final = Path(__file__).resolve().parent.parent
MINORS: Final = range(10, 16)
FOLDERS: Final = ("attestations", "bootstrap", "checks", "core", "io", "publish", "readers", "report", "workflows")
CORE: Final = [*(f"tests/{name}" for name in FOLDERS), "tests/runs/test_publish.py", "tests/test_inputs.py"]
"""What an interpreter can change: reading, requests, processes, and whole releases."""
ASK: Final = """
import sys
missing = []
for name in ("venv", "ensurepip", "ssl"):
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
threads = "free-threaded" if "free-threading" in sys.version else "regular"
print(sys.implementation.name, sys.version.split()[0].rstrip("+"), threads, *missing)
"""


@dataclass(frozen=True)
class Interpreter:
    """One Python of this machine."""

    path: Path
    version: str = ""
    """Empty when it does not start."""
    unsuitable: str = "does not start"
    """Why the suite does not run on it; empty when it does."""

    @property
    def rank(self) -> tuple[bool, bool, Version]:
        """The larger, the better."""
        version = Version(self.version or "0")
        return not self.unsuitable, not version.is_prerelease, version


def candidates(minor: int) -> list[Path]:
    """Where the interpreters of one version are kept."""
    named = shutil.which(f"python3.{minor}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    tools = Path(os.environ.get("RUNNER_TOOL_CACHE") or "/opt/hostedtoolcache")
    folders = [
        *pyenv.glob(f"versions/3.{minor}.*"),
        *Path.home().glob(f".local/share/uv/python/cpython-3.{minor}.*"),
        *tools.glob(f"Python/3.{minor}.*/*"),
    ]
    kept = [folder / ("python.exe" if os.name == "nt" else "bin/python") for folder in sorted(folders)]
    return [*([Path(named)] if named else []), *(path for path in kept if path.exists())]


def examined(path: Path, minor: int) -> Interpreter | None:
    """What an interpreter says about itself; None when it is not a CPython of this version."""
    try:
        run = subprocess.run([path, "-I", "-c", ASK], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return Interpreter(path)
    if run.returncode:
        return Interpreter(path)
    name, version, threads, *missing = run.stdout.split()
    if name != "cpython" or not version.startswith(f"3.{minor}."):
        return None
    if missing:
        package = f"; on Debian, install python3.{minor}-venv" if "ssl" not in missing else ""
        return Interpreter(path, version, f"has no {' and no '.join(missing)}{package}")
    free = "is free-threaded, and packages of the lock have no wheel for that" if threads == "free-threaded" else ""
    return Interpreter(path, version, free)


def chosen(minor: int) -> Interpreter | None:
    """The best interpreter of one version; None when there is none at all."""
    found = [each for path in candidates(minor) if (each := examined(path, minor))]
    return max(found, key=lambda each: each.rank, default=None)


def outcome(python: Interpreter) -> str:
    """Make the environment and run the tests; how that ended, in one or two words."""
    environment = ROOT / "build" / "pythons" / python.version
    made = ["make", "--no-print-directory", f"PYTHON={python.path}", f"VENV={environment}", f"{environment}/made"]
    if subprocess.run(made, cwd=ROOT, check=False).returncode:
        return "FAILED: its virtual environment could not be made"
    pytest = environment / ("Scripts" if os.name == "nt" else "bin") / "pytest"
    tests = [pytest, "--numprocesses", "3", "--dist", "worksteal", "-p", "no:cacheprovider", *CORE]
    return "FAILED" if subprocess.run(tests, cwd=ROOT, check=False).returncode else "passed"


def main() -> int:
    """Print one line for each version at the end."""
    lines: list[str] = []
    for minor in MINORS:
        python = chosen(minor)
        if python is None:
            lines.append(f"3.{minor}: not on this machine")
        elif python.unsuitable:
            lines.append(f"{python.version or f'3.{minor}'}: not tested, since {python.path} {python.unsuitable}")
        else:
            print(f"CPython {python.version} ({python.path})", flush=True)
            lines.append(f"{python.version}: {outcome(python)} ({python.path})")
    print("\n".join(lines))
    return int(any(": FAILED" in line for line in lines))


if __name__ == "__main__":
    sys.exit(main())
