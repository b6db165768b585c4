r"""Core metadata as the index sees it: what a faithful client sends of it, and what the server's clean-up leaves.

A client leaves out what the file's metadata version does not know (the server refuses the form otherwise) and headers
that no version knows. The server then drops a field whose last value is ``UNKNOWN``, a word that old distutils wrote
for want of a value, writes NUL characters as ``\x00``, and takes a single empty value for no value.
Source: PyPI's upload endpoint, observed August 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from .distribution import CoreMetadata
from .metadata_fields import FIELDS, known_in

_PLACEHOLDER: Final = "UNKNOWN"


@dataclass(frozen=True, kw_only=True)
class SentMetadata:
    """The fields that the index judges."""

    version: str
    """``Metadata-Version``; empty when there is none."""
    fields: Mapping[str, tuple[str, ...]]
    """Values by the field's name in lower case; never empty tuples."""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return self.fields.get(name.lower(), ())

    def first(self, name: str) -> str | None:
        """The first value of a field, or None."""
        values = self.all(name)
        return values[0] if values else None


def sent_metadata(metadata: CoreMetadata) -> SentMetadata:
    """What reaches the rules of the index when this metadata is uploaded."""
    values: dict[str, list[str]] = {}
    for name, value in metadata.fields:
        field = FIELDS.get(name.lower())
        if field is not None and known_in(field, metadata.version):
            values.setdefault(name.lower(), []).append(value)
    cleaned = {name: _cleaned(tuple(found)) for name, found in values.items()}
    return SentMetadata(
        version=metadata.version, fields=MappingProxyType({name: found for name, found in cleaned.items() if found})
    )


def _cleaned(values: tuple[str, ...]) -> tuple[str, ...]:
    if values[-1].strip() == _PLACEHOLDER or values == ("",):
        return ()
    if "\0" in values[-1]:
        return (values[-1].replace("\0", "\\x00"),)
    return values
