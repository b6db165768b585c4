"""Whether core metadata is valid according to ``packaging.metadata``, which the index uses.

The library checks field by field, so each value can be checked alone: every bad value of a field is found, not only the
first. Where two releases of the library disagree, ``library_releases.py`` decides.
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
"""Fields whose name in the library is not their name with underscores."""
_LONGEST_CLAUSE: Final = 200
"""Characters of the library's message that are shown."""


def raw_name(field: str) -> str:
    """The library's name of a field, which is given in lower case."""
    return _PLURAL.get(field, field.replace("-", "_"))


def raw_value(field: str, values: tuple[str, ...]) -> Any:
    """What the index passes to the library for the values of a field; None when it refuses them first.

    It refuses several values of a field that may have only one, and project URLs with the same label.
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

    It reads a list only up to the first bad value: to get all of them, check each alone.
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
    """The library's message without its final period, on one line and of limited length."""
    text = str(error).partition("\n")[0].strip().rstrip(".:")
    return text if len(text) <= _LONGEST_CLAUSE else quoted(text)
