"""Write ``requirements/wheels.txt``: SHA-256 and file name of every wheel that the locks of the action name.

Run by ``make lock`` and ``tools/refresh_tables.py``, with the ``uv`` of the virtual environment. A lock has hashes
without names; the names say which wheels are pure, and for which platforms there is one. The lines are those of
``sha256sum``, one section for each lock.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCKS: Final = ("runtime", "description", "attestations")
HEAD: Final = "# The wheels that the locks name. Written by `make lock`.\n"

_WHEEL: Final = re.compile(r'/([^/"]+\.whl)"[^}]*?sha256 = "([0-9a-f]{64})"')


def wheels_of(pylock: str) -> list[tuple[str, str]]:
    """File name and SHA-256 of each wheel in a ``pylock.toml``, sorted by name."""
    return sorted(set(_WHEEL.findall(pylock)))


def resolved(uv: str, root: Path, name: str) -> str:
    """The lock ``name`` as a ``pylock.toml``, in which each file has its name."""
    command = [uv, "pip", "compile", "--quiet", "--no-deps", "--universal", "--python-version", "3.10"]
    command += ["--format", "pylock.toml", f"requirements/{name}.txt"]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, encoding="utf-8").stdout


def table(uv: str, root: Path) -> str:
    """The whole file; keeps only wheels whose hash is in the lock."""
    text = HEAD
    for name in LOCKS:
        lock = (root / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        rows = [f"{digest}  {wheel}\n" for wheel, digest in wheels_of(resolved(uv, root, name)) if digest in lock]
        text += f"\n# {name}\n{''.join(rows)}"
    return text


def main() -> None:
    """Write the file."""
    uv = str(Path(sys.executable).with_name("uv"))
    (ROOT / "requirements" / "wheels.txt").write_text(table(uv, ROOT), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
