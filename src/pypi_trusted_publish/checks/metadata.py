"""Checks of the form of core metadata and of what names a release: versions, name, summary, repeated fields. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..formatting import quoted, read_version
from .core_metadata import FIELDS, VERSIONS, SentMetadata, is_valid_name
from .model import SEEN, Finding, Rule, Table

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


SUMMARY_LIMIT: Final = 512
"""Characters."""

_METADATA_VERSION: Final = re.compile(r"([1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_LINE_END: Final = re.compile(r"[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_NEVER_DYNAMIC: Final = frozenset({"metadata-version", "name", "version", "dynamic"})


def form_findings(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    """What is wrong with the form of the metadata."""
    yield from _encoding(sent, filename)
    yield from _metadata_version(sent, filename)
    yield from _repeated(sent, filename)
    yield from _name(sent, filename)
    yield from _version(sent, filename)
    yield from _summary(sent, filename)
    yield from _dynamic(sent, filename)


def _encoding(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    for name, values in sent.fields.items():
        for value in values:
            if found := _SURROGATE.search(value):
                byte = ord(found.group()) - 0xDC00
                around = value[max(0, found.start() - 20) : found.start() + 20]
                yield METADATA_NOT_UTF8.finding(
                    filename,
                    f"{FIELDS[name].name} has the byte 0x{byte:02x}, which is not UTF-8, in {quoted(around)}.",
                )
                break


def _metadata_version(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    version = sent.first("metadata-version")
    if version is None:
        yield METADATA_VERSION_MISSING.finding(filename, "There is no Metadata-Version.")
    elif version not in VERSIONS:
        told = f"Metadata-Version is {quoted(version)}."
        rule = METADATA_VERSION_NEW if _is_newer(version) else METADATA_VERSION_INVALID
        yield rule.finding(filename, told)


def _is_newer(version: str) -> bool:
    match = _METADATA_VERSION.fullmatch(version)
    newest = tuple(int(part) for part in VERSIONS[-1].split("."))
    return match is not None and (int(match[1]), int(match[2])) > newest


def _repeated(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    for name, values in sent.fields.items():
        if len(values) > 1 and not FIELDS[name].repeats:
            yield METADATA_FIELD_REPEATED.finding(
                filename,
                f"{FIELDS[name].name} stands {len(values)} times: {quoted(values[0])}, {quoted(values[1])}"
                f"{' and more' if len(values) > 2 else ''}.",  # noqa: PLR2004 - the two that are quoted
            )


def _name(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    name = sent.first("name")
    if name is None:
        yield NAME_MISSING.finding(filename, "There is no Name.")
    elif not is_valid_name(name):
        yield NAME_INVALID.finding(filename, f"Name is {quoted(name)}.")


def _version(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    text = sent.first("version")
    if text is None:
        yield VERSION_MISSING.finding(filename, "There is no Version.")
        return
    version = read_version(text)
    if version is None:
        yield VERSION_INVALID.finding(filename, f"Version is {quoted(text)}.")
        return
    if version.local is not None:
        yield VERSION_LOCAL.finding(filename, f"Version is {quoted(text)}, with the local part '+{version.local}'.")


def _summary(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    summary = sent.first("summary")
    if summary is None:
        return
    if _LINE_END.search(summary):
        lines = len(_LINE_END.split(summary))
        yield SUMMARY_LINES.finding(filename, f"Summary has {lines} lines: {quoted(summary)}.")
    if len(summary) > SUMMARY_LIMIT:
        yield SUMMARY_LENGTH.finding(filename, f"Summary has {len(summary)} characters: {quoted(summary)}.")


def _dynamic(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    for name in sent.all("dynamic"):
        if name.lower() in _NEVER_DYNAMIC:
            yield DYNAMIC_INVALID.finding(filename, f"Dynamic names {quoted(name)}, which may not be dynamic.")
        elif name.lower() not in FIELDS:
            yield DYNAMIC_INVALID.finding(
                filename, f"Dynamic names {quoted(name)}, which is no field of core metadata."
            )
