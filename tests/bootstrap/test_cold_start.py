"""A start from an empty folder: what the program finds, and that nothing is left behind."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.started import Started, copy_checkout

Start = Callable[..., Started]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Started:
    """One start without arguments, in which pip installs everything; several tests look at it."""
    folder = tmp_path_factory.mktemp("plain")
    started = Started(checkout=copy_checkout(folder / "a checkout é"), folder=folder)
    started.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    started.run([])
    return started


def test_the_program_sees_its_source_its_packages_and_the_standard_library_alone(plain: Started) -> None:
    assert (plain.code, plain.output, plain.errors) == (0, "", "")
    source, packages, *rest = plain.seen["path"]
    assert Path(source) == plain.checkout.resolve() / "src"
    assert Path(packages) == Path(plain.seen["folder"]) / "packages" / "runtime"
    assert rest
    assert [entry for entry in rest if "site-packages" in entry or "dist-packages" in entry] == []


def test_every_library_comes_from_the_private_folder(plain: Started) -> None:
    seen = plain.seen
    assert {name: path for name, path in seen["modules"].items() if not path.startswith(seen["folder"])} == {}


def test_heavy_packages_that_were_left_out_are_not_missed(plain: Started) -> None:
    loaded = set(plain.seen["loaded"])
    assert loaded & {"requests", "github", "anyio", "sniffio", "dns", "urllib3"} == set()


def test_the_private_folder_is_the_working_directory_and_goes_with_the_run(plain: Started) -> None:
    assert Path(plain.seen["folder"]).parent == (plain.folder / "temp").resolve()
    assert plain.left_over == []


@pytest.mark.parametrize(("word", "code"), [("seven", 7), ("leave", 9), ("crash", 1)])
def test_the_private_folder_goes_however_the_program_ends(start: Start, word: str, code: int) -> None:
    started = start("publish", word)
    assert started.code == code
    assert started.left_over == []


def test_without_arguments_the_program_publishes(plain: Started) -> None:
    assert plain.seen["argv"] == ["publish"]


def test_a_path_among_the_arguments_stays_the_same_path(start: Start, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    (workspace / "built" / "inner").mkdir(parents=True)
    (workspace / "check").mkdir()
    seen = start("check", "--json", "built", "built/inner", "built/none").seen
    paths = [str(workspace / "built"), str(workspace / "built" / "inner"), "built/none"]
    assert seen["argv"] == ["check", "--json", *paths]


def test_paths_in_variables_count_from_where_the_job_started(start: Start, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    relative = {"RUNNER_TEMP": "../temp", "GITHUB_WORKSPACE": ".", "SSL_CERT_FILE": "../ca.pem"}
    seen = start(environ=relative | {"SSL_CERT_DIR": os.pathsep.join(["../one", "", "../two", ""])}).seen
    assert Path(seen["folder"]).parent.resolve() == (tmp_path / "temp").resolve()
    assert seen["environ"]["GITHUB_WORKSPACE"] == str(workspace)
    assert seen["environ"]["SSL_CERT_FILE"] == str(workspace / "../ca.pem")
    assert seen["environ"]["SSL_CERT_DIR"].split(os.pathsep) == [str(workspace / "../one"), str(workspace / "../two")]


def test_the_interpreter_is_isolated_and_speaks_utf_8(plain: Started) -> None:
    seen = plain.seen
    assert "isolated=1" in seen["flags"]
    assert "no_site=1" in seen["flags"]
    assert seen["utf8"] == 1
    assert not seen["bytecode"]


def test_a_caller_may_name_the_folder_that_it_removes_afterwards(start: Start, tmp_path: Path) -> None:
    named = tmp_path / "temp" / "mine"
    started = start("--private-folder", str(named), "publish", "seven")
    assert (started.code, started.seen["argv"]) == (7, ["publish", "seven"])
    assert Path(started.seen["folder"]) == named
    named.mkdir()
    again = start("--private-folder", str(named), "publish")
    assert again.code == 2, "a folder that exists may be somebody else's"


def test_started_by_hand_it_starts_itself_again_isolated(release_tree: Path, tmp_path: Path) -> None:
    started = Started(checkout=release_tree, folder=tmp_path)
    started.environ |= {"PIP_NO_INDEX": "1", "PYTHONPATH": str(tmp_path)}
    started.run_plainly(["seven"])
    assert started.code == 7
    assert "isolated=1" in started.seen["flags"]
    assert str(tmp_path) not in started.seen["path"]
    assert (started.seen["parent"] == os.getpid()) is (sys.platform != "win32"), "a signal reaches the program itself"
    assert started.left_over == []


@pytest.mark.skipif(sys.platform != "win32", reason="a compiled module that is loaded can be removed")
def test_on_windows_whoever_started_it_removes_a_compiled_module_that_it_loaded(
    start: Start, release_tree: Path, tmp_path: Path
) -> None:
    named = tmp_path / "temp" / "mine"
    by_a_launcher = start("--private-folder", str(named), "publish", "compiled")
    assert by_a_launcher.code == 0, by_a_launcher.errors
    assert [path.suffix for path in named.rglob("*") if path.is_file()] == [".pyd"]
    shutil.rmtree(named)  # what launch.ps1 does
    by_hand = Started(checkout=release_tree, folder=tmp_path, environ=by_a_launcher.environ)
    by_hand.run_plainly(["publish", "compiled"])
    assert (by_hand.code, by_hand.left_over) == (0, [])


def test_nothing_is_written_for_the_steps_that_follow(start: Start, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE")}
    for file in files.values():
        file.touch()
    start(environ={name: str(file) for name, file in files.items()})
    assert {name: file.read_bytes() for name, file in files.items()} == dict.fromkeys(files, b"")


def test_the_checkout_is_left_as_it_was(start: Start, release_tree: Path) -> None:
    before = sorted(release_tree.rglob("*"))
    start()
    assert sorted(release_tree.rglob("*")) == before
