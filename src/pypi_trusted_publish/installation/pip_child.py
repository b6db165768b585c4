"""Find a pip that no stranger could have touched, and run it in a child that imports nothing else of the machine.

The child runs with ``-I -S``: no folder of the caller, no ``PYTHON...`` variable, no site-packages, so neither a
``.pth`` file nor a ``sitecustomize`` nor a package that lies there is ever run. pip itself is the wheel that comes
with the interpreter (``ensurepip``); where a distributor took that out, pip's own folder in site-packages is entered
as the one package ``pip``, without its neighbors.

Standard library only: ``bootstrap.py`` runs this before anything is installed.
"""

from __future__ import annotations

import os
import re
import site
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

ISOLATED: Final = ("-I", "-S", "-X", "utf8")
"""Options of an interpreter that must run nothing but what it is told to."""

_RUN_WHEEL: Final = """\
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""

_RUN_FOLDER: Final = """\
import importlib.util, os, runpy, sys
folder = sys.argv.pop(1)
start = os.path.join(folder, "__init__.py")
spec = importlib.util.spec_from_file_location("pip", start, submodule_search_locations=[folder])
sys.modules["pip"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True, kw_only=True)
class Pip:
    """A pip that can be run: a wheel file, or the folder of an installed package."""

    path: str

    def command(self, arguments: Sequence[str], *, python: str = sys.executable) -> list[str]:
        """Return the command line that runs it with ``arguments`` in a child of its own."""
        program = _RUN_WHEEL if self.path.endswith(".whl") else _RUN_FOLDER
        return [python, *ISOLATED, "-c", program, self.path, *arguments]


def find_pip() -> Pip | None:
    """Find the pip of this interpreter, or None when its distributor left out both forms."""
    return choose_pip(wheel_folders(), package_folders())


def choose_pip(wheels: Iterable[Path], packages: Iterable[Path]) -> Pip | None:
    """Choose the newest pip wheel of the first folder that has one, else the first folder that holds pip itself."""
    for folder in wheels:
        found = sorted(folder.glob("pip-*.whl"), key=_version)
        if found:
            return Pip(path=str(found[-1]))
    for folder in packages:
        if (folder / "pip" / "__main__.py").is_file():
            return Pip(path=str(folder / "pip"))
    return None


def wheel_folders() -> Iterator[Path]:
    """Where an interpreter keeps the wheels of ``ensurepip``: its own folder, or that of the distributor."""
    yield Path(os.__file__).parent / "ensurepip" / "_bundled"
    distributor = sysconfig.get_config_var("WHEEL_PKG_DIR")
    if distributor:
        yield Path(distributor)


def package_folders() -> Iterator[Path]:
    """Say where packages may be installed, the interpreter's own environment first; none is imported from."""
    environment = Path(sys.executable).parent.parent
    yield environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    yield environment / "Lib" / "site-packages"
    yield from map(Path, (sysconfig.get_path("purelib"), *site.getsitepackages(), site.getusersitepackages()))


def start_pip(
    pip: Pip, arguments: Sequence[str], *, environment: Mapping[str, str], folder: str
) -> subprocess.Popen[str]:
    """Start pip in ``folder``; everything that it says comes as text from ``stdout``."""
    return subprocess.Popen(
        pip.command(arguments),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def _version(wheel: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", wheel.name.split("-")[1])]
