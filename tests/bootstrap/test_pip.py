"""Which pip is run, and how."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pypi_trusted_publish.installation.pip import (
    Pip,
    PipRun,
    choose_pip,
    find_pip,
    package_folders,
    wheel_folders,
)


def package(folder: Path) -> Path:
    (folder / "pip").mkdir(parents=True)
    (folder / "pip" / "__main__.py").touch()
    return folder


def test_the_newest_wheel_of_the_interpreter_wins_over_an_installed_package(tmp_path: Path) -> None:
    for version in ("9.0.3", "23.2.1", "23.10"):
        (tmp_path / f"pip-{version}-py3-none-any.whl").touch()
    chosen = choose_pip([tmp_path / "none", tmp_path], [package(tmp_path / "packages")])
    assert chosen == Pip(path=str(tmp_path / "pip-23.10-py3-none-any.whl"))


def test_an_installed_package_is_taken_where_the_wheel_was_left_out(tmp_path: Path) -> None:
    folders = [tmp_path / "none", package(tmp_path / "packages"), package(tmp_path / "others")]
    assert choose_pip([tmp_path], folders) == Pip(path=str(tmp_path / "packages" / "pip"))


def test_neither_there_is_told_by_nothing(tmp_path: Path) -> None:
    assert choose_pip([tmp_path], [tmp_path]) is None


def test_this_interpreter_has_a_pip_and_knows_where_packages_may_lie() -> None:
    assert find_pip() is not None
    assert list(wheel_folders())
    assert Path(sys.executable).parent.parent in [folder.parents[2] for folder in package_folders()]


def test_the_child_gets_exactly_its_environment_its_arguments_and_no_input(tmp_path: Path) -> None:
    folder = package(tmp_path) / "pip"
    (folder / "__init__.py").touch()
    telling = "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv[1:], os.getcwd(), sys.stdin.read()]))"
    (folder / "__main__.py").write_text(telling, encoding="utf-8")
    (tmp_path / "there").mkdir()
    given = {"PIP_INDEX_URL": "https://robot:secret@example.invalid/"}
    run = PipRun(Pip(path=str(folder)), ["install", "é"], environment=given, folder=str(tmp_path / "there"))
    status, printed = run.result()
    environment, arguments, working, standard_input = json.loads(printed)
    assert status == 0
    assert {name: value for name, value in environment.items() if name != "LC_CTYPE"} == given
    assert (arguments, standard_input) == (["install", "é"], "")
    assert Path(working) == (tmp_path / "there").resolve()
    assert not any("secret" in part for part in Pip(path=str(folder)).command(["install"], seconds=60))
