"""Makes the packages of a lock importable: from the wheels of a release, the others with pip."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import sys
import sysconfig
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..core.urls import PYPI_SITE
from . import problems
from .fetch import Downloads, can_fetch
from .locks import normalized, read_lock
from .pip import OPTIONS, Pip, PipRun, find_pip, unanswered
from .release_tree import ReleaseTree, unpack_carried, unpack_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..errors import PublishError
    from .locks import Pin, Wheel

REQUIREMENTS: Final = Path(__file__).resolve().parents[3] / "requirements"
"""The locks of the checkout that this runs from."""


class PrivateFolder:
    """The private folder of this run: its packages, its temporary files, its working directory.

    ``path`` must not exist yet; None: a new name in ``parent``.
    """

    def __init__(self, parent: str | None, path: str | None = None) -> None:
        if path is None:
            self.path = Path(tempfile.mkdtemp(prefix="pypi-trusted-publish-", dir=parent))
        else:
            self.path = Path(path)
            self.path.mkdir(mode=0o700)
        self._parent = self.path.parent

    def make(self, *names: str) -> Path:
        """Return the path of a folder in it, which is created if necessary; raises a ``PublishError`` if it cannot."""
        folder = self.path.joinpath(*names)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise problems.not_written(error) from None
        return folder

    def remove(self) -> None:
        """Remove it; never raises, may be called again.

        On Windows a compiled module that was loaded from it stays until the process ends: ``launch.ps1`` removes it.
        """
        with contextlib.suppress(OSError):  # another process may have removed both
            os.chdir(self._parent)  # Windows does not remove the working directory of a process
        shutil.rmtree(self.path, ignore_errors=True)


class Installer:
    """Installs locks into the private folder, each at most once; any thread may ask.

    ``checkout`` is the folder of the action, ``pip_environment`` the whole environment of a pip child; ``find_pip`` is
    called when pip is needed.
    """

    def __init__(
        self,
        checkout: Path,
        folder: PrivateFolder,
        pip_environment: Mapping[str, str],
        find_pip: Callable[[], Pip | None] = find_pip,
    ) -> None:
        self._find_pip = find_pip
        self._requirements = checkout / "requirements"
        self._tree = ReleaseTree(checkout)
        self._folder = folder
        self._environment = pip_environment
        self._locks: list[str] = []
        self._installed: set[tuple[str, str]] = set()
        self._one_at_a_time = threading.Lock()
        self._pip: PipRun | None = None
        self._closed = False

    def install(self, name: str) -> None:
        """Make what ``requirements/<name>.txt`` locks importable; raises a ``PublishError`` when that fails."""
        with self._one_at_a_time:
            if name not in self._locks:
                packages = self._folder.make("packages", name)
                try:
                    self._install(name, packages)
                except OSError as error:
                    raise problems.not_written(error) from None
                sys.path.insert(1 + len(self._locks), str(packages))  # behind src, before the standard library
                importlib.invalidate_caches()
                self._locks.append(name)

    def cleanup(self) -> None:
        """Stop a running installation and remove the folder, before the process ends immediately."""
        self._closed = True
        if self._pip is not None:
            self._pip.stop()
        self._folder.remove()

    def _install(self, name: str, packages: Path) -> None:
        lock = read_lock(self._requirements, name)
        needed = [pin for pin in lock.pins if pin.applies() and (pin.name, pin.version) not in self._installed]
        carried = self._tree.read(lock, needed)
        rest = [pin for pin in needed if pin not in carried]
        if without_wheel := lock.without_wheel(rest):
            raise problems.no_wheel(name, [str(pin) for pin in without_wheel], python())
        wanted: dict[Pin, Wheel] = {}
        if self._locks and carried and can_fetch(self._environment):  # the first lock reads tags and markers
            wanted = {pin: wheel for pin in rest if (wheel := lock.best_wheel(pin)) is not None}
        downloads = Downloads([*wanted.values()], self._environment, default_index=f"{PYPI_SITE}/simple")
        for pin, content in carried.items():  # while the others are downloaded
            unpack_carried(pin, content, packages)
        contents = downloads.result()
        fetched = {pin for pin, wheel in wanted.items() if wheel in contents and _unpacked(contents[wheel], packages)}
        rest = [pin for pin in rest if pin not in fetched]
        if rest:
            self._run_pip(name, rest, packages)
        self._installed |= {(pin.name, pin.version) for pin in needed}

    def _run_pip(self, name: str, pins: Sequence[Pin], packages: Path) -> None:
        found = self._find_pip()
        if found is None:
            raise problems.pip_missing(python())
        requirements = self._folder.make("locks") / f"{name}.txt"
        requirements.write_text("".join(pin.unconditional for pin in pins), encoding="utf-8")
        log = requirements.with_suffix(".log")
        arguments = ["install", *OPTIONS, "--log", str(log), "--target", str(packages), "-r", str(requirements)]
        self._pip = PipRun(
            found, arguments, environment=self._environment, folder=str(self._folder.path), packages=len(pins)
        )
        if self._closed:
            self._pip.stop()
        try:
            status, printed = self._pip.result()
        except TimeoutError:
            raise problems.installation_too_slow(name, self._pip.seconds, python(), self._environment) from None
        if status != 0:
            raise problems.not_installed(name, printed, status, python(), self._environment, unanswered=unanswered(log))
        present = {_package(folder.name) for folder in packages.glob("*.dist-info")}
        if missing := [str(pin) for pin in pins if (pin.name, pin.version) not in present]:
            raise problems.incomplete(name, missing, python())


def unsupported(name: str, requirements: Path = REQUIREMENTS) -> PublishError | None:
    """Why the lock ``name`` cannot be installed on this Python, found without an index; None: it can.

    None also where there is no such lock: the program runs from an installed package.
    """
    if not (requirements / f"{name}.txt").is_file():
        return None
    lock = read_lock(requirements, name)
    lacking = lock.without_wheel(pin for pin in lock.pins if pin.applies())
    return problems.no_wheel(name, [str(pin) for pin in lacking], python()) if lacking else None


def python() -> str:
    """Return which interpreter this is, for a message."""
    import platform  # for a failure only

    threads = "free-threaded " if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    kind = f"{threads}{platform.python_implementation()} {platform.python_version()}"
    return f"{sys.executable} ({kind} on {sysconfig.get_platform()})"


def _unpacked(content: bytes, packages: Path) -> bool:
    """Unpack a downloaded wheel; returns False for a form that only pip installs."""
    try:
        unpack_wheel(content, packages)
    except ValueError:
        return False
    return True


def _package(folder: str) -> tuple[str, str]:
    """Name and version of an installed package, from ``<name>-<version>.dist-info``."""
    name, _, version = folder.removesuffix(".dist-info").rpartition("-")
    return normalized(name), version
