"""What the names of a distribution's members tell: paths that escape, collisions, leftovers, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from . import rules_content as rules
from .distribution import Finding, Kind
from .quoting import quoted
from .rule import Rule

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
            self.note(rules.PATH_ESCAPES, name)
        if is_folder:
            return
        if self._lowered.setdefault(hash(name.casefold()), hash(name)) != hash(name):
            self.note(rules.CASE_COLLISION, name)
        if "__pycache__" in parts or name.endswith(".pyc"):
            self.note(rules.BYTECODE, name)
        if parts[-1].lower() in _SECRET_FILES or ".git" in parts[:-1]:
            self.note(rules.SECRET_FILE, name)
        if self._kind is Kind.WHEEL:
            self._installed(name, parts)

    def _installed(self, name: str, parts: list[str]) -> None:
        """Where a wheel's member lands in site-packages."""
        if len(parts) > 2 and parts[0].endswith(".data") and parts[1] in ("purelib", "platlib"):  # noqa: PLR2004
            parts = parts[2:]
        if len(parts) == 1 and name.endswith(".pth"):
            self.note(rules.PTH_FILE, name)
        if len(parts) > 1 and parts[0].lower() in _TEST_FOLDERS:
            self.note(rules.TOP_LEVEL_TESTS, name)

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
