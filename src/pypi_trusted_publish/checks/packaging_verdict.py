"""The verdict on core metadata: that of ``packaging.metadata``, which the index runs.

The library judges field by field, so each value can be asked about alone: every bad value of a field is found, not only
the first. Where two releases of the library disagree, ``library_releases.py`` has the last word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from ..formatting import quoted
from ..readers.core_metadata import FIELDS

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

_PLURAL: Final = {
    "classifier": "classifiers",
    "import-name": "import_names",
    "import-namespace": "import_namespaces",
    "license-file": "license_files",
    "platform": "platforms",
    "project-url": "project_urls",
    "supported-platform": "supported_platforms",
}
"""Fields that the library calls otherwise than by their name with underscores."""
_LONGEST_CLAUSE: Final = 200
"""Characters of the library's own words that are repeated."""


def raw_name(field: str) -> str:
    """The library's name of a field, which is given in lower case."""
    return _PLURAL.get(field, field.replace("-", "_"))


def raw_value(field: str, values: tuple[str, ...]) -> Any:
    """What the index hands to the library for the values of a field; None when it refuses to.

    That is a field with several values that may have one, or project URLs with one label twice.
    """
    if field == "project-url":
        urls = {label.strip(): url.strip() for label, _, url in (value.partition(",") for value in values)}
        return urls if len(urls) == len(values) else None
    if FIELDS[field].repeats:
        return list(values)
    if len(values) > 1:
        return None
    return values[0].split(",") if field == "keywords" else values[0]


def refusal(field: str, *values: str) -> str:
    """Why the library refuses these values of a field (named in lower case), as a clause; empty when it accepts them.

    It reads a list only as far as the first bad value: whoever wants all of them asks about each.
    """
    from packaging.metadata import InvalidMetadata, Metadata

    raw = {raw_name(field): raw_value(field, values)}
    try:
        getattr(Metadata.from_raw(cast("RawMetadata", raw), validate=False), raw_name(field))
    except InvalidMetadata as invalid:
        return _clause(invalid.__cause__ or invalid)
    except (ValueError, LookupError, SyntaxError, RecursionError, MemoryError) as failed:
        return f"the index's library fails on it ({type(failed).__name__})"
    return ""


def _clause(error: BaseException) -> str:
    """The library's own words without their last full stop, in one line and of bounded length."""
    text = str(error).partition("\n")[0].strip().rstrip(".:")
    return text if len(text) <= _LONGEST_CLAUSE else quoted(text)
