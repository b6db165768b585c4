"""Run the core of the suite on every CPython from 3.10 to 3.15 that this machine has, and say which it had.

Looked for: ``python3.N`` on PATH, in pyenv's folder, and in a runner's tool cache. Each gets a virtual environment
in ``build/pythons/`` from the hash lock. The exit code is 1 when the suite failed on one of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MINORS: Final = range(10, 16)
FOLDERS: Final = ("checks", "core", "readers", "io", "publish", "attestations", "report", "bootstrap")
CORE: Final = [f"tests/{name}" for name in FOLDERS]
ASK: Final = "import platform, sys; print(platform.python_implementation(), platform.python_version(), sys.executable)"


def candidates(minor: int) -> list[Path]:
    """Where the interpreters of one version are kept."""
    named = shutil.which(f"python3.{minor}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [*pyenv.glob(f"versions/3.{minor}.*"), *Path("/opt/hostedtoolcache/Python").glob(f"3.{minor}.*/x64")]
    return [*([Path(named)] if named else []), *(folder / "bin" / "python" for folder in folders)]


def version_of(python: Path, minor: int) -> str:
    """The full version, or nothing when this is no CPython of that version that starts."""
    try:
        run = subprocess.run([python, "-I", "-c", ASK], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    implementation, version, *_ = [*run.stdout.split(), "", ""]
    return version if implementation == "CPython" and version.startswith(f"3.{minor}.") else ""


def suite_passes(python: Path, minor: int) -> bool:
    """Make the environment and run the tests."""
    environment = ROOT / "build" / "pythons" / f"3.{minor}"
    made = ["make", "--no-print-directory", f"PYTHON={python}", f"VENV={environment}", f"{environment}/made"]
    tests = [environment / "bin" / "pytest", "--numprocesses", "2", "-p", "no:cacheprovider", *CORE]
    return all(subprocess.run(command, cwd=ROOT, check=False).returncode == 0 for command in (made, tests))


def main() -> int:
    """Print one line for each version at the end."""
    lines: list[str] = []
    failed = False
    for minor in MINORS:
        found = next(((path, version) for path in candidates(minor) if (version := version_of(path, minor))), None)
        if found is None:
            lines.append(f"3.{minor}: not on this machine")
            continue
        passed = suite_passes(found[0], minor)
        failed = failed or not passed
        lines.append(f"{found[1]}: {'passed' if passed else 'FAILED'} ({found[0]})")
    print("\n".join(lines))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
