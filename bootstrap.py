"""Install the locked packages into a private folder and run the program in this same process.

Standard library only. Run as ``python -I -S -u -X utf8 bootstrap.py [ARGUMENT...]``; without arguments: ``publish``.

Nothing of the machine is imported but the standard library: not the caller's workspace, not the site-packages of the
interpreter, no ``.pth`` file and no ``sitecustomize``. Every package is asked for by version and hash, lies in a
folder made for this run alone, and goes with it.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping, Sequence
    from types import FrameType

    from pypi_trusted_publish.errors import PublishError
    from pypi_trusted_publish.installation.pip_child import Pip

HERE: Final = Path(__file__).resolve().parent
INTERPRETER_OPTIONS: Final = ("-I", "-S", "-u", "-X", "utf8")
STOPPING_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK", "SIGQUIT", "SIGXCPU")
PATH_VARIABLES: Final = (
    *("GITHUB_EVENT_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "RUNNER_TEMP"),
    *("NETRC", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
)
"""Variables that hold one path, which counts from where the job started."""
PIP_OPTIONS: Final = (
    "--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-input", "--no-cache-dir",
    "--no-compile", "--no-warn-script-location", "--progress-bar", "off", "--no-color",
)  # fmt: skip


class Stopped(BaseException):
    """A signal asked us to stop before the program had taken over; ``args[0]`` is its number."""


class PrivateFolder:
    """A folder that only this run knows: its packages, its temporary files, its working directory."""

    def __init__(self, parent: str | None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="pypi-trusted-publish-", dir=parent))
        self._parent = self.path.parent

    def make(self, *names: str) -> Path:
        """Return the path of a folder in it, made when it is not there."""
        folder = self.path.joinpath(*names)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def remove(self) -> None:
        """Remove it, whoever holds what; never raises, may be called again."""
        os.chdir(self._parent)  # Windows does not remove the working directory of a process
        shutil.rmtree(self.path, ignore_errors=True)


class Installer:
    """Installs hash locks into the private folder, each at most once; any thread may ask."""

    def __init__(self, folder: PrivateFolder, environ: MutableMapping[str, str], pip: Pip | None) -> None:
        self._folder = folder
        self._environment = _child_environment(environ, folder)
        self._found = pip
        self._installed: set[str] = set()
        self._one_at_a_time = threading.Lock()
        self._pip: subprocess.Popen[str] | None = None
        self._closed = False

    def install(self, name: str) -> None:
        """Make what ``requirements/<name>.txt`` locks importable; raises a ``PublishError`` when that fails."""
        with self._one_at_a_time:
            if name not in self._installed:
                packages = self._folder.make("packages", name)
                lock = HERE / "requirements" / f"{name}.txt"
                self._run_pip(lock, packages)
                _require_complete(lock, packages)
                sys.path.insert(1 + len(self._installed), str(packages))  # behind src, before the standard library
                importlib.invalidate_caches()
                self._installed.add(name)

    def cleanup(self) -> None:
        """Stop an installation that runs and remove the folder; for whoever is about to end the process at once."""
        self._closed = True
        self._stop_pip()
        self._folder.remove()

    def _run_pip(self, lock: Path, packages: Path) -> None:
        from pypi_trusted_publish.installation.pip_child import start_pip
        from pypi_trusted_publish.installation.pip_problems import not_installed, pip_is_missing

        if self._found is None:
            raise pip_is_missing(_python())
        arguments = ["install", *PIP_OPTIONS, "--target", str(packages), "-r", str(lock)]
        self._pip = start_pip(self._found, arguments, environment=self._environment, folder=str(self._folder.path))
        try:
            if self._closed:
                self._stop_pip()
            said, _ = self._pip.communicate()
        finally:
            self._stop_pip()
        if self._pip.returncode != 0:
            raise not_installed(lock.stem, said, self._pip.returncode, _python())

    def _stop_pip(self) -> None:
        pip = self._pip
        if pip is not None and pip.poll() is None:
            pip.kill()
            pip.wait()


def main(argv: Sequence[str], environ: MutableMapping[str, str]) -> int:
    """Install, then run ``pypi_trusted_publish`` with ``argv``; returns its exit code."""
    sys.path.insert(0, str(HERE / "src"))
    sys.dont_write_bytecode = True
    from pypi_trusted_publish.errors import EXIT_SIGNALLED, PublishError
    from pypi_trusted_publish.installation.pip_child import find_pip

    arguments = [*argv[:1], *map(_absolute, argv[1:])] or ["publish"]
    _keep_paths(environ)
    try:
        with _stopped_by_signals(), _private_folder(environ) as folder:
            installer = Installer(folder, environ, find_pip())
            installer.install("runtime")
            os.chdir(folder.path)
            program: Callable[..., int] = importlib.import_module("pypi_trusted_publish.__main__").main
            return program(arguments, environ=environ, install=installer.install, cleanup=installer.cleanup)
    except PublishError as error:
        _tell(error, environ)
        return error.exit_code
    except Stopped as stopped:
        number = int(stopped.args[0])
        print(f"Stopped by {signal.Signals(number).name} before anything was sent.", flush=True)
        return EXIT_SIGNALLED + number


def _absolute(argument: str) -> str:
    """Keep a path the same path when the working directory changes; leave all else as it is."""
    return str(Path(argument).absolute()) if os.path.lexists(argument) else argument


def _keep_paths(environ: MutableMapping[str, str]) -> None:
    """Do the same for the variables of which we know that they hold paths."""
    for name in PATH_VARIABLES:
        if environ.get(name):
            environ[name] = str(Path(environ[name]).absolute())
    if folders := environ.get("SSL_CERT_DIR"):
        environ["SSL_CERT_DIR"] = os.pathsep.join(
            str(Path(folder).absolute())
            for folder in folders.split(os.pathsep)
            if folder  # an empty one is none
        )


@contextmanager
def _private_folder(environ: MutableMapping[str, str]) -> Iterator[PrivateFolder]:
    from pypi_trusted_publish.installation.pip_problems import no_private_folder

    parent = environ.get("RUNNER_TEMP") or tempfile.gettempdir()
    try:
        folder = PrivateFolder(parent)
    except OSError as error:
        raise no_private_folder(parent, os.strerror(error.errno or 0)) from None
    try:
        yield folder
    finally:
        folder.remove()


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """End the run in order on a signal, until the program sets handlers of its own: stop pip, remove the folder."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        raise Stopped(number)

    numbers = [getattr(signal, name) for name in STOPPING_SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _child_environment(environ: MutableMapping[str, str], folder: PrivateFolder) -> dict[str, str]:
    """Say what pip will see; what may carry credentials is taken out of ``environ`` and masked in the log."""
    from pypi_trusted_publish.installation import pip_settings
    from pypi_trusted_publish.installation.pip_problems import settings_unreadable

    try:
        child = pip_settings.pip_environment(
            environ,
            private=str(folder.make("temporary")),
            started_in=environ.get("GITHUB_WORKSPACE") or str(Path.cwd()),
            platform=sys.platform,
            prefix=sys.prefix,
        )
    except pip_settings.UnreadableSettingsError as error:
        raise settings_unreadable(str(error)) from None
    for name in pip_settings.MAY_CARRY_CREDENTIALS:
        environ.pop(name, None)
    if environ.get("GITHUB_ACTIONS") == "true":
        for secret in pip_settings.credentials(child):
            value = secret.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            print(f"::add-mask::{value}", flush=True)
    return child


def _require_complete(lock: Path, folder: Path) -> None:
    from pypi_trusted_publish.installation.pip_problems import incomplete

    present = {(_normal(found.metadata["Name"]), found.version) for found in distributions(path=[str(folder)])}
    wanted = locked_packages(lock.read_text(encoding="utf-8"))
    missing = tuple(f"{name}=={version}" for name, version in wanted if (name, version) not in present)
    if missing:
        raise incomplete(lock.stem, missing, _python())


def locked_packages(text: str) -> Iterator[tuple[str, str]]:
    """Name and version of each line of a lock that applies to this interpreter."""
    for name, version, marker in re.findall(r"^([\w.-]+)==([^\s;]+)(?: ; ([^\\\n]+?))? \\$", text, re.MULTILINE):
        if not marker or _applies(marker):
            yield _normal(name), version


def _applies(marker: str) -> bool:
    from packaging.markers import Marker  # of the first lock, which has no markers

    return Marker(marker).evaluate()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _python() -> str:
    return f"{sys.executable} ({sys.version.split()[0]})"


def _tell(error: PublishError, environ: MutableMapping[str, str]) -> None:
    from pypi_trusted_publish.installation import early_report

    for diagnosis in error.diagnostics():
        print(*early_report.lines(diagnosis), sep="\n", flush=True)
        if environ.get("GITHUB_ACTIONS") == "true":
            print(early_report.annotation(diagnosis), flush=True)
            if environ.get("GITHUB_STEP_SUMMARY"):
                _append(environ["GITHUB_STEP_SUMMARY"], early_report.summary(diagnosis))


def _append(path: str, text: str) -> None:
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:  # what ended the run is told already
        print(f"The summary could not be written: {os.strerror(error.errno or 0)}", flush=True)


if __name__ == "__main__":
    if sys.flags.isolated and sys.flags.no_site:
        sys.exit(main(sys.argv[1:], os.environ))
    # Started by hand: start again as the launchers do.
    sys.exit(subprocess.call([sys.executable, *INTERPRETER_OPTIONS, __file__, *sys.argv[1:]]))
