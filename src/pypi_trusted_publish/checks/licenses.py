"""Checks of license fields: ``License``, ``License-Expression`` and the paths of ``License-File``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import packaging

from ..formatting import quoted
from .core_metadata import SentMetadata
from .model import SEEN, Finding, Rule, Table

LICENCE_TWICE: Final = Rule(
    code="license-field-and-expression",
    statement="`License` does not stand beside `License-Expression`.",
    source=f"Core metadata specification, License (PEP 639); {SEEN}",
    meaning="The index refuses the file.",
    fix='Keep `license = "MIT"` or the like under `[project]`, and take the older table or `setup.py` argument out.',
)
LICENCE_EXPRESSION_INVALID: Final = Rule(
    code="license-expression-invalid",
    statement="`License-Expression` is a well-formed SPDX expression.",
    source="License expression specification",
    meaning="The index refuses the file, and always will.",
    fix="Write `license` under `[project]` as SPDX identifiers joined by AND, OR and WITH; another text becomes "
    "`LicenseRef-Name`.",
)
LICENCE_UNKNOWN: Final = Rule(
    code="license-identifier-unknown",
    statement="`License-Expression` names only licenses and exceptions of the SPDX list that the index has.",
    source="License expression specification",
    meaning="The index refuses the file, unless its list has grown since.",
    fix="Take the identifier's spelling from the SPDX list, or write `LicenseRef-Name` for one that is not in it.",
    table=Table.LICENSES,
)
LICENCE_FILE_PATH: Final = Rule(
    code="license-file-path",
    statement="A `License-File` is a relative path with single slashes, without `..` and without `*`.",
    source="Core metadata specification, License-File (PEP 639)",
    meaning="The index refuses the file.",
    fix="Name the license files under `license-files` in `[project]` and build with a current backend.",
)

RULES: Final = (LICENCE_TWICE, LICENCE_EXPRESSION_INVALID, LICENCE_UNKNOWN, LICENCE_FILE_PATH)


_GRAMMAR: Final = frozenset({"and", "or", "with", "(", ")"})
_DRIVE: Final = re.compile(r"[A-Za-z]:/")
_LONGEST: Final = 64 * 1024
"""Characters of an expression that is read at all: the library takes hundreds of bytes for each."""
_EXPLAINED: Final = 10_000
"""Characters of an expression of which it is told what is wrong, and not only that something is."""
_A_LICENCE: Final = "MIT"
_AN_EXCEPTION: Final = "Classpath-exception-2.0"


def license_findings(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    """What is wrong with the license fields."""
    expression = sent.first("license-expression")
    if expression is not None and sent.first("license") is not None:
        yield LICENCE_TWICE.finding(filename, f"There is License beside License-Expression {quoted(expression)}.")
    if expression is not None:
        yield from _expression(expression, filename)
    for path in sent.all("license-file"):
        if problem := path_problem(path):
            yield LICENCE_FILE_PATH.finding(filename, f"License-File is {quoted(path)}: {problem}.")


def _expression(expression: str, filename: str) -> Iterator[Finding]:
    if is_valid_expression(expression):
        return
    unknown = _unknown_identifiers(expression) if len(expression) <= _EXPLAINED else ()
    told = f"License-Expression is {quoted(expression)}"
    if unknown:
        names = ", ".join(quoted(name) for name in unknown)
        yield LICENCE_UNKNOWN.finding(
            filename, f"{told}: our table does not know {names}.", table_date=f"packaging {packaging.__version__}"
        )
    else:
        yield LICENCE_EXPRESSION_INVALID.finding(filename, f"{told}, which cannot be read.")


def is_valid_expression(expression: str) -> bool:
    """Whether the reference library takes it as an SPDX expression of licenses that it knows."""
    from packaging.licenses import canonicalize_license_expression

    if len(expression) > _LONGEST:
        return False
    try:
        canonicalize_license_expression(expression)
    except (ValueError, RecursionError, MemoryError):
        return False
    return True


def _unknown_identifiers(expression: str) -> tuple[str, ...]:
    """The identifiers that keep an otherwise well-formed expression from being valid; empty when its form is wrong."""
    unknown: list[str] = []
    known: list[str] = []
    for token in expression.replace("(", " ( ").replace(")", " ) ").split():
        after_with = bool(known) and known[-1].lower() == "with"
        spare = _AN_EXCEPTION if after_with else _A_LICENCE
        single = f"{_A_LICENCE} WITH {token}" if after_with else token
        grammar = token.lower() in _GRAMMAR
        if grammar or token.lower().startswith("licenseref-") or is_valid_expression(single):
            known.append(token)
        else:
            unknown.append(token)
            known.append(spare)
    return tuple(dict.fromkeys(unknown)) if is_valid_expression(" ".join(known)) else ()


def path_problem(path: str) -> str:
    """Why the index does not take the path of a license file; empty when it does."""
    if ".." in path:
        return "it has '..'"
    if "*" in path:
        return "it is a pattern, not a path"
    if "\\" in path:
        return "it has a backslash"
    if path.startswith("/") or _DRIVE.match(path):
        return "it is absolute"
    if any(part in {"", "."} for part in path.split("/")):
        return "it is not spelled plainly: it has a doubled or final slash, or a lone dot"
    return ""
