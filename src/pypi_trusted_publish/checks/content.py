"""Marks in the content of members, looked for piece by piece: protected source, tokens, private keys."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from ..errors import Severity
from ..formatting import quoted
from .model import SEEN, Finding, Kind, Level, Rule, Table, WhilePublishing

_EXCLUDE: Final = (
    "Leave it out of the build (setuptools: `tool.setuptools.packages.find` and `MANIFEST.in`; hatchling: `exclude` in "
    "`tool.hatch.build`; flit: `tool.flit.sdist`; poetry-core: `exclude`; maturin: `exclude`)."
)
_TAKEN: Final = "The index takes the file. "

PROTECTED_SOURCE: Final = Rule(
    code="content-protected-source",
    statement="No Python source in the distribution is encrypted by PyArmor or SourceDefender.",
    source=SEEN + "; the marks that it looks for in `.py` and `.pye` files of up to 5 MiB may become more",
    meaning="The index refuses the file: its terms of use do not allow encrypted source.",
    fix="Publish the plain source, or distribute the protected build elsewhere.",
)

FILE_TOO_LARGE: Final = Rule(
    code="file-too-large",
    statement="A file has at most 100 MiB, unless the index has raised the limit for the project.",
    source="The index's documentation, storage limits (August 2026)",
    meaning="The index refuses the file unless the project has a higher limit.",
    fix="Leave out debug symbols and test data, split the wheel, or ask the index for a higher limit before the "
    "release.",
    table=Table.SIZE_LIMITS,
)

METADATA_TOO_LARGE: Final = Rule(
    code="metadata-too-large",
    statement="The metadata file has at most 8 MiB.",
    source="A bound of this project: nothing larger is read, and no upload form could carry it",
    meaning="The file cannot be published by this project.",
    fix="Shorten the description (`readme` in `[project]`): link to a page with the rest.",
)

FILE_UNREADABLE: Final = Rule(
    code="file-unreadable",
    statement="The file can be opened and read, and stays what it was while it is read.",
    source="The operating system",
    meaning="Nothing in the file was checked.",
    fix="Check the file's permissions, and let no step of the job write to the folder while it is read.",
)

SECRET_FILE: Final = Rule(
    code="content-secret-file",
    statement="No file looks like a secret: `.env`, `.pypirc`, `.netrc`, a private key, a `.git` folder.",
    source="Experience; what is on the index is public for good",
    meaning=_TAKEN + "Everybody can read the secret, and robots do within minutes.",
    fix=_EXCLUDE + " If it was ever published, replace the secret itself.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)

INDEX_TOKEN: Final = Rule(
    code="content-index-token",
    statement="No Python source holds an API token of the index.",
    source="The form of the tokens is documented by the index (August 2026)",
    meaning="Whoever reads the file can upload in your name until the token is revoked.",
    fix="Revoke the token in the account settings of the index, take it out of the source, and build again.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)

PATH_ESCAPES: Final = Rule(
    code="content-path-escapes",
    statement="Names of members are relative and hold no `..`.",
    source="Binary and source distribution formats (packaging.python.org)",
    meaning=_TAKEN + "Installers refuse to unpack such a member or, worse, write outside their folder.",
    fix="Do not pack by hand with absolute or parent paths; build with a backend.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.COUNT,
)

CASE_COLLISION: Final = Rule(
    code="content-case-collision",
    statement="No two members differ only in upper and lower case.",
    source="macOS and Windows file systems ignore case",
    meaning=_TAKEN + "On macOS and Windows one of the two overwrites the other.",
    fix="Rename one of the two files in the project.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.COUNT,
)

PTH_FILE: Final = Rule(
    code="content-pth-file",
    statement="A wheel puts no `.pth` file at the top of site-packages.",
    source="Python's `site` module: lines of such a file that start with `import` run at every start of Python",
    meaning=_TAKEN + "Its code runs whenever Python starts, whether the project is used or not.",
    fix="Unless the project needs it to work (editable installs, start-up hooks), take the file out of the wheel.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)

BYTECODE: Final = Rule(
    code="content-bytecode",
    statement="No `__pycache__` folder and no compiled `.pyc` file is in the distribution.",
    source="Installers compile the source themselves",
    meaning=_TAKEN + "The compiled files fit one Python only, may be stale, and make the file larger.",
    fix=_EXCLUDE,
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.COUNT,
)

TOP_LEVEL_TESTS: Final = Rule(
    code="content-top-level-tests",
    statement="A wheel puts no `tests` or `docs` package at the top of site-packages.",
    source="Experience: such packages of different projects overwrite each other",
    meaning=_TAKEN + "`import tests` finds yours in everybody's environment, and two projects that do it collide.",
    fix="setuptools: name the packages in `tool.setuptools.packages.find` (`include` or `where = ['src']`); "
    "poetry-core: list "
    "tests with `format = 'sdist'`; hatchling: name the package in `tool.hatch.build.targets.wheel`.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.COUNT,
)

NOT_FULLY_CHECKED: Final = Rule(
    code="not-fully-checked",
    statement="A distribution can be read as a whole within the bounds of a check: memory, processor time, unpacked "
    "size, number of members.",
    source="Budgets of this project",
    meaning="What lies beyond the budget was not looked at; the index decides.",
    fix="Nothing has to be done. A smaller distribution can be checked as a whole.",
    level=Level.NOTICE,
    severity=Severity.WARNING,
)

NOT_CHECKED: Final = Rule(
    code="not-checked",
    statement="Name, digests and metadata of a file can be read within the bounds of a check: 1 GB of memory, 10 to 60 "
    "seconds of processor time for a file of up to 100 MB, more for a larger one, and nothing above 8 GiB.",
    source="Bounds of this project; an ordinary file needs less than a quarter of them",
    meaning="Nothing is known of the file, so nothing can be sent.",
    fix="Build the file again with a current backend. If it was built by one, please report the file to this project.",
)

RULES: Final = (
    PROTECTED_SOURCE,
    FILE_TOO_LARGE,
    METADATA_TOO_LARGE,
    FILE_UNREADABLE,
    SECRET_FILE,
    INDEX_TOKEN,
    PATH_ESCAPES,
    CASE_COLLISION,
    PTH_FILE,
    BYTECODE,
    TOP_LEVEL_TESTS,
    NOT_FULLY_CHECKED,
    NOT_CHECKED,
)


SCAN_LIMIT: Final = 5 * 1024 * 1024
"""Bytes; the index does not look into larger files."""
_SOURCE_SUFFIXES: Final = frozenset({".py", ".pye"})
_PYARMOR: Final = b"__pyarmor_"
_PYE: Final = b" PYE FILE---"
_SIGNS: Final = (_PYARMOR, _PYE)
"""What every mark holds: hardly any file does, so that two searches are enough for it. The marks are put together
from it because the index looks into this file too."""
_ANY_OF: Final = (
    _PYARMOR + b"_(__name__, __file__,",
    *(_PYARMOR + what + b"__" for what in (b"enter", b"exit", b"assert", b"bcc")),
)
"""PyArmor's marks: one of them is enough."""
_ALL_OF: Final = tuple(b"---" + edge + _PYE for edge in (b"BEGIN", b"END"))
"""SourceDefender's marks: both."""
_TOKEN_HEAD: Final = b"pypi-AgEIcHlwaS5vcmcCJ"
_TOKEN: Final = re.compile(rb"pypi-AgEIcHlwaS5vcmcCJ[A-Za-z0-9_-]{100,}")
"""An API token of the index: a fixed head, then base64 (documented by the index; August 2026)."""
_KEY: Final = re.compile(rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----")
_OVERLAP: Final = 160
"""Bytes of the piece before that are looked at again: the longest mark and the part of a token that proves it."""


def is_source(name: str) -> bool:
    """Whether the index looks into a member of that name: ``.py`` and ``.pye``, upper or lower case."""
    return posixpath.splitext(name.rstrip("/"))[1].lower() in _SOURCE_SUFFIXES


class SourceScan:
    """Looks for the marks in one file of Python source."""

    def __init__(self) -> None:
        self._tail = b""
        self._size = 0
        self._found: set[bytes] = set()
        self.token = False
        """Whether an API token of the index is in it."""

    def feed(self, piece: bytes) -> None:
        """The next piece of the file."""
        self._size += len(piece)
        window = self._tail + piece
        if any(sign in window for sign in _SIGNS):
            self._found.update(mark for mark in (*_ANY_OF, *_ALL_OF) if mark in window)
        if not self.token and _TOKEN_HEAD in window:
            self.token = _TOKEN.search(window) is not None
        self._tail = window[-_OVERLAP:]

    @property
    def protected_by(self) -> str | None:
        """The program whose marks are in it, or None; never for a file that is too large for the index to look at."""
        if self._size > SCAN_LIMIT:
            return None
        if self._found.intersection(_ANY_OF):
            return "PyArmor"
        return "SourceDefender" if self._found.issuperset(_ALL_OF) else None


class MarkedFiles:
    """The source files of one distribution that have marks in them."""

    def __init__(self) -> None:
        self._protected: list[tuple[str, str]] = []
        self._tokens: list[str] = []

    def note(self, name: str, scan: SourceScan) -> None:
        """Remember what the scan of a member found; it was fed the whole of it."""
        if scan.protected_by is not None:
            self._protected.append((name, scan.protected_by))
        if scan.token:
            self._tokens.append(name)

    def findings(self, filename: str) -> Iterator[Finding]:
        """One finding for each kind of mark."""
        if self._protected:
            (name, program), more = self._protected[0], _more(len(self._protected) - 1)
            yield PROTECTED_SOURCE.finding(filename, f"{quoted(name)} is protected by {program}{more}.")
        if self._tokens:
            name, more = self._tokens[0], _more(len(self._tokens) - 1)
            yield INDEX_TOKEN.finding(filename, f"{quoted(name)} holds an API token of the index{more}.")


def _more(others: int) -> str:
    return f", and {others} more files" if others else ""


def may_hold_key(name: str) -> bool:
    """Whether the name is one under which keys are kept."""
    return name.lower().endswith((".pem", ".key"))


def holds_key(piece: bytes) -> bool:
    """Whether the piece has the first line of a private key."""
    return _KEY.search(piece) is not None


_SECRET_FILES: Final = frozenset(
    {".env", ".pypirc", ".netrc", "_netrc", ".npmrc", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".htpasswd"}
)
_TEST_FOLDERS: Final = frozenset({"tests", "docs"})
_SHOWN: Final = 3


def listed(names: list[str], count: int) -> str:
    """The first few names, quoted, and how many more there are."""
    shown = ", ".join(quoted(name) for name in names[:_SHOWN])
    return shown if count <= _SHOWN else f"{shown} and {count - _SHOWN} more"


class NameReview:
    """Looks at each name once; memory is two integers a name and a few names a rule."""

    def __init__(self, filename: str, kind: Kind) -> None:
        self._filename = filename
        self._kind = kind
        self._lowered: dict[int, int] = {}
        self._examples: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self._rules: dict[str, Rule] = {}

    def add(self, name: str, *, is_folder: bool) -> None:
        """Look at the name of a member."""
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or parts[0].endswith(":"):
            self.note(PATH_ESCAPES, name)
        if is_folder:
            return
        if self._lowered.setdefault(hash(name.casefold()), hash(name)) != hash(name):
            self.note(CASE_COLLISION, name)
        if "__pycache__" in parts or name.endswith(".pyc"):
            self.note(BYTECODE, name)
        if parts[-1].lower() in _SECRET_FILES or ".git" in parts[:-1]:
            self.note(SECRET_FILE, name)
        if self._kind is Kind.WHEEL:
            self._installed(name, parts)

    def _installed(self, name: str, parts: list[str]) -> None:
        """Where a wheel's member lands in site-packages."""
        if len(parts) > 2 and parts[0].endswith(".data") and parts[1] in ("purelib", "platlib"):  # noqa: PLR2004
            parts = parts[2:]
        if len(parts) == 1 and name.endswith(".pth"):
            self.note(PTH_FILE, name)
        if len(parts) > 1 and parts[0].lower() in _TEST_FOLDERS:
            self.note(TOP_LEVEL_TESTS, name)

    def note(self, rule: Rule, name: str) -> None:
        """Count a member for a rule."""
        self._rules[rule.code] = rule
        self._counts[rule.code] = self._counts.get(rule.code, 0) + 1
        examples = self._examples.setdefault(rule.code, [])
        if len(examples) < _SHOWN:
            examples.append(name)

    def findings(self) -> Iterator[Finding]:
        """One finding for each rule that was broken, with the first names."""
        for code, rule in self._rules.items():
            count = self._counts[code]
            what = "1 member" if count == 1 else f"{count} members"
            yield rule.finding(self._filename, f"{what}: {listed(self._examples[code], count)}.")
