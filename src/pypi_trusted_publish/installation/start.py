"""Make the locked packages importable from a private folder and run the program in this same process.

Standard library only, and of that only what every slim Python has, until the rest has been looked for.
``--private-folder PATH`` before the arguments names the folder that the caller removes afterwards.

Nothing of the machine is imported but the standard library: not the caller's workspace, not the site-packages of the
interpreter, no ``.pth`` file and no ``sitecustomize``. Every package is verified by its hash, and is in a folder that
is made for this run alone and removed with it.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import signal
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
    from types import FrameType

    from ..errors import PublishError
    from .installer import PrivateFolder

CHECKOUT: Final = Path(__file__).resolve().parents[3]
"""The folder of the action, with ``src``, ``requirements`` and, in a release, ``wheels``."""
EXIT_WORKFLOW: Final = 2
INTERPRETER_OPTIONS: Final = ("-I", "-S", "-u", "-X", "utf8")
ENDING_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK", "SIGQUIT", "SIGXCPU")
PATH_VARIABLES: Final = (
    *("GITHUB_EVENT_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "RUNNER_TEMP"),
    *("NETRC", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
)
"""Variables that hold one path, relative to where the job started."""
STANDARD_LIBRARY: Final = (
    *("_ctypes", "_ssl", "configparser", "csv", "dataclasses", "email", "html", "http", "json", "shutil", "ssl"),
    *("subprocess", "tarfile", "tempfile", "unicodedata", "urllib", "zipfile", "zlib"),
)
"""Modules that the program needs and that slim distributions of Python leave out."""


class Ended(BaseException):
    """A signal ended the run before the program had taken over; ``args[0]`` is its number."""


def main(argv: Sequence[str], environ: MutableMapping[str, str]) -> int:
    """Install, then run ``pypi_trusted_publish`` with ``argv``; returns its exit code."""
    if missing := [text for text in map(_missing, STANDARD_LIBRARY) if text]:
        return _standard_library_incomplete(missing, environ)
    from ..errors import EXIT_SIGNALLED, PublishError
    from .problems import limit_reached

    os.umask(os.umask(0o077) & 0o077)  # under any mask, this user can use the folders that are made
    try:
        named, arguments = _private_folder_argument(argv)
        arguments = [*arguments[:1], *map(_absolute, arguments[1:])] or ["publish"]
        _make_paths_absolute(environ)
        _require_trust_outside_workspace(environ)
        with _ended_by_signals(), _private_folder(environ, named) as folder:
            return _run(arguments, environ, folder)
    except PublishError as error:
        _report(error, environ)
        return error.exit_code
    except (MemoryError, OSError, RuntimeError) as failure:
        limit = limit_reached(failure)
        if limit is None:
            raise
        _report(limit, environ)
        return limit.exit_code
    except Ended as ended:
        number = int(ended.args[0])
        _print(f"Ended by {signal.Signals(number).name} before anything was sent.")
        return EXIT_SIGNALLED + number


def _run(arguments: Sequence[str], environ: MutableMapping[str, str], folder: PrivateFolder) -> int:
    from .installer import Installer

    installer = Installer(CHECKOUT, folder, _pip_environment(environ, folder))
    installer.install("runtime")
    os.chdir(folder.path)
    program: Callable[..., int] = importlib.import_module("pypi_trusted_publish.__main__").main
    return program(arguments, environ=environ, install=installer.install, cleanup=installer.cleanup)


def _missing(module: str) -> str:
    """Name a module of the standard library that cannot be used, with the reason if it is there; empty: it can be."""
    spec = importlib.util.find_spec(module)
    if spec is None:
        return module
    if isinstance(spec.loader, importlib.machinery.ExtensionFileLoader):
        try:
            importlib.import_module(module)
        except ImportError as error:  # the loader could not find a library that it is linked with
            return f"{module} ({error})"
    return ""


def _standard_library_incomplete(missing: Sequence[str], environ: MutableMapping[str, str]) -> int:
    """Report it here: what reports everything else needs some of these modules."""
    message = (
        f"This Python lacks modules of the standard library: {', '.join(missing)} "
        f"({sys.executable}, {sys.version.split()[0]}). Slim packages such as Debian's python3-minimal have only a "
        "part of it, and a Python that was built on another system may miss libraries of that system. "
        "Install a complete one before this step: on Debian and Ubuntu, apt-get install python3."
    )
    shown = "".join(character if character.isprintable() else "?" for character in message).replace("##[", "#[")
    on_runner = environ.get("GITHUB_ACTIONS") == "true"
    title = "::error title=pypi-trusted-publish standard-library-incomplete::"
    _print(title + shown.replace("%", "%25") if on_runner else shown)
    if on_runner and environ.get("GITHUB_STEP_SUMMARY"):
        heading = "### Nothing was published: the action could not start"
        _append(environ["GITHUB_STEP_SUMMARY"], f"{heading}\n\n    {shown}\n\nSee `docs/troubleshooting.md`.\n")
    return EXIT_WORKFLOW


def _private_folder_argument(argv: Sequence[str]) -> tuple[str | None, list[str]]:
    if argv[:1] == ["--private-folder"] and argv[1:]:
        return argv[1], list(argv[2:])
    return None, list(argv)


def _absolute(argument: str) -> str:
    """Keep a path the same path when the working directory changes; leave all else as it is."""
    return str(Path(argument).absolute()) if os.path.lexists(argument) else argument


def _make_paths_absolute(environ: MutableMapping[str, str]) -> None:
    """Do the same for the variables that are known to hold paths."""
    for name in PATH_VARIABLES:
        if environ.get(name):
            environ[name] = str(Path(environ[name]).absolute())
    if folders := environ.get("SSL_CERT_DIR"):
        environ["SSL_CERT_DIR"] = os.pathsep.join(
            str(Path(folder).absolute())
            for folder in folders.split(os.pathsep)
            if folder  # an empty entry names nothing
        )


def _require_trust_outside_workspace(environ: MutableMapping[str, str]) -> None:
    workspace = environ.get("GITHUB_WORKSPACE")
    if not workspace:
        return
    inside = [
        f"{name}={path}"
        for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")
        for path in environ.get(name, "").split(os.pathsep if name == "SSL_CERT_DIR" else "\0")
        if path and _is_inside(path, workspace)
    ]
    if inside:
        from .problems import trust_store_in_workspace

        raise trust_store_in_workspace(inside)


def _is_inside(path: str, folder: str) -> bool:
    """Whether a path, or what it links to, is in ``folder``, whatever the spelling: some file systems ignore case."""
    parent = os.path.realpath(Path(path).parent)
    places = [Path(parent, Path(path).name), Path(os.path.realpath(path))]
    return any(_is_same(above, folder) for place in places for above in (place, *place.parents))


def _is_same(one: Path, other: str) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist
        return False


@contextmanager
def _private_folder(environ: MutableMapping[str, str], named: str | None) -> Iterator[PrivateFolder]:
    import tempfile

    from .installer import PrivateFolder
    from .problems import no_private_folder

    parent = environ.get("RUNNER_TEMP")
    try:
        parent = parent or tempfile.gettempdir()
        folder = PrivateFolder(parent, named)
    except OSError as error:
        raise no_private_folder(parent or "the folder of temporary files", os.strerror(error.errno or 0)) from None
    try:
        yield folder
    finally:
        folder.remove()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End the run in order on a signal, until the program sets handlers of its own: end pip, remove the folder."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        raise Ended(number)

    numbers = [getattr(signal, name) for name in ENDING_SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _pip_environment(environ: MutableMapping[str, str], folder: PrivateFolder) -> dict[str, str]:
    """Return what a pip child sees; what may carry credentials is removed from ``environ`` and masked in the log."""
    from . import pip_settings
    from .problems import settings_unreadable

    try:
        child = pip_settings.pip_environment(
            environ,
            private=str(folder.make("temporary")),
            no_programs=str(folder.make("no-programs")),
            started_in=environ.get("GITHUB_WORKSPACE") or str(Path.cwd()),
            platform=sys.platform,
            prefix=sys.prefix,
        )
    except pip_settings.UnreadableSettingsError as error:
        raise settings_unreadable(str(error)) from None
    for name in pip_settings.MAY_CARRY_CREDENTIALS:
        environ.pop(name, None)
    if environ.get("GITHUB_ACTIONS") == "true":
        for secret in (*pip_settings.urls_with_secrets(child), *pip_settings.secrets(child)):
            value = secret.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            _print(f"::add-mask::{value}")
    return child


def _report(error: PublishError, environ: MutableMapping[str, str]) -> None:
    from . import problems

    for diagnosis in error.diagnostics():
        _print(*problems.log_lines(diagnosis))
        if environ.get("GITHUB_ACTIONS") == "true":
            _print(problems.annotation(diagnosis))
            if environ.get("GITHUB_STEP_SUMMARY"):
                _append(environ["GITHUB_STEP_SUMMARY"], problems.summary(diagnosis))


def _print(*lines: str) -> None:
    with suppress(OSError):  # a log that is full or closed changes nothing
        print(*lines, sep="\n", flush=True)


def _append(path: str, text: str) -> None:
    try:
        with open(path, "a", encoding="utf-8", opener=open_without_waiting) as file:
            file.write(text)
    except OSError as error:  # the log has the reason already
        _print(f"The summary could not be written: {os.strerror(error.errno or 0)}")


def open_without_waiting(path: str, flags: int) -> int:
    """An ``opener`` that does not wait for the reader of a pipe; returns a descriptor, raises OSError."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def start_isolated(file: str, arguments: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Start ``file`` again as the launchers do; on Windows, then remove the folder, as ``launch.ps1`` does."""
    command = [sys.executable, *INTERPRETER_OPTIONS, file]
    if sys.platform != "win32":
        os.execv(sys.executable, [*command, *arguments])  # noqa: S606 - needs none
    else:
        import shutil
        import subprocess
        import tempfile
        import uuid

        name = f"pypi-trusted-publish-{uuid.uuid4().hex}"
        folder = Path(environ.get("RUNNER_TEMP") or tempfile.gettempdir(), name).absolute()
        for number in (signal.SIGINT, signal.SIGBREAK):
            signal.signal(number, signal.SIG_IGN)  # the console sends it to the child too, which ends in order
        code = subprocess.call([*command, "--private-folder", str(folder), *arguments])
        shutil.rmtree(folder, ignore_errors=True)
        raise SystemExit(code)
