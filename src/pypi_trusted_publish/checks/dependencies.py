"""Checks of requirements, of the Python that is required, and of extras. Pure."""

from __future__ import annotations

import functools
import keyword
from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name

from ..formatting import quoted
from .core_metadata import FIELDS, SentMetadata, is_valid_name
from .model import SEEN, Finding, Rule

REQUIREMENT_INVALID: Final = Rule(
    code="requirement-invalid",
    statement="`Requires-Dist`, `Provides-Dist` and `Obsoletes-Dist` are valid dependency specifiers.",
    source="Dependency specifiers specification",
    meaning="The index refuses the file.",
    fix="Mend the entry under `dependencies` or `optional-dependencies`; a good one is `name[extra] >=1.2`.",
)
REQUIREMENT_DIRECT: Final = Rule(
    code="requirement-direct",
    statement="No `Requires-Dist`, `Provides-Dist` or `Obsoletes-Dist` is a direct reference (`name @ url`).",
    source=f"Core metadata specification, Requires-Dist; {SEEN}",
    meaning="The index refuses the file, and always will: dependencies must be found on an index.",
    fix="Depend on a published version; what is for development only belongs in a dependency group.",
)
REQUIRES_PYTHON_INVALID: Final = Rule(
    code="requires-python-invalid",
    statement="`Requires-Python` is a valid set of version specifiers.",
    source="Version specifiers specification",
    meaning="The index refuses the file.",
    fix='Write `requires-python = ">=3.10"` or the like under `[project]`; `.*` goes only with `==` and `!=`.',
)
EXTRA_INVALID: Final = Rule(
    code="extra-invalid",
    statement="`Provides-Extra` has only ASCII letters, digits, `.`, `_` and `-`, with a letter or digit at both ends.",
    source="Core metadata specification, Provides-Extra",
    meaning="The index refuses the file.",
    fix="Rename the extra under `[project.optional-dependencies]`.",
)
IMPORT_NAME_INVALID: Final = Rule(
    code="import-name-invalid",
    statement="`Import-Name` and `Import-Namespace` are dotted identifiers that are no keywords, with nothing or "
    "`; private` behind.",
    source="Core metadata specification, Import-Name (PEP 794)",
    meaning="The index refuses the file.",
    fix="Mend `import-names` or `import-namespaces` under `[project]`.",
)

RULES: Final = (
    REQUIREMENT_INVALID,
    REQUIREMENT_DIRECT,
    REQUIRES_PYTHON_INVALID,
    EXTRA_INVALID,
    IMPORT_NAME_INVALID,
)


_REQUIREMENTS: Final = ("requires-dist", "provides-dist", "obsoletes-dist")


def dependency_findings(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    """What is wrong with what the file requires, provides and obsoletes."""
    for field in _REQUIREMENTS:
        yield from _requirements(sent, field, filename)
    yield from _requires_python(sent, filename)
    yield from _extras(sent, filename)


def _requirements(sent: SentMetadata, field: str, filename: str) -> Iterator[Finding]:
    for text in dict.fromkeys(sent.all(field)):
        if rule := _requirement_problem(text):
            yield rule.finding(filename, f"{FIELDS[field].name} is {quoted(text)}.")


def _requirement_problem(text: str) -> Rule | None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except (InvalidRequirement, RecursionError):
        return REQUIREMENT_INVALID
    return None if requirement.url is None else REQUIREMENT_DIRECT


def _requires_python(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    text = sent.first("requires-python")
    if text is None:
        return
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        yield REQUIRES_PYTHON_INVALID.finding(filename, f"Requires-Python is {quoted(text)}.")


def _extras(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    for text in dict.fromkeys(sent.all("provides-extra")):
        if not is_valid_name(text):
            yield EXTRA_INVALID.finding(filename, f"Provides-Extra is {quoted(text)}.")


@functools.lru_cache(maxsize=4096)
def requirement_spelling(text: str) -> str:
    """One spelling for all requirements that mean the same; for a text that is no requirement, the text."""
    from packaging.requirements import Requirement

    try:
        requirement = Requirement(text)
        requirement.name = canonicalize_name(requirement.name)
        requirement.extras = {canonicalize_name(extra) for extra in requirement.extras}
        return str(requirement)
    except (ValueError, RecursionError):  # InvalidRequirement, or more digits than int() reads
        return text


@functools.lru_cache(maxsize=64)
def python_spelling(text: str) -> str:
    """The same for Requires-Python."""
    from packaging.specifiers import SpecifierSet

    try:
        return str(SpecifierSet(text))
    except ValueError:  # InvalidSpecifier, or more digits than int() reads
        return text


def import_findings(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    """What is wrong with the import names and namespaces."""
    for field in ("import-name", "import-namespace"):
        for text in sent.all(field):
            if problem := _problem(text):
                yield IMPORT_NAME_INVALID.finding(filename, f"{FIELDS[field].name} is {quoted(text)}: {problem}.")


def _problem(text: str) -> str:
    name, semicolon, mark = text.partition(";")
    for part in name.rstrip().split("."):
        if not part.isidentifier():
            return f"{quoted(part)} is no identifier"
        if keyword.iskeyword(part):
            return f"{quoted(part)} is a keyword"
    if semicolon and mark.lstrip() != "private":
        return "only 'private' may follow the semicolon"
    return ""
