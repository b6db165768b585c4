"""Copies of interpreters that lack a part of the standard library, as the Pythons of slim systems do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest


def interpreter_of(folder: Path, program: Path, library: Path, files: Iterable[Path]) -> str:
    """A copy of ``program`` that finds these files and folders of ``library``, and no others; returns its path.

    The test is skipped where the copy does not start, or has the library of the original (a framework of macOS).
    """
    own = folder / "lib" / library.name
    for file in files:
        link = own / file.relative_to(library)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(file)
    for shared in library.parent.glob("libpython*"):
        (folder / "lib" / shared.name).symlink_to(shared)
    python = folder / "bin" / "python3"
    python.parent.mkdir()
    shutil.copy(program.resolve(), python)
    asked = [str(python), "-I", "-S", "-c", "import os; print(os.__file__)"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    if Path(found).parent != own:
        pytest.skip(f"not tried: a copy of {program} does not start, or has the library of the original")
    return str(python)


def interpreter_without(folder: Path, *modules: str) -> str:
    """A copy of this interpreter whose standard library lacks modules, compiled ones among them."""
    library = Path(os.__file__).parent
    compiled = library / "lib-dynload"
    entries = [*(entry for entry in library.iterdir() if entry != compiled), *compiled.glob("*")]
    kept = (entry for entry in entries if entry.name.split(".")[0] not in modules)
    return interpreter_of(folder, Path(sys.executable), library, kept)
