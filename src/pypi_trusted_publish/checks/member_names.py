"""The names of members: what they would overwrite, reveal or clutter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final
from unicodedata import normalize

from ..errors import Severity
from ..formatting import count_text, listed, quoted
from .model import Finding, Kind, Level, Rule, WhilePublishing

_EXCLUDE: Final = (
    "Leave it out of the build (setuptools: `tool.setuptools.packages.find` and `MANIFEST.in`; hatchling: `exclude` in "
    "`tool.hatch.build`; flit: `tool.flit.sdist`; poetry-core: `exclude`; maturin: `exclude`)."
)
_ACCEPTED: Final = "The index accepts the file. "

_SECRET_FILES: Final = frozenset(
    {".env", ".pypirc", ".netrc", "_netrc", ".npmrc", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".htpasswd"}
)
_TEST_FOLDERS: Final = frozenset({"tests", "docs"})
_LONGEST_PATH: Final = 1024
"""Characters; reordering the accents of longer names may take long."""
_EXAMPLES: Final = 3
"""Names that are remembered for a finding."""


SECRET_FILE: Final = Rule(
    code="content-secret-file",
    statement="No file looks like a secret: `.env`, `.pypirc`, `.netrc`, a private key, a `.git` folder.",
    source="Experience; what is on the index is public for good",
    meaning=_ACCEPTED + "Everybody can read the secret, and robots do within minutes.",
    fix=_EXCLUDE + " If it was ever published, replace the secret itself.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)


PATH_ESCAPES: Final = Rule(
    code="content-path-escapes",
    statement="Names of members are relative and do not contain `..`.",
    source="Binary and source distribution formats (packaging.python.org)",
    meaning=_ACCEPTED + "Installers refuse to unpack such a member or, worse, write outside their folder.",
    fix="Do not pack by hand with absolute or parent paths; build with a backend.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.COUNT,
)


CASE_COLLISION: Final = Rule(
    code="content-case-collision",
    statement="No two members differ only in upper and lower case, or in how their accents are encoded.",
    source="macOS and Windows file systems ignore case; those of macOS compare the canonical forms of Unicode",
    meaning=_ACCEPTED + "Installers unpack both, and on macOS, or on Windows as well, one overwrites the other.",
    fix="Rename one of the two files in the project.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.COUNT,
)


PTH_FILE: Final = Rule(
    code="content-pth-file",
    statement="A wheel puts no `.pth` file at the top of site-packages.",
    source="Python's `site` module: lines of such a file that start with `import` run at every start of Python",
    meaning=_ACCEPTED + "Its code runs whenever Python starts, whether the project is used or not.",
    fix="Unless the project needs it to work (editable installs, start-up hooks), take the file out of the wheel.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)


BYTECODE: Final = Rule(
    code="content-bytecode",
    statement="No `__pycache__` folder and no compiled `.pyc` file is in the distribution.",
    source="Installers compile the source themselves",
    meaning=_ACCEPTED + "The compiled files fit one Python only, may be stale, and make the file larger.",
    fix=_EXCLUDE,
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.COUNT,
)


TOP_LEVEL_TESTS: Final = Rule(
    code="content-top-level-tests",
    statement="A wheel puts no `tests` or `docs` package at the top of site-packages.",
    source="Experience: such packages of different projects overwrite each other",
    meaning=_ACCEPTED + "`import tests` finds yours in everybody's environment, and two projects that do it collide.",
    fix="setuptools: name the packages in `tool.setuptools.packages.find` (`include` or `where = ['src']`); "
    "poetry-core: list tests with `format = 'sdist'`; hatchling: name the package in `tool.hatch.build.targets.wheel`.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.COUNT,
)


def _as_one_file(name: str) -> str:
    """A text that two names share if they are one file on a file system that ignores case, such as that of macOS.

    Case is folded in full (``ß`` and ``SS`` are one). Letters that are only alike are different files, such
    as fullwidth ones and the dotless i of Turkish. No such system opens a path beyond the limit.
    """
    if name.isascii() or len(name) > _LONGEST_PATH:
        return name.casefold()
    return normalize("NFD", normalize("NFD", name).casefold())


class MemberNames:
    """Checks the names of members one by one; memory is two integers a name and a few names a rule."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._by_file: dict[int, int] = {}
        self._examples: dict[Rule, list[str]] = {}
        self._counts: Counter[Rule] = Counter()

    def add(self, name: str, *, is_folder: bool) -> None:
        """Check the name of a member."""
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or parts[0].endswith(":"):
            self.count(PATH_ESCAPES, name)
        if is_folder:
            return
        if self._by_file.setdefault(hash(_as_one_file(name)), hash(name)) != hash(name):
            self.count(CASE_COLLISION, name)
        if "__pycache__" in parts or name.endswith(".pyc"):
            self.count(BYTECODE, name)
        if parts[-1].lower() in _SECRET_FILES or ".git" in parts[:-1]:
            self.count(SECRET_FILE, name)
        if self._kind is Kind.WHEEL:
            self._add_installed(name, parts)

    def _add_installed(self, name: str, parts: list[str]) -> None:
        """Check where a wheel's member lands in site-packages."""
        if len(parts) > 2 and parts[0].endswith(".data") and parts[1] in ("purelib", "platlib"):  # noqa: PLR2004
            parts = parts[2:]
        if len(parts) == 1 and name.endswith(".pth"):
            self.count(PTH_FILE, name)
        if len(parts) > 1 and parts[0].lower() in _TEST_FOLDERS:
            self.count(TOP_LEVEL_TESTS, name)

    def add_private_key(self, name: str) -> None:
        """Count a member that contains a private key, whatever its name."""
        self.count(SECRET_FILE, name)

    def count(self, rule: Rule, name: str) -> None:
        """Count a member that breaks a rule."""
        self._counts[rule] += 1
        examples = self._examples.setdefault(rule, [])
        if len(examples) < _EXAMPLES:
            examples.append(quoted(name))

    def findings(self, filename: str) -> Iterator[Finding]:
        """One finding for each broken rule, with the first names."""
        for rule, count in self._counts.items():
            names = listed(self._examples[rule], total=count)
            yield rule.finding(filename, f"{count_text(count, 'member')}: {names}.")
