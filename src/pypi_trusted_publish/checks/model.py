"""What a rule is: one row of the table that ``rules.py`` collects and ``docs/rules.md`` is generated from."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import Severity


class Kind(str, enum.Enum):
    """The two kinds of distribution; the values are those of the upload form's ``filetype``."""

    WHEEL = "bdist_wheel"
    SDIST = "sdist"


@dataclass(frozen=True, kw_only=True)
class FileIdentity:
    """What tells whether a path still names the same untouched file."""

    device: int
    inode: int
    size: int
    """Bytes."""
    mtime_ns: int
    """Nanoseconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A regular file that the user named and that may be a distribution; nothing in it has been read."""

    path: str
    """Absolute."""
    filename: str
    line: str
    """The line of ``packages-dir`` (or the argument of ``check``) that named it, as it was written."""
    identity: FileIdentity
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)
    """Opens it for reading in binary, without following links, and refuses (``OSError``) when it is not the file
    of ``identity``. Whoever calls it closes what it returns."""


@dataclass(frozen=True, kw_only=True)
class CoreMetadata:
    """The core metadata of one file, as the file itself spells it.

    ``fields`` holds every header in the order of the file: the field's name as spelled there and its unparsed value
    (folds keep their line ends); the body, if there is one, stands last as ``Description``.
    """

    version: str
    """``Metadata-Version``, such as ``"2.4"``."""
    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, the name compared without regard to case."""
        wanted = name.lower()
        return tuple(value for key, value in self.fields if key.lower() == wanted)

    def first(self, name: str) -> str | None:
        """The first value of a field, or None."""
        values = self.all(name)
        return values[0] if values else None


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A wheel or an sdist whose name and metadata could be read; what an upload needs to know of it."""

    path: str
    filename: str
    line: str
    identity: FileIdentity
    kind: Kind
    name: str
    """The project's name as the metadata spells it."""
    project: NormalizedName
    version: Version
    pyversion: str
    """The form's ``pyversion``: a wheel's python tag as in its file name, ``source`` for an sdist."""
    tags: tuple[str, ...]
    """A wheel's tags, expanded and sorted, such as ``("cp312-abi3-win_amd64",)``; empty for an sdist."""
    metadata: CoreMetadata
    sha256: str
    """Hexadecimal, lower case."""
    blake2b_256: str
    """BLAKE2b with a digest of 256 bits, hexadecimal, lower case."""
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)
    copies: tuple[str, ...] = ()
    """Paths of further files with the same name and the same bytes; they are not uploaded."""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.identity.size

    @property
    def release(self) -> tuple[NormalizedName, Version]:
        """The release that the file belongs to."""
        return (self.project, self.version)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with one file, by one rule."""

    rule: str
    """The rule's code, such as ``wheel-record-missing``."""
    severity: Severity
    filename: str
    message: str
    """One sentence that quotes the value. May hold foreign text: whoever prints it cleans it."""
    hint: str
    """How to fix it."""


@dataclass(frozen=True, kw_only=True)
class CheckedSet:
    """Every file that was looked at: those that could be read, and everything that was found, sorted."""

    filenames: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    findings: tuple[Finding, ...]
    by_every_rule: bool = True
    """False when only what cannot be left out was applied (``verify-metadata`` is off)."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that the index would refuse."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


class Level(str, enum.Enum):
    """Why a rule is there."""

    REFUSED = "refused"
    """The index refuses such a file. Nothing silences it."""
    DISCOURAGED = "discouraged"
    """The index takes such a file and its users regret it. ``--strict`` makes it an error, ``--ignore`` silences it."""
    NOTICE = "notice"
    """Worth knowing; never an error."""


class WhilePublishing(str, enum.Enum):
    """How a finding is told when it does not stop a release."""

    WARN = "warn"
    """Each finding by itself."""
    COUNT = "count"
    """Only counted, in one line for all of them."""


class Table(str, enum.Enum):
    """The tables of the index that change there before any copy of them knows it; the values are what users read."""

    METADATA_VERSIONS = "metadata versions"
    CLASSIFIERS = "classifiers"
    PLATFORM_TAGS = "platform tags"
    LICENSES = "SPDX license identifiers"
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
    """The specification's clause, or the index's behavior with the date of its observation."""
    meaning: str
    """What it means for the user when it does not hold."""
    fix: str
    """How to make it hold, with the common build backends; the hint of a finding that has none of its own."""
    level: Level = Level.REFUSED
    severity: Severity = Severity.ERROR
    """Before the options of a run: ``--strict``, ``--ignore`` and ``--lenient-tables`` may change it."""
    table: Table | None = None
    """The table that the rule hangs on, when it ages: then a finding names the table's date, and is an error only
    where our copy of the table has the last word."""
    while_publishing: WhilePublishing = WhilePublishing.WARN

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


UNPACKED_BUDGET: Final = 4 * 1024 * 1024 * 1024
"""Bytes of unpacked content that are read of one file."""
MEMBER_BUDGET: Final = 500_000
"""Members of one file that are looked at."""
METADATA_LIMIT: Final = 8 * 1024 * 1024
"""Bytes of METADATA or PKG-INFO that are read at most; a larger one is an error, because the form repeats it."""
KEPT_LIMIT: Final = 128 * 1024 * 1024
"""Bytes of RECORD that are read at most; it grows with the number of members."""
SMALL_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of ``entry_points.txt`` that are read at most."""
FILE_SIZE_LIMIT: Final = 100 * 1024 * 1024
"""Bytes of a file, unless the index has raised the limit for the project. Source: its documentation, August 2026."""
PROJECT_SIZE_LIMIT: Final = 10 * 1024 * 1024 * 1024
"""Bytes of all files of a project, unless the index has raised the limit. Source: its documentation, August 2026."""


class SeveralVersions(enum.Enum):
    """What two versions of one project in one run are."""

    WARN = "warn"
    """A warning, as in ``check``."""
    REFUSE = "refuse"
    """An error, unless each version stands on its own line of ``packages-dir``, as when publishing."""


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """The options of one run."""

    lenient_tables: bool = False
    """Findings that hang on a table of ours that ages are warnings: the index decides."""
    full: bool = True
    """Without it only names, archives and the readability of the metadata are checked."""
    content: bool = True
    """Without it nothing is read but name, metadata and digests: for a file whose content took too much."""
    strict: bool = False
    """What users regret is an error."""
    ignore: frozenset[str] = frozenset()
    """Codes of rules that are silenced; what the index would refuse is never silenced."""
    several_versions: SeveralVersions = SeveralVersions.WARN
    unpacked_budget: int = UNPACKED_BUDGET
    member_budget: int = MEMBER_BUDGET
