"""What a rule is: one row of the table that ``rules.py`` collects and ``docs/rules.md`` is generated from."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from ..errors import Severity
from .distribution import Finding


class Level(str, enum.Enum):
    """Why a rule is there."""

    INDEX = "index"
    """The index refuses such a file. Nothing silences it."""
    REGRET = "regret"
    """The index takes such a file and its users regret it. ``--strict`` makes it an error, ``--ignore`` silences it."""
    NOTICE = "notice"
    """Worth knowing; never an error."""


class WhilePublishing(str, enum.Enum):
    """How a finding is told when it does not stop a release."""

    TELL = "tell"
    """Each finding by itself."""
    FOLD = "fold"
    """Only counted, in one line for all of them."""


class Table(str, enum.Enum):
    """The tables of the index that change there before any copy of them knows it; the values are what users read."""

    METADATA_VERSIONS = "metadata versions"
    CLASSIFIERS = "classifiers"
    PLATFORM_TAGS = "platform tags"
    LICENSES = "SPDX licence identifiers"
    SIZE_LIMITS = "size limits"


TABLE_DATES: Final[dict[Table, str]] = {
    Table.METADATA_VERSIONS: "2026-08-01",
    Table.PLATFORM_TAGS: "2026-08-01",
    Table.SIZE_LIMITS: "2026-08-01",
}
"""When the tables that stand in this project were last held against the index (ISO dates). Those that come from a
library carry that library's version instead: whoever makes the finding hands it to :meth:`Rule.finding`."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. Every text is one or two plain sentences, in Markdown without links."""

    code: str
    """Stable, lower-case, hyphenated; the anchor in ``docs/rules.md``."""
    statement: str
    """What must hold."""
    source: str
    """The specification's clause, or the index's behaviour with the date of its observation."""
    meaning: str
    """What it means for the user when it does not hold."""
    fix: str
    """How to make it hold, with the common build backends; the hint of a finding that has none of its own."""
    level: Level = Level.INDEX
    severity: Severity = Severity.ERROR
    """Before the options of a run: ``--strict``, ``--ignore`` and ``--lenient-tables`` may change it."""
    table: Table | None = None
    """The table that the rule hangs on, when it ages: then a finding names the table's date, and is an error only
    where our copy of the table has the last word."""
    while_publishing: WhilePublishing = WhilePublishing.TELL

    def finding(
        self, filename: str, message: str, hint: str | None = None, *, table_date: str | None = None
    ) -> Finding:
        """A finding by this rule. ``message`` is one sentence that quotes the value."""
        text = self.fix if hint is None else hint
        if self.table is not None:
            date = TABLE_DATES.get(self.table, "unknown") if table_date is None else table_date
            text = f"{text} This speaks for our table of {self.table.value} ({date}); the index may know more by now."
        return Finding(rule=self.code, severity=self.severity, filename=filename, message=message, hint=text)


SEEN: Final = "PyPI's upload endpoint, observed August 2026"
"""The source of a rule that stands in no specification."""
