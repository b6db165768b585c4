"""The rule table: every rule of every family, by its code. ``docs/rules.md`` is generated from it.

A family is a module ``rules_<family>.py``: a constant for each rule and, last, ``RULES``, the tuple of them in the
order of reading. The checks of the family stand elsewhere and yield ``<CONSTANT>.finding(filename, message)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from . import classifiers as rules_classifiers
from . import contacts as rules_contacts
from . import content as rules_content
from . import dependencies as rules_dependencies
from . import description as rules_description
from . import distribution_set as rules_set
from . import filename as rules_filename
from . import licenses as rules_licenses
from . import metadata as rules_metadata
from . import sdist as rules_sdist
from . import wheel_files as rules_wheel
from . import zip_records as rules_zip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Rule


@dataclass(frozen=True, kw_only=True)
class Family:
    """Rules that are about the same part of a distribution."""

    title: str
    rules: tuple[Rule, ...]


FAMILIES: Final[tuple[Family, ...]] = (
    Family(title="File names", rules=rules_filename.RULES),
    Family(title="Zip framing", rules=rules_zip.RULES),
    Family(title="Wheels", rules=rules_wheel.RULES),
    Family(title="Sdists", rules=rules_sdist.RULES),
    Family(title="Contents and size", rules=rules_content.RULES),
    Family(title="Core metadata", rules=rules_metadata.RULES),
    Family(title="E-mail addresses and URLs", rules=rules_contacts.RULES),
    Family(title="Classifiers", rules=rules_classifiers.RULES),
    Family(title="Requirements, extras and import names", rules=rules_dependencies.RULES),
    Family(title="Licenses", rules=rules_licenses.RULES),
    Family(title="Descriptions", rules=rules_description.RULES),
    Family(title="Files of one release", rules=rules_set.RULES),
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.code: rule for family in FAMILIES for rule in family.rules})
"""Every rule by its code."""
