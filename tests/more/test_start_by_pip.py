"""Starts in which pip installs everything, beyond the one that every run of the suite makes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from builders.started import Started, built_release_tree, copy_checkout, interpreters


@pytest.fixture
def started(tmp_path: Path) -> Started:
    return Started(checkout=copy_checkout(tmp_path / "a checkout é"), folder=tmp_path)


def test_a_further_lock_is_installed_once_when_two_threads_ask(started: Started) -> None:
    started.run(["publish", "install-twice"])
    assert started.errors == ""
    assert started.seen["packages"] == ["description", "runtime"]
    further = f"{Path(started.seen['folder']).as_posix()}/packages/description"
    assert further in Path(started.seen["modules"]["readme_renderer"]).as_posix()
    assert started.left_over == []


def test_the_lock_holds_on_every_interpreter_of_this_machine(
    started: Started, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wheels = built_release_tree(tmp_path_factory) / "wheels"
    started.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    codes = {}
    for python in interpreters():
        started.run(["publish"], python=python)
        codes[python] = started.code
    assert sys.executable in codes
    assert set(codes.values()) == {0}, codes
