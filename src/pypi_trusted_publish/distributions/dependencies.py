"""Checks of requirements, of the Python that is required, and of extras. Pure."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name

from . import rules_dependencies as rules
from .distribution import Finding
from .metadata_fields import FIELDS
from .names import is_valid_name
from .quoting import quoted
from .rule import Rule
from .sent_metadata import SentMetadata

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
        return rules.REQUIREMENT_INVALID
    return None if requirement.url is None else rules.REQUIREMENT_DIRECT


def _requires_python(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    text = sent.first("requires-python")
    if text is None:
        return
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        yield rules.REQUIRES_PYTHON_INVALID.finding(filename, f"Requires-Python is {quoted(text)}.")


def _extras(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    for text in dict.fromkeys(sent.all("provides-extra")):
        if not is_valid_name(text):
            yield rules.EXTRA_INVALID.finding(filename, f"Provides-Extra is {quoted(text)}.")


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
