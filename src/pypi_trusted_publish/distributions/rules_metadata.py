"""Rules about the form of core metadata and about what names a release. The checks are in ``metadata_form.py``."""

from __future__ import annotations

from typing import Final

from .rule import SEEN, Rule, Table

_SPECIFICATION: Final = "Core metadata specification"
_REBUILD: Final = "Build again with a current build backend."

METADATA_NOT_UTF8: Final = Rule(
    code="metadata-not-utf8",
    statement="Core metadata is UTF-8.",
    source=f"{_SPECIFICATION}, introduction; {SEEN}",
    meaning="The index cannot read the form that carries such a value.",
    fix="Save `pyproject.toml`, `setup.cfg` or the README as UTF-8 and build again.",
)
METADATA_VERSION_MISSING: Final = Rule(
    code="metadata-version-missing",
    statement="Core metadata begins with `Metadata-Version`.",
    source=f"{_SPECIFICATION}, Metadata-Version",
    meaning="The index refuses the file.",
    fix=f"{_REBUILD} A byte-order mark or a blank line at the top of the file hides every field.",
)
METADATA_VERSION_INVALID: Final = Rule(
    code="metadata-version-invalid",
    statement="`Metadata-Version` is one that was ever published; 2.0 was not.",
    source=f"{_SPECIFICATION}, Metadata-Version; {SEEN}",
    meaning="The index refuses the file, and always will.",
    fix=f"{_REBUILD} Metadata 2.0 comes from `wheel` before 0.31.",
)
METADATA_VERSION_NEW: Final = Rule(
    code="metadata-version-new",
    statement="`Metadata-Version` is one that the index knows (1.0, 1.1, 1.2, 2.1 to 2.5).",
    source=SEEN,
    meaning="The index refuses metadata of a version that it does not know yet.",
    fix="Pin the build backend to a release that writes an older metadata version.",
    table=Table.METADATA_VERSIONS,
)
METADATA_FIELD_REPEATED: Final = Rule(
    code="metadata-field-repeated",
    statement="A field that may stand once stands once; the body counts as `Description`.",
    source=f"{_SPECIFICATION}; {SEEN}",
    meaning="The index refuses the file, saying only that the field has invalid data.",
    fix=f"{_REBUILD} If a script edits the metadata, let it replace the field.",
)
NAME_MISSING: Final = Rule(
    code="name-missing",
    statement="Core metadata has a `Name`.",
    source=f"{_SPECIFICATION}, Name",
    meaning="The index refuses the file.",
    fix="Set `name` under `[project]` in `pyproject.toml`, and build with a current backend (setuptools 61 or newer).",
)
NAME_INVALID: Final = Rule(
    code="name-invalid",
    statement="`Name` has only ASCII letters, digits, `.`, `_` and `-`, and begins and ends with a letter or digit.",
    source="Name format specification",
    meaning="The index refuses the file.",
    fix="Change `name` under `[project]` in `pyproject.toml`.",
)
VERSION_MISSING: Final = Rule(
    code="version-missing",
    statement="Core metadata has a `Version`.",
    source=f"{_SPECIFICATION}, Version",
    meaning="The index refuses the file.",
    fix="Set `version` under `[project]` in `pyproject.toml`, or list it in `dynamic` and say where it comes from.",
)
VERSION_INVALID: Final = Rule(
    code="version-invalid",
    statement="`Version` follows the version specifiers specification.",
    source="Version specifiers specification, public version identifiers",
    meaning="The index refuses the file.",
    fix="Use a version such as `1.2.3`, `1.2.3rc1` or `1.2.3.post1`.",
)
VERSION_LOCAL: Final = Rule(
    code="version-local",
    statement="`Version` has no local part (`+...`).",
    source=f"Version specifiers specification, local version identifiers; {SEEN}",
    meaning="The index refuses local versions, and always will.",
    fix='Publish from a tagged commit; with setuptools-scm set `local_scheme = "no-local-version"`, with hatch-vcs '
    '`raw-options = { local_scheme = "no-local-version" }`.',
)
SUMMARY_LINES: Final = Rule(
    code="summary-lines",
    statement="`Summary` is one line.",
    source=f"{_SPECIFICATION}, Summary",
    meaning="The index refuses the file.",
    fix="Write `description` under `[project]` on one line; the long text belongs in `readme`.",
)
SUMMARY_LENGTH: Final = Rule(
    code="summary-length",
    statement="`Summary` has at most 512 characters.",
    source=SEEN,
    meaning="The index refuses the file.",
    fix="Shorten `description` under `[project]`; the long text belongs in `readme`.",
)
DYNAMIC_INVALID: Final = Rule(
    code="dynamic-invalid",
    statement="`Dynamic` names only fields of core metadata, and never `Name`, `Version`, `Metadata-Version` or "
    "`Dynamic`.",
    source=f"{_SPECIFICATION}, Dynamic",
    meaning="The index refuses the file.",
    fix=_REBUILD,
)

RULES: Final = (
    METADATA_NOT_UTF8,
    METADATA_VERSION_MISSING,
    METADATA_VERSION_INVALID,
    METADATA_VERSION_NEW,
    METADATA_FIELD_REPEATED,
    NAME_MISSING,
    NAME_INVALID,
    VERSION_MISSING,
    VERSION_INVALID,
    VERSION_LOCAL,
    SUMMARY_LINES,
    SUMMARY_LENGTH,
    DYNAMIC_INVALID,
)
