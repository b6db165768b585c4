"""The fields of core metadata: which version brought each, and which may stand more than once.

Source: the core metadata specification, https://packaging.python.org/specifications/core-metadata/, read November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

VERSIONS: Final = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")
"""Metadata versions that the index takes, oldest first. 2.0 was never finished and is not among them."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of core metadata."""

    name: str
    """As the specification spells it."""
    since: str = "1.0"
    """The metadata version that brought it."""
    repeats: bool = False
    """Whether it may stand more than once."""


_TABLE: Final = (
    Field(name="Metadata-Version"),
    Field(name="Name"),
    Field(name="Version"),
    Field(name="Platform", repeats=True),
    Field(name="Summary"),
    Field(name="Description"),
    Field(name="Keywords"),
    Field(name="Home-page"),
    Field(name="Author"),
    Field(name="Author-email"),
    Field(name="License"),
    Field(name="Supported-Platform", since="1.1", repeats=True),
    Field(name="Download-URL", since="1.1"),
    Field(name="Classifier", since="1.1", repeats=True),
    Field(name="Requires", since="1.1", repeats=True),
    Field(name="Provides", since="1.1", repeats=True),
    Field(name="Obsoletes", since="1.1", repeats=True),
    Field(name="Maintainer", since="1.2"),
    Field(name="Maintainer-email", since="1.2"),
    Field(name="Requires-Dist", since="1.2", repeats=True),
    Field(name="Provides-Dist", since="1.2", repeats=True),
    Field(name="Obsoletes-Dist", since="1.2", repeats=True),
    Field(name="Requires-Python", since="1.2"),
    Field(name="Requires-External", since="1.2", repeats=True),
    Field(name="Project-URL", since="1.2", repeats=True),
    Field(name="Description-Content-Type", since="2.1"),
    Field(name="Provides-Extra", since="2.1", repeats=True),
    Field(name="Dynamic", since="2.2", repeats=True),
    Field(name="License-Expression", since="2.4"),
    Field(name="License-File", since="2.4", repeats=True),
    Field(name="Import-Name", since="2.5", repeats=True),
    Field(name="Import-Namespace", since="2.5", repeats=True),
)

FIELDS: Final[Mapping[str, Field]] = MappingProxyType({field.name.lower(): field for field in _TABLE})
"""Every field by its name in lower case."""


def known_in(field: Field, version: str) -> bool:
    """Whether a metadata version knows a field; a version that is not in the table knows all of them."""
    return version not in VERSIONS or VERSIONS.index(field.since) <= VERSIONS.index(version)
