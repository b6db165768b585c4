"""The types of a check: candidates and options go in, distributions and findings by rules come out."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import BinaryIO, Final

from packaging.utils import NormalizedName
from packaging.version import Version

from ..errors import Severity
from ..readers.core_metadata import CoreMetadata
from ..sanitize import clipped
from ..values import dataclass

RULES_PAGE: Final = "docs/rules.md"
"""The page of all rules; the anchor of a rule is its code."""


class Kind(str, enum.Enum):
    """The two kinds of distribution; the values are those of the upload form's ``filetype``."""

    WHEEL = "bdist_wheel"
    SDIST = "sdist"


@dataclass(frozen=True, kw_only=True)
class FileIdentity:
    """Identifies a file, so that a later open can notice that it was replaced or changed."""

    device: int
    inode: int
    size: int
    """Bytes."""
    mtime_ns: int
    """Nanoseconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A regular file that the user named and that may be a distribution; nothing in it has been read yet."""

    path: str
    """Absolute."""
    filename: str
    line: str
    """The line of ``packages-dir`` (or the argument of ``check``) that named it, as it was written."""
    identity: FileIdentity
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)
    """Opens it for reading in binary, without following links, and refuses (``OSError``) when it is not the file
    of ``identity``. The caller closes what it returns."""


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
    """BLAKE2b with a digest of 256 bits, hexadecimal, lower case; empty in FIPS mode."""
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


@dataclass(frozen=True, kw_only=True, order=True)
class Doubt:
    """A reason why the index may refuse a file, based only on a table or limit of ours.

    Files that share a doubt share its answer: once the index has accepted one of them, it accepts all.
    """

    rule: str
    """The rule's code."""
    value: str
    """What is in doubt, such as a platform tag; for a limit on sizes the project whose limit it is."""
    by_size: bool = False
    """A limit on sizes: an accepted file says nothing about larger ones."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One problem of one file, found by one rule."""

    rule: str
    """The rule's code, such as ``wheel-record-missing``."""
    severity: Severity
    filename: str
    message: str
    """One sentence that quotes the value. May contain untrusted text, which must be cleaned before printing."""
    hint: str
    """How to fix it."""
    doubt: Doubt | None = None
    """Set if the finding is based only on a table or limit of ours."""


@dataclass(frozen=True, kw_only=True)
class CheckedSet:
    """Every file that was examined: the distributions that could be read, and all findings, sorted."""

    filenames: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    findings: tuple[Finding, ...]
    by_every_rule: bool = True
    """False when only the indispensable rules were applied (``verify-metadata`` is off)."""
    doubts: Mapping[str, frozenset[Doubt]] = field(default_factory=dict)
    """By file name, what the index may refuse. ``ignore`` silences findings but not doubts, which decide the order of
    the uploads."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Names of other files that the workflow excludes, with the excluding pattern."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop a release."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


class Level(str, enum.Enum):
    """Why a rule exists."""

    REFUSED = "refused"
    """The index refuses such a file. Nothing silences the rule, except that a table of ours may be outdated."""
    DAMAGED = "damaged"
    """The index accepts such a file and installers or other tools reject it: a warning, and an error when publishing,
    because the file name is used up. Only ``verify-metadata: false`` silences it."""
    DISCOURAGED = "discouraged"
    """The index accepts such a file, but its users get problems. ``strict`` makes it an error, ``ignore`` silences
    it."""
    NOTICE = "notice"
    """Good to know, but never an error."""


class WhilePublishing(str, enum.Enum):
    """How a finding that does not stop a release is reported."""

    WARN = "warn"
    """Each finding by itself."""
    COUNT = "count"
    """Only counted, in one line for all of them."""


class Table(str, enum.Enum):
    """The tables that the index extends before us; the values are shown to users."""

    METADATA_VERSIONS = "metadata versions"
    CLASSIFIERS = "classifiers"
    PLATFORM_TAGS = "platform tags"
    LICENSES = "SPDX license identifiers"
    SIZE_LIMITS = "size limits"
    LIBRARIES = "library releases that the index runs"


TABLE_DATES: Final[dict[Table, str]] = {
    Table.METADATA_VERSIONS: "2026-08-21",
    Table.PLATFORM_TAGS: "2026-08-21",
    Table.SIZE_LIMITS: "2026-08-01",
    Table.LIBRARIES: "2026-08-21",
}
"""When the tables of this project were last compared with the index (ISO dates). Tables that come from a library have
that library's version instead: the check passes it to :meth:`Rule.finding`."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. Every text is one or two plain sentences, in Markdown without links."""

    code: str
    """Stable, lower-case, hyphenated; the anchor in ``docs/rules.md``."""
    statement: str
    """What must be true."""
    source: str
    """The specification's clause, or the index's behavior with the date of its observation."""
    meaning: str
    """The consequence for users when it is not."""
    fix: str
    """How to fix it with the common build backends; the hint of a finding without its own."""
    level: Level = Level.REFUSED
    severity: Severity = Severity.ERROR
    """Before the options of a run are applied."""
    table: Table | None = None
    """The table that the rule depends on. Its findings name the table's date and have a :class:`Doubt`."""
    doubtful: bool | None = None
    """Whether its findings have a :class:`Doubt`. None: if the rule has a table."""
    while_publishing: WhilePublishing = WhilePublishing.WARN

    @property
    def is_doubtful(self) -> bool:
        """Whether its findings have a :class:`Doubt`."""
        return self.table is not None if self.doubtful is None else self.doubtful

    def doubt(self, value: str) -> Doubt | None:
        """The doubt of a finding about ``value``."""
        if not self.is_doubtful:
            return None
        return Doubt(rule=self.code, value=value, by_size=self.table is Table.SIZE_LIMITS)

    def finding(
        self, filename: str, message: str, hint: str | None = None, *, value: str = "", table_date: str | None = None
    ) -> Finding:
        """A finding by this rule. ``message`` is one sentence that quotes the value; ``value`` is what is in doubt."""
        text = self.fix if hint is None else hint
        if self.table is not None:
            date = TABLE_DATES.get(self.table, "unknown") if table_date is None else table_date
            text = f"{text} Our table of {self.table.value} is from {date}; the index may be newer."
        return Finding(
            rule=self.code,
            severity=self.severity,
            filename=filename,
            message=clipped(message, LONGEST_MESSAGE),
            hint=text,
            doubt=self.doubt(value),
        )


OBSERVED: Final = "PyPI's upload endpoint, observed August 2026"
"""The source of a rule that is not in a specification."""


LONGEST_MESSAGE: Final = 4_000
"""Characters of a finding: it may quote a version or a name of megabytes."""
UNPACKED_BUDGET: Final = 4 * 1024 * 1024 * 1024
"""Bytes of unpacked content that are read of one file."""
MEMBER_BUDGET: Final = 500_000
"""Members of one file that are examined."""
METADATA_LIMIT: Final = 8 * 1024 * 1024
"""Bytes of METADATA or PKG-INFO that are read at most; a larger one is an error, because the form repeats it."""
RECORD_LIMIT: Final = 128 * 1024 * 1024
"""Bytes of RECORD that are read at most; it grows with the number of members."""
ENTRY_POINTS_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of ``entry_points.txt`` that are read at most."""
FILE_SIZE_LIMIT: Final = 100 * 1024 * 1024
"""Bytes of a file, unless the index has raised the limit for the project. Source: its documentation, August 2026."""
PROJECT_SIZE_LIMIT: Final = 10 * 1024 * 1024 * 1024
"""Bytes of all files of a project, unless the index has raised the limit. Source: its documentation, August 2026."""


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """The options of one run."""

    publishing: bool = False
    """The files are about to be uploaded: damage is an error, findings by a table of ours are warnings (the index
    decides), and two versions of one project are an error unless each has its own line of ``packages-dir``."""
    lenient_tables: bool = False
    """Findings that depend on a table of ours are warnings, as when publishing."""
    full: bool = True
    """Without it only names, archives and the readability of the metadata are checked."""
    content: bool = True
    """Without it only name, metadata and digests are read, for a file whose content exceeded a limit."""
    strict: bool = False
    """What is discouraged is an error."""
    ignore: frozenset[str] = frozenset()
    """Codes of rules to silence: those that are discouraged, notices, and those that depend on a table."""
    unpacked_budget: int = UNPACKED_BUDGET
    member_budget: int = MEMBER_BUDGET
