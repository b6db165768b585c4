"""The rule table: every rule of every family, by its code. ``docs/rules.md`` is generated from it.

A family is a module ``rules_<family>.py``: a constant for each rule and, last, ``RULES``, the tuple of them in the
order of reading. The checks of the family stand elsewhere and yield ``<CONSTANT>.finding(filename, message)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from . import rules_filename
from .rule import Rule


@dataclass(frozen=True, kw_only=True)
class Family:
    """Rules that are about the same part of a distribution."""

    title: str
    rules: tuple[Rule, ...]


FAMILIES: Final[tuple[Family, ...]] = (Family(title="File names", rules=rules_filename.RULES),)

RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.code: rule for family in FAMILIES for rule in family.rules})
"""Every rule by its code."""
