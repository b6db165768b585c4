"""Starts in which pip installs everything, beyond the one that every run of the suite makes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from builders.plain_index import Answer, PlainIndex
from builders.started import ROOT, Started, built_release_tree, copy_checkout, interpreters
from pypi_trusted_publish.installation.locks import read_lock

FIRST: Final = read_lock(ROOT / "requirements", "runtime").pins[0]
"""The package that pip looks for first."""
BUSY: Final[Answer] = (503, {}, b"")


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


@pytest.mark.parametrize(
    ("files", "answers", "code"),
    [
        ([], {}, 2),
        ([f"{{0}}-{FIRST.version}.tar.gz", "{0}-0.0.1-py3-none-any.whl"], {}, 2),
        ([], {f"/simple/{FIRST.name}/": lambda _headers: BUSY}, 5),
    ],
    ids=["nothing", "sources and an old wheel", "no answer"],
)
def test_an_index_without_the_wheels_is_not_blamed_for_silence(
    started: Started, files: list[str], answers: dict[str, Callable[[Mapping[str, str]], Answer]], code: int
) -> None:
    with PlainIndex(answers=dict(answers)) as index:
        index.add(*((name.format(FIRST.name.replace("-", "_")), b"content") for name in files))
        started.environ |= {"PIP_INDEX_URL": index.url, "PIP_RETRIES": "0"}
        started.run(["--version"])
    assert (started.code, started.errors, started.program_ran) == (code, "", False)
    assert ("packages-not-on-index" in started.output) == (code == 2)
    assert str(FIRST) in started.output
