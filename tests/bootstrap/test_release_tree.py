"""A start from a release tree: its wheels are used when they are those of the lock, without any network."""

from __future__ import annotations

import io
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from packaging import tags

from builders.polling import PATIENT
from builders.started import ROOT, Started, built_release_tree, interpreters
from pypi_trusted_publish.errors import PublishError
from pypi_trusted_publish.installation import locks
from pypi_trusted_publish.installation.installer import Installer, PrivateFolder, unsupported
from pypi_trusted_publish.installation.locks import read_lock
from pypi_trusted_publish.installation.release_tree import LARGEST_CONTENT, unpack_wheel

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": ""}
"""Everything that would use the network fails."""

Change: TypeAlias = Callable[[Path], object]


@pytest.fixture
def started(tmp_path: Path, release_tree: Path) -> Started:
    found = Started(checkout=release_tree, folder=tmp_path)
    found.environ |= OFFLINE
    return found


def wheel(tree: Path, name: str) -> Path:
    (found,) = (tree / "wheels").glob(f"{name}-*.whl")
    return found


def change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def in_place_of(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


def without_first_pin(path: Path) -> None:
    path.write_text(re.split(r"\n(?=\S)", path.read_text(encoding="utf-8"), maxsplit=1)[1], encoding="utf-8")


def with_crlf(tree: Path) -> None:
    for path in [*tree.glob("*.py"), *tree.glob("requirements/*"), *tree.glob("src/**/*.py")]:
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def test_every_package_comes_from_the_tree_and_no_pip_is_needed(started: Started, release_tree: Path) -> None:
    started.environ["PATH"] = ""
    started.run(["publish"])
    assert (started.code, started.output, started.errors) == (0, "", "")
    folder = started.seen["folder"]
    assert {path.startswith(folder) for path in started.seen["modules"].values()} == {True}
    assert not any(".whl" in path for path in started.seen["path"])
    assert started.left_over == []


def test_descriptions_are_rendered_from_the_tree_alone(started: Started) -> None:
    started.run(["publish", "install-twice"])
    assert (started.code, started.errors) == (0, "")
    assert started.seen["packages"] == ["description", "runtime"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda tree: change_a_byte(wheel(tree, "idna")), "idna-"),
        (lambda tree: os.truncate(wheel(tree, "certifi"), 1000), "certifi-"),
        (lambda tree: os.truncate(wheel(tree, "h11"), 0), "h11-"),
        (lambda tree: in_place_of(wheel(tree, "h11"), Path.mkdir), "h11-"),
        (lambda tree: in_place_of(wheel(tree, "h11"), getattr(os, "mkfifo", Path.mkdir)), "h11-"),
        (lambda tree: (tree / "requirements" / "runtime.txt").unlink(), "runtime.txt cannot be read"),
        (lambda tree: (tree / "requirements" / "wheels.txt").write_bytes(b"\xff"), "wheels.txt is not UTF-8"),
        (lambda tree: (tree / "requirements" / "wheels.txt").unlink(), "h11-"),
        (lambda tree: shutil.copy(wheel(tree, "h11"), tree / "wheels" / "evil-1.0-py3-none-any.whl"), "evil-1.0-"),
        (lambda tree: wheel(tree, "h11").rename(tree / "wheels" / "h11-9.9-py3-none-any.whl"), "h11-9.9-"),
        (lambda tree: shutil.copy(wheel(tree, "h11"), wheel(tree, "idna")), "idna-"),
        (lambda tree: without_first_pin(tree / "requirements" / "runtime.txt"), "actions_toolkit-"),
    ],
    ids=[
        *(
            "a byte",
            "cut off",
            "empty",
            "a folder",
            *("a pipe", "no lock", "not UTF-8", "no names"),
            "one more",
            "renamed",
            "another wheel",
        ),
        "a lock with a line less",
    ],
)
def test_a_tree_that_differs_from_its_lock_stops_the_run_before_anything_is_imported(
    started: Started, release_tree: Path, change: Change, named: str
) -> None:
    change(release_tree)
    started.run(["publish"])
    assert (started.code, started.errors, started.program_ran) == (2, "", False)
    assert "::error title=pypi-trusted-publish package-tampered::" in started.output
    assert named in started.output
    assert started.left_over == []


def test_everything_that_differs_is_named_at_once(started: Started, release_tree: Path) -> None:
    change_a_byte(wheel(release_tree, "idna"))
    change_a_byte(wheel(release_tree, "httpx"))
    started.run(["publish"])
    assert "httpx-" in started.output
    assert "idna-" in started.output


def test_only_the_wheel_that_is_missing_is_asked_of_pip(started: Started, release_tree: Path, tmp_path: Path) -> None:
    missing = wheel(release_tree, "idna")
    (tmp_path / "one").mkdir()
    missing.rename(tmp_path / "one" / missing.name)
    started.environ["PIP_FIND_LINKS"] = str(tmp_path / "one")
    started.run(["publish"])
    assert (started.code, started.errors) == (0, "")


@pytest.mark.parametrize(
    "change", [with_crlf, lambda tree: (tree / "wheels" / "README").touch()], ids=["CRLF", "other"]
)
def test_a_tree_that_only_looks_different_is_used(started: Started, release_tree: Path, change: Change) -> None:
    change(release_tree)
    started.run(["publish"])
    assert (started.code, started.errors) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be made read-only")
def test_a_read_only_checkout_is_used_and_two_runs_do_not_meet(started: Started, release_tree: Path) -> None:
    before = sorted(release_tree.rglob("*"))
    for path in before:
        path.chmod(path.stat().st_mode & ~0o222)
    command = [sys.executable, "-I", "-S", "-u", "-X", "utf8", str(release_tree / "bootstrap.py"), "publish"]
    both = [subprocess.Popen(command, env=started.environ, cwd=started.folder) for _ in range(2)]
    assert [process.wait(PATIENT) for process in both] == [0, 0]
    assert sorted(release_tree.rglob("*")) == before
    assert started.left_over == []


def test_the_tree_works_on_every_interpreter_of_this_machine(started: Started) -> None:
    for python in interpreters():
        started.run(["publish", "install-twice"], python=python)
        assert (started.code, started.errors) == (0, ""), python


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="this machine has no sha256sum")
def test_the_tree_has_what_the_locks_name_byte_for_byte(tmp_path_factory: pytest.TempPathFactory) -> None:
    tree = built_release_tree(tmp_path_factory)
    checked = subprocess.run(
        ["sha256sum", "--check", "--ignore-missing", "--strict", "../requirements/wheels.txt"],
        cwd=tree / "wheels", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(set(checked.stdout.splitlines())) == len(list((tree / "wheels").iterdir()))
    present = {path.name for path in (tree / "wheels").iterdir()}
    for name in ("runtime", "description", "attestations"):
        lock = read_lock(ROOT / "requirements", name)
        for pin in lock.pins:
            pure = [one.filename for one in lock.wheels_of(pin) if one.is_pure]
            assert set(pure) <= present


def test_a_package_without_a_wheel_for_this_interpreter_is_named_before_pip_is_asked(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements"
    requirements.mkdir()
    digest = "0" * 64
    (requirements / "odd.txt").write_text(f"only-amiga==1.0 \\\n    --hash=sha256:{digest}\n", encoding="utf-8")
    (requirements / "wheels.txt").write_text(
        f"# odd\n{digest}  only_amiga-1.0-cp39-cp39-amiga_68k.whl\n", encoding="utf-8"
    )
    folder = PrivateFolder(str(tmp_path))
    try:
        with pytest.raises(PublishError) as caught:
            Installer(tmp_path, folder, {}, lambda: pytest.fail("pip was asked")).install("odd")
    finally:
        folder.remove()
    diagnosis = caught.value.diagnostics()[0]
    assert (caught.value.exit_code, diagnosis.code) == (2, "no-wheel-for-python")
    assert "only-amiga==1.0" in diagnosis.message
    assert sys.executable in diagnosis.message


def archive(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members:
            written.writestr(name, content)
    return file.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o120777 << 16
    return member


ESCAPING: Final[dict[str, Callable[[], bytes]]] = {
    "..": lambda: archive(("../outside.py", b"")),
    "inner ..": lambda: archive(("inside/../../outside.py", b"")),
    "absolute": lambda: archive(("/outside.py", b"")),
    "drive": lambda: archive(("C:/outside.py", b"")),
    "backslash": lambda: archive(("..\\outside.py", b"")),
    "data": lambda: archive(("demo.data/scripts/run", b"")),
    "link": lambda: archive((link("link.py"), b"/etc/passwd")),
    "control": lambda: archive(("aux\n.py", b"")),
    "dot": lambda: archive(("module.py.", b"")),
    "large": lambda: archive(("large.py", bytes(LARGEST_CONTENT + 1))),
    "twice": lambda: archive(("same.json", b"1"), ("name.json", b"2")).replace(b"name.json", b"same.json"),
    "file and folder": lambda: archive(("place", b""), ("place/within.json", b"")),
    "folder and file": lambda: archive(("place/within.json", b""), ("place", b"")),
    "many": lambda: archive(*((f"{number}.py", b"") for number in range(10_001))),
    "cut": lambda: archive(("one.py", b""))[:-30],
    "empty": lambda: b"",
}


@pytest.mark.parametrize("build", ESCAPING.values(), ids=ESCAPING)
def test_a_wheel_that_would_leave_its_folder_or_fill_the_disk_is_not_unpacked(
    tmp_path: Path, build: Callable[[], bytes]
) -> None:
    (tmp_path / "packages").mkdir()
    with pytest.raises(ValueError, match=r"."):
        unpack_wheel(build(), tmp_path / "packages")
    assert [path.name for path in tmp_path.iterdir()] == ["packages"]
    assert list((tmp_path / "packages").rglob("*.py*")) == []


def test_a_sound_wheel_is_unpacked_whole(tmp_path: Path) -> None:
    unpack_wheel(archive(("demo/__init__.py", b"1"), ("demo/data/é.txt", b"2"), ("demo/sub/", b"")), tmp_path)
    assert (tmp_path / "demo" / "__init__.py").read_bytes() == b"1"
    assert (tmp_path / "demo" / "data" / "é.txt").read_bytes() == b"2"


def test_a_python_newer_than_the_lock_publishes_and_names_the_packages_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    newer = [
        *tags.cpython_tags((3, 99), ["cp399"], ["manylinux_2_28_x86_64"]),
        *tags.compatible_tags((3, 99), "cp399", ["manylinux_2_28_x86_64"]),
    ]
    monkeypatch.setattr(locks, "_supported_tags", lambda: {tag: rank for rank, tag in enumerate(newer)})
    for name in ("runtime", "description"):
        lock = read_lock(ROOT / "requirements", name)
        assert lock.without_wheel(lock.pins) == []
        assert unsupported(name) is None
    problem = unsupported("attestations")
    assert problem is not None
    diagnosis = problem.diagnostics()[0]
    assert diagnosis.code == "no-wheel-for-python"
    assert "pydantic-core==" in diagnosis.message
    assert "cryptography==" not in diagnosis.message  # its wheel is for the stable ABI


def test_a_python_with_an_abi_that_packaging_does_not_know_has_pure_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> None:
        raise SystemError("invalid sysconfig.get_config_var('EXT_SUFFIX')")

    monkeypatch.setattr(tags, "sys_tags", unknown)
    locks._supported_tags.cache_clear()
    try:
        assert unsupported("runtime") is None
        problem = unsupported("attestations")
    finally:
        locks._supported_tags.cache_clear()
    assert problem is not None
    message = problem.diagnostics()[0].message
    assert all(f"{name}==" in message for name in ("cffi", "cryptography", "pydantic-core", "rfc3161-client"))
    assert f"({platform.python_implementation()} {platform.python_version()} on " in message.replace(
        "free-threaded ", ""
    )
