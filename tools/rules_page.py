"""The page of rules as Markdown, drawn from the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pypi_trusted_publish.checks.model import TABLE_DATES, Level, Rule, Table, WhilePublishing
from pypi_trusted_publish.checks.registry import FAMILIES
from pypi_trusted_publish.errors import Severity

_INTRODUCTION: Final = """\
# The rules

<!-- Generated from the rule table; change the table, then run `make docs`. -->

Every finding of `pypi-trusted-publish check`, and of the check before publishing, is by one of these rules. A rule's
code is its anchor here.

- **Refused**: the index refuses such a file. Nothing silences these rules.
- **Regretted**: the index takes the file and its users regret it. `--strict` makes them errors, `--ignore CODE`
  silences one. While publishing, some are only counted, in one line.
- **DiagnosisReported**: worth knowing, never an error.

Rules marked *ages* hang on a table of the index that grows before any copy of it does. `check` speaks for its own table
and calls an unknown value an error that names the table's date; with `--lenient-tables`, and while publishing, it is a
warning and the index decides.
"""
_LEVELS: Final = {Level.REFUSED: "Refused", Level.DISCOURAGED: "Regretted", Level.NOTICE: "DiagnosisReported"}


def rules_page() -> str:
    """The whole page."""
    return "\n".join([_INTRODUCTION, *_tables(), *_contents(), *_families()])


def _tables() -> Iterator[str]:
    yield "| table that ages | last held against the index |"
    yield "|---|---|"
    for table in Table:
        yield f"| {table.value} | {TABLE_DATES.get(table, 'with the library that carries it')} |"
    yield ""


def _contents() -> Iterator[str]:
    for family in FAMILIES:
        codes = ", ".join(f"[`{rule.code}`](#{rule.code})" for rule in family.rules)
        yield f"**{family.title}**: {codes}\n"


def _families() -> Iterator[str]:
    for family in FAMILIES:
        yield f"## {family.title}\n"
        for rule in family.rules:
            yield _section(rule)


def _section(rule: Rule) -> str:
    marks = [_LEVELS[rule.level], rule.severity.value]
    if rule.table is not None:
        marks.append(f"ages (table of {rule.table.value})")
    if rule.severity is not Severity.ERROR and rule.while_publishing is WhilePublishing.COUNT:
        marks.append("only counted while publishing")
    return "\n".join(
        (
            f"### {rule.code}\n",
            f"{rule.statement}\n",
            f"- *Kind:* {'; '.join(marks)}",
            f"- *When it is broken:* {rule.meaning}",
            f"- *Fix:* {rule.fix}",
            f"- *Source:* {rule.source}",
            "",
        )
    )
