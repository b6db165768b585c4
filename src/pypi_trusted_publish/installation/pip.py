"""Finds a trustworthy pip and runs it in a child process that imports nothing else from the machine.

pip is the wheel that comes with the interpreter (``ensurepip``); if a distributor removed it, pip's own folder in
site-packages is loaded as the only package ``pip``, without its neighbors. Standard library only.
"""

from __future__ import annotations

import os
import re
import site
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..values import dataclass
from .python_child import isolated_command, start_child, stop_child

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MEMORY: Final = 1 << 30
"""Bytes of address space that pip may use, where the system enforces it, beyond what the interpreter has at its start:
free-threaded builds reserve as much."""
LARGEST_FILE: Final = 256 << 20
"""Bytes of a file that pip may write: it verifies each download before it begins the next."""
SECONDS: Final = 120
"""Seconds that an installation may take, and for each package another ``SECONDS_EACH``."""
SECONDS_EACH: Final = 15

OPTIONS: Final = (
    "--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-input", "--no-cache-dir",
    "--no-compile", "--no-warn-script-location", "--progress-bar", "off", "--no-color",
)  # fmt: skip
"""Options of every installation."""

_BOUNDS: Final = """\
import sys
seconds, memory, size = map(int, sys.argv.pop(1).split())
try:
    import resource, signal
    signal.alarm(seconds)
    try:
        with open("/proc/self/statm") as file:
            memory += int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        pass
    for kind, bound in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, size), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(kind, (bound, bound))
        except (OSError, ValueError):
            pass
except ImportError:
    pass
"""
"""Lower limits that are already set stay. The alarm ends a pip whose parent was killed."""

_RUN_WHEEL: Final = """\
import runpy
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""

_RUN_FOLDER: Final = """\
import importlib.util, os, runpy
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

    def command(self, arguments: Sequence[str], *, seconds: int, python: str = sys.executable) -> list[str]:
        """Return the command line that runs it with ``arguments`` in a limited child."""
        program = _BOUNDS + (_RUN_WHEEL if self.path.endswith(".whl") else _RUN_FOLDER)
        bounds = f"{seconds + 10} {MEMORY} {LARGEST_FILE}"
        return isolated_command(program, bounds, self.path, *arguments, python=python)


_NOT_FETCHED: Final = re.compile(r"Could not fetch URL \S+: (?!404 |410 )(.*) - skipping$")
_MOST_REASONS: Final = 3


def unanswered(log: Path) -> list[str]:
    """Why pip got no answer about a package, from the file of its option ``--log``, which alone has the reasons.

    Empty: every index answered, if only that it does not have the package.
    """
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            found = dict.fromkeys(match[1] for line in lines if (match := _NOT_FETCHED.search(line)))
    except OSError as error:
        return [os.strerror(error.errno or 0)]
    return list(found)[:_MOST_REASONS]


def find_pip() -> Pip | None:
    """Find the pip of this interpreter, or None when its distributor removed both forms."""
    return choose_pip(wheel_folders(), package_folders())


def choose_pip(wheels: Iterable[Path], packages: Iterable[Path]) -> Pip | None:
    """Choose the newest pip wheel of the first folder with one, else the first folder that contains pip."""
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
    """Return where packages may be installed, the interpreter's own environment first."""
    environment = Path(sys.executable).parent.parent
    yield environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    yield environment / "Lib" / "site-packages"
    yield from map(Path, (sysconfig.get_path("purelib"), *site.getsitepackages(), site.getusersitepackages()))


class PipRun:
    """One run of pip, which another thread may end."""

    def __init__(
        self, pip: Pip, arguments: Sequence[str], *, environment: Mapping[str, str], folder: str, packages: int = 1
    ) -> None:
        self.seconds = SECONDS + SECONDS_EACH * packages
        command = pip.command(arguments, seconds=self.seconds)
        self._process = start_child(command, environment=environment, folder=folder)

    def result(self) -> tuple[int, str]:
        """Wait for the end; returns the exit code and everything that pip printed.

        Raises TimeoutError when it takes longer than ``seconds``. The child and its group have ended in any case.
        """
        try:
            printed, _ = self._process.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(self.seconds) from None
        finally:
            self.stop()
            if self._process.stdout is not None:
                self._process.stdout.close()
        return self._process.returncode, printed

    def stop(self) -> None:
        """End it."""
        stop_child(self._process)


def _version(wheel: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", wheel.name.split("-")[1])]
