"""Every claim of docs/threat-model.md names tests that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from builders.started import ROOT

PAGE: Final = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
PROTECTED, NOT_PROTECTED = PAGE.split("\n## What is not protected\n")
TEST: Final = re.compile(r"`(test_\w+)`")
HEAD: Final = "| claim | tests |\n|---|---|\n"


def rows(text: str) -> Iterator[tuple[str, str]]:
    """Claim and tests of each row; a row of another form is a claim without tests."""
    for line in text.replace(HEAD, "").splitlines():
        if line.startswith("|"):
            claim, _, tests = line.strip("|").partition("|")
            yield claim.strip(), tests.strip()


CLAIMS: Final = dict(rows(PROTECTED))


@cache
def functions() -> frozenset[str]:
    """The name of every test function under ``tests``, in classes too."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found.update(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(name for name in found if name.startswith("test_"))


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_names_tests_that_exist(claim: str) -> None:
    named = TEST.findall(CLAIMS[claim])
    assert CLAIMS[claim] == ", ".join(f"`{name}`" for name in named) != ""
    assert sorted(set(named)) == sorted(named)
    assert set(named) <= functions()


def test_every_section_of_what_is_protected_is_one_table_of_claims() -> None:
    _, *sections = PROTECTED.partition("\n## What is protected\n")[2].split("\n### ")
    assert len(sections) >= 5
    for section in sections:
        assert section.count(HEAD) == 1, section
        title, *lines = section.replace(HEAD, "").strip().splitlines()
        assert [line for line in lines if line and not line.startswith("| ")] == [], title
    assert len(CLAIMS) == sum(section.count("\n| ") - 1 for section in sections), "a claim is there twice"


def test_what_limits_an_unprotected_case_is_tested_too() -> None:
    assert not list(rows(NOT_PROTECTED))
    assert TEST.findall(NOT_PROTECTED)
    assert set(TEST.findall(NOT_PROTECTED)) <= functions()


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_a_test_that_a_page_names_exists(page: Path) -> None:
    assert set(TEST.findall(page.read_text(encoding="utf-8"))) <= functions()


def test_a_row_without_a_test_is_found() -> None:
    assert dict(rows(f"{HEAD}| Nothing leaks. | |\n| All is well. |\n")) == {"Nothing leaks.": "", "All is well.": ""}
    assert "test_that_nobody_wrote" not in functions()
