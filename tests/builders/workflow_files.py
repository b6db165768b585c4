"""Workflow files as the commands `setup` and `migrate` get them: a sound one, and changes to it."""

from __future__ import annotations

import io
import os
from pathlib import Path

from pypi_trusted_publish.cli.setup import run_setup
from pypi_trusted_publish.workflows.model import read_workflow
from pypi_trusted_publish.workflows.report import Folder, WorkflowReport, report_on

GOOD = """\
name: Release
on:
  push:
    tags: ["v*"]
permissions: {}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: python -m build
  publish:
    needs: build
    runs-on: ubuntu-latest
    environment: release
    permissions:
      id-token: write
    steps:
      - uses: org/pypi-trusted-publish@0123456789abcdef0123456789abcdef01234567  # v1.0.0
"""

STEP = "      - uses: org/pypi-trusted-publish@0123456789abcdef0123456789abcdef01234567  # v1.0.0\n"


def changed(*pairs: tuple[str, str]) -> str:
    """The good workflow with these texts replaced."""
    text = GOOD
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def report(text: str) -> WorkflowReport:
    """What is read of a workflow."""
    return report_on(Folder(workflows={"release.yml": read_workflow(text, "release.yml")}), "release.yml")


def found(text: str) -> list[tuple[str, int, int]]:
    """Code, line and column of each problem."""
    return [(problem.code, problem.place.line, problem.place.column) for problem in report(text).problems]


def ran(*argv: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    stdout = io.StringIO()
    code = run_setup(argv, stdout=stdout, search=os.environ["PATH"])
    return code, stdout.getvalue()


def written(folder: Path, text: str, name: str = "release.yml") -> str:
    """The path of a file that holds the workflow."""
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)
