"""Other people's programs, found where PATH says and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path


def find_program(name: str, *, path: str, platform: str) -> str | None:
    """The full path of a program in the first absolute entry of ``path`` that has it; ``platform``: ``sys.platform``.

    Windows looks for a bare name in the current folder before it looks anywhere else, and whoever gave us that folder
    may have put a ``git.exe`` there. Entries that are empty or relative are passed over for the same reason.
    """
    filename = f"{name}.exe" if platform == "win32" else name
    for entry in path.split(os.pathsep):
        file = Path(entry) / filename
        if Path(entry).is_absolute() and file.is_file() and os.access(file, os.X_OK):
            return str(file)
    return None
