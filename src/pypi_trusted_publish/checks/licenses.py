"""License fields: ``License``, ``License-Expression`` and the paths of ``License-File``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import packaging

from ..formatting import listed, quoted
from ..readers.core_metadata import UploadedMetadata
from .model import OBSERVED, Finding, Rule, Table
from .packaging_verdict import refusal

LICENSE_EXPRESSION_INVALID: Final = Rule(
    code="license-expression-invalid",
    statement="`License-Expression` is a well-formed SPDX expression.",
    source="License expression specification",
    meaning="The index refuses the file, and always will.",
    fix="Write `license` under `[project]` as SPDX identifiers joined by AND, OR and WITH; any other text becomes "
    "`LicenseRef-Name`.",
)
LICENSE_UNKNOWN: Final = Rule(
    code="license-identifier-unknown",
    statement="`License-Expression` names only licenses and exceptions of the SPDX list that the index has.",
    source="License expression specification",
    meaning="The index refuses the file, unless its list has grown since.",
    fix="Copy the identifier's spelling from the SPDX list, or write `LicenseRef-Name` for a license outside the list.",
    table=Table.LICENSES,
)
LICENSE_FILE_PATH: Final = Rule(
    code="license-file-path",
    statement="A `License-File` is a relative path with single slashes, without `..` and without `*`.",
    source="Core metadata specification, License-File (PEP 639)",
    meaning="The index refuses the file.",
    fix="Name the license files under `license-files` in `[project]` and build with a current backend.",
)
RULE_BY_FIELD: Final[Mapping[str, Rule]] = MappingProxyType(
    {"license-expression": LICENSE_EXPRESSION_INVALID, "license-file": LICENSE_FILE_PATH}
)
"""The rule for each field of this family that the library may refuse."""

_GRAMMAR: Final = frozenset({"and", "or", "with", "(", ")"})
_EXPLAINED: Final = 10_000
"""Characters of an expression whose identifiers are looked up one by one."""
_A_LICENSE: Final = "MIT"
_AN_EXCEPTION: Final = "Classpath-exception-2.0"


def expression_finding(expression: str, reason: str, filename: str) -> Finding:
    """The finding for an expression that the library refuses: our list may be too old, or the expression is wrong."""
    message = f"License-Expression is {quoted(expression)}"
    unknown = _unknown_identifiers(expression) if len(expression) <= _EXPLAINED else ()
    if not unknown:
        return LICENSE_EXPRESSION_INVALID.finding(filename, f"{message}: {reason}.")
    names = listed(tuple(quoted(name) for name in unknown))
    return LICENSE_UNKNOWN.finding(
        filename,
        f"{message}: our table does not have {names}.",
        value=expression,
        table_date=f"packaging {packaging.__version__}",
    )


def _unknown_identifiers(expression: str) -> tuple[str, ...]:
    """The identifiers that keep an otherwise well-formed expression from being valid; empty when its form is wrong."""
    unknown: list[str] = []
    known: list[str] = []
    for token in expression.replace("(", " ( ").replace(")", " ) ").split():
        after_with = bool(known) and known[-1].lower() == "with"
        single = f"{_A_LICENSE} WITH {token}" if after_with else token
        grammar = token.lower() in _GRAMMAR
        if grammar or token.lower().startswith("licenseref-") or not refusal("license-expression", single):
            known.append(token)
        else:
            unknown.append(token)
            known.append(_AN_EXCEPTION if after_with else _A_LICENSE)
    return () if refusal("license-expression", " ".join(known)) else tuple(dict.fromkeys(unknown))


LICENSE_TWICE: Final = Rule(
    code="license-field-and-expression",
    statement="`License` is absent when there is a `License-Expression`.",
    source=f"Core metadata specification, License (PEP 639); {OBSERVED}",
    meaning="The index refuses the file.",
    fix='Keep `license = "MIT"` or similar under `[project]`, and remove the older table or `setup.py` argument.',
)


def license_findings(uploaded: UploadedMetadata, filename: str) -> Iterator[Finding]:
    """The index's own checks, in addition to the library's."""
    expression = uploaded.first("license-expression")
    if expression is not None and uploaded.first("license") is not None:
        yield LICENSE_TWICE.finding(filename, f"There are both License and License-Expression, {quoted(expression)}.")
