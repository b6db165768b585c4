"""Requirements, the required Python, extras and import names."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from packaging.utils import canonicalize_name

from ..formatting import quoted
from ..readers.core_metadata import FIELDS, UploadedMetadata
from .model import OBSERVED, Finding, Rule
from .packaging_verdict import refusal

REQUIREMENT_INVALID: Final = Rule(
    code="requirement-invalid",
    statement="`Requires-Dist`, `Provides-Dist` and `Obsoletes-Dist` are valid dependency specifiers.",
    source="Dependency specifiers specification",
    meaning="The index refuses the file.",
    fix="Correct the entry under `dependencies` or `optional-dependencies`; a valid one is `name[extra] >=1.2`.",
)
REQUIRES_PYTHON_INVALID: Final = Rule(
    code="requires-python-invalid",
    statement="`Requires-Python` is a valid set of version specifiers.",
    source="Version specifiers specification",
    meaning="The index refuses the file.",
    fix='Write `requires-python = ">=3.10"` or similar under `[project]`; `.*` goes only with `==` and `!=`.',
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
    statement="`Import-Name` and `Import-Namespace` are dotted identifiers, not keywords, optionally followed by "
    "`; private`.",
    source="Core metadata specification, Import-Name (PEP 794)",
    meaning="The index refuses the file.",
    fix="Correct `import-names` or `import-namespaces` under `[project]`.",
)
RULE_BY_FIELD: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "requires-dist": REQUIREMENT_INVALID,
        "requires-python": REQUIRES_PYTHON_INVALID,
        "provides-extra": EXTRA_INVALID,
        "import-name": IMPORT_NAME_INVALID,
        "import-namespace": IMPORT_NAME_INVALID,
    }
)
"""The rule for each field of this family that the library may refuse."""

REQUIREMENT_DIRECT: Final = Rule(
    code="requirement-direct",
    statement="No `Requires-Dist`, `Provides-Dist` or `Obsoletes-Dist` is a direct reference (`name @ url`).",
    source=f"Core metadata specification, Requires-Dist; {OBSERVED}",
    meaning="The index refuses the file, and always will: dependencies must be available from an index.",
    fix="Depend on a published version; dependencies for development only belong in a dependency group.",
)


def dependency_findings(uploaded: UploadedMetadata, filename: str) -> Iterator[Finding]:
    """The index's own checks: no direct references, and two more fields with requirements."""
    for field in ("requires-dist", "provides-dist", "obsoletes-dist"):
        for text in dict.fromkeys(uploaded.all(field)):
            reason = "" if field == "requires-dist" else refusal("requires-dist", text)
            if reason:
                yield REQUIREMENT_INVALID.finding(filename, f"{FIELDS[field].name} is {quoted(text)}: {reason}.")
            elif _is_direct(text):
                yield REQUIREMENT_DIRECT.finding(filename, f"{FIELDS[field].name} is {quoted(text)}.")


def _is_direct(text: str) -> bool:
    from packaging.requirements import Requirement

    try:
        return "@" in text and Requirement(text).url is not None
    except (ValueError, SyntaxError, RecursionError):
        return False


@functools.lru_cache(maxsize=4096)
def requirement_spelling(text: str) -> str:
    """One spelling for all requirements that mean the same; for a text that is not a requirement, the text."""
    from packaging.requirements import Requirement

    try:
        requirement = Requirement(text)
        requirement.name = canonicalize_name(requirement.name)
        requirement.extras = {canonicalize_name(extra) for extra in requirement.extras}
        return str(requirement)
    except (ValueError, SyntaxError, RecursionError):  # InvalidRequirement, or more digits than int() reads
        return text


@functools.lru_cache(maxsize=64)
def python_spelling(text: str) -> str:
    """The same for Requires-Python."""
    from packaging.specifiers import SpecifierSet

    try:
        return str(SpecifierSet(text))
    except ValueError:  # InvalidSpecifier, or more digits than int() reads
        return text
