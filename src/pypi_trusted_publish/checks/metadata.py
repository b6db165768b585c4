"""Core metadata: whether the index accepts every field, and the fields that name a release.

``packaging.metadata`` decides, as on the index. Tables here and in the related families assign a rule, and so a hint,
to each refused field. The index's own checks are rules of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from types import MappingProxyType
from typing import Final

from ..errors import Severity
from ..formatting import count_text, quoted, read_version
from ..readers.core_metadata import (
    FIELDS,
    VERSIONS,
    CoreMetadata,
    UploadedMetadata,
    uploaded_metadata,
    with_replaced_bytes,
)
from . import dependencies, description, licenses
from .classifiers import KnownClassifiers, classifier_findings
from .contacts import contact_findings
from .description import LONGEST_CONTENT_TYPE, DescriptionRenderer, description_findings
from .library_releases import change_findings, change_for
from .model import OBSERVED, Finding, Level, Rule, Table
from .packaging_verdict import refusal

MOST_FINDINGS: Final = 100
"""Findings of one file's metadata: a file of megabytes could have a hundred thousand."""

_SPECIFICATION: Final = "Core metadata specification"
_REBUILD: Final = "Build again with a current build backend."


def metadata_findings(
    metadata: CoreMetadata,
    filename: str,
    *,
    render: DescriptionRenderer | None = None,
    known_classifiers: KnownClassifiers | None = None,
) -> Iterator[Finding]:
    """What is wrong with the metadata of a wheel or an sdist, as its upload form carries it.

    ``render`` renders reStructuredText (without it no description is rendered). ``known_classifiers`` is called at most
    once, when a classifier is not in our table.
    """
    uploaded = uploaded_metadata(metadata)
    findings = chain(
        _encoding(metadata, filename),
        _missing(uploaded, filename),
        _repeated(uploaded, filename),
        _library_verdict(uploaded, filename),
        _version(uploaded, filename),
        _summary(uploaded, filename),
        _dynamic(uploaded, filename),
        contact_findings(uploaded, filename),
        classifier_findings(uploaded, filename, known_classifiers=known_classifiers),
        dependencies.dependency_findings(uploaded, filename),
        licenses.license_findings(uploaded, filename),
        description_findings(uploaded, filename, render=render),
    )
    return islice(findings, MOST_FINDINGS)


METADATA_NOT_UTF8: Final = Rule(
    code="metadata-not-utf8",
    statement="Core metadata is UTF-8.",
    source=f"{_SPECIFICATION}, introduction; {OBSERVED}",
    meaning="The index accepts the file and shows a replacement character in place of each such byte.",
    fix="Save `pyproject.toml`, `setup.cfg` or the README as UTF-8 and build again.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)
_SURROGATE: Final = re.compile(r"[\udc80-\udcff]")


def _encoding(metadata: CoreMetadata, filename: str) -> Iterator[Finding]:
    reported: set[str] = set()
    for name, value in metadata.fields:
        field = FIELDS.get(name.lower())
        if field is None or field.name in reported or value.isascii():
            continue
        if found := _SURROGATE.search(value):
            reported.add(field.name)
            byte = ord(found.group()) - 0xDC00
            around = with_replaced_bytes(value[max(0, found.start() - 20) : found.start() + 20])
            yield METADATA_NOT_UTF8.finding(
                filename,
                f"{field.name} has the byte 0x{byte:02x}, which is not UTF-8, in {quoted(around)}.",
            )


METADATA_VERSION_MISSING: Final = Rule(
    code="metadata-version-missing",
    statement="Core metadata begins with `Metadata-Version`.",
    source=f"{_SPECIFICATION}, Metadata-Version",
    meaning="The index refuses the file.",
    fix=f"{_REBUILD} A byte-order mark or a blank line at the top of the file hides every field.",
)
NAME_MISSING: Final = Rule(
    code="name-missing",
    statement="Core metadata has a `Name`.",
    source=f"{_SPECIFICATION}, Name",
    meaning="The index refuses the file.",
    fix="Set `name` under `[project]` in `pyproject.toml`, and build with a current backend (setuptools 61 or newer).",
)
VERSION_MISSING: Final = Rule(
    code="version-missing",
    statement="Core metadata has a `Version`.",
    source=f"{_SPECIFICATION}, Version",
    meaning="The index refuses the file.",
    fix="Set `version` under `[project]` in `pyproject.toml`, or list it in `dynamic` and configure its source.",
)


def _missing(uploaded: UploadedMetadata, filename: str) -> Iterator[Finding]:
    required = (("Metadata-Version", METADATA_VERSION_MISSING), ("Name", NAME_MISSING), ("Version", VERSION_MISSING))
    for name, rule in required:
        if not uploaded.all(name):
            yield rule.finding(filename, f"There is no {name}.")


METADATA_FIELD_REPEATED: Final = Rule(
    code="metadata-field-repeated",
    statement="A field that may appear once appears once; the body counts as `Description`.",
    source=f"{_SPECIFICATION}; {OBSERVED}",
    meaning="The index refuses the file, and says only that the field has invalid data.",
    fix=f"{_REBUILD} If a script edits the metadata, make it replace the field.",
)


def _repeated(uploaded: UploadedMetadata, filename: str) -> Iterator[Finding]:
    for name, values in uploaded.fields.items():
        if len(values) > 1 and not FIELDS[name].repeats:
            shown = " and ".join(quoted(value) for value in values[:2])
            yield METADATA_FIELD_REPEATED.finding(
                filename, f"{FIELDS[name].name} appears {len(values)} times, first as {shown}."
            )


METADATA_VERSION_INVALID: Final = Rule(
    code="metadata-version-invalid",
    statement="`Metadata-Version` is one that was published; 2.0 was not.",
    source=f"{_SPECIFICATION}, Metadata-Version; {OBSERVED}",
    meaning="The index refuses the file, and always will.",
    fix=f"{_REBUILD} Metadata 2.0 comes from `wheel` before 0.31.",
)
METADATA_VERSION_NEW: Final = Rule(
    code="metadata-version-new",
    statement=f"`Metadata-Version` is one that the index knows ({', '.join(VERSIONS)}).",
    source=f"{OBSERVED}; packaging 26.3 reads 2.6, but nothing says that the index does",
    meaning="The index refuses metadata of a version that it does not know yet.",
    fix="Pin the build backend to a release that writes an older metadata version.",
    table=Table.METADATA_VERSIONS,
)
_METADATA_VERSION: Final = re.compile(r"([1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")


def _metadata_version_rule(version: str) -> Rule:
    match = _METADATA_VERSION.fullmatch(version)
    newest = tuple(int(part) for part in VERSIONS[-1].split("."))
    newer = match is not None and (int(match[1]), int(match[2])) > newest
    return METADATA_VERSION_NEW if newer else METADATA_VERSION_INVALID


NAME_INVALID: Final = Rule(
    code="name-invalid",
    statement="`Name` has only ASCII letters, digits, `.`, `_` and `-`, and begins and ends with a letter or digit.",
    source="Name format specification",
    meaning="The index refuses the file.",
    fix="Change `name` under `[project]` in `pyproject.toml`.",
)
VERSION_INVALID: Final = Rule(
    code="version-invalid",
    statement="`Version` follows the version specifiers specification.",
    source="Version specifiers specification, public version identifiers",
    meaning="The index refuses the file.",
    fix="Use a version such as `1.2.3`, `1.2.3rc1` or `1.2.3.post1`.",
)
SUMMARY_LINES: Final = Rule(
    code="summary-lines",
    statement="`Summary` is one line.",
    source=f"{_SPECIFICATION}, Summary",
    meaning="The index refuses the file.",
    fix="Write `description` under `[project]` on one line; the long text belongs in `readme`.",
)
DYNAMIC_INVALID: Final = Rule(
    code="dynamic-invalid",
    statement="`Dynamic` names only fields of core metadata, and never `Name`, `Version`, `Metadata-Version` or "
    "`Dynamic`.",
    source=f"{_SPECIFICATION}, Dynamic; {OBSERVED}",
    meaning="The index refuses the file.",
    fix=_REBUILD,
)
METADATA_INVALID: Final = Rule(
    code="metadata-invalid",
    statement="Every field of core metadata is valid.",
    source=f"{_SPECIFICATION}; the index asks `packaging.metadata`",
    meaning="The index refuses the file.",
    fix=_REBUILD,
)

_RULE_BY_FIELD: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "name": NAME_INVALID,
        "version": VERSION_INVALID,
        "summary": SUMMARY_LINES,
        "dynamic": DYNAMIC_INVALID,
        **dependencies.RULE_BY_FIELD,
        **licenses.RULE_BY_FIELD,
        **description.RULE_BY_FIELD,
    }
)
"""The rule, and so the hint, for each field that the library may refuse; any other is METADATA_INVALID."""


def _library_verdict(uploaded: UploadedMetadata, filename: str) -> Iterator[Finding]:
    """What ``packaging.metadata`` refuses: each value of the fields of our table, the others as a whole."""
    for field, values in uploaded.fields.items():
        if len(values) > 1 and not FIELDS[field].repeats:
            continue
        if field == "metadata-version":
            if values[0] not in VERSIONS:
                yield _metadata_version_rule(values[0]).finding(
                    filename, f"Metadata-Version is {quoted(values[0])}.", value=values[0]
                )
        elif field not in _RULE_BY_FIELD:
            if reason := _refused_as_a_whole(field, values):
                yield METADATA_INVALID.finding(filename, f"{FIELDS[field].name} is refused: {reason}.")
        else:
            for value in dict.fromkeys(values):
                yield from _value_findings(field, value, filename)


def _refused_as_a_whole(field: str, values: tuple[str, ...]) -> str:
    """The library's refusal of a field without its own rule; another family checks labels of project URLs."""
    return "" if field == "project-url" else refusal(field, *values)


_LONGEST: Final = MappingProxyType({"description-content-type": LONGEST_CONTENT_TYPE, "license-expression": 64 * 1024})
"""Characters of a value that is read at all, where the library needs much time or memory for a long one."""


def _value_findings(field: str, value: str, filename: str) -> Iterator[Finding]:
    name = FIELDS[field].name
    if len(value) > _LONGEST.get(field, len(value)):
        yield _RULE_BY_FIELD[field].finding(filename, f"{name} is {quoted(value)}: it is too long.")
        return
    change = change_for(field, value)
    reason = refusal(field, value)
    if change is not None and (change.newer_accepts or not reason):
        yield from change_findings(change, filename, name, value)
    elif reason and field == "license-expression":
        yield licenses.expression_finding(value, reason, filename)
    elif reason and field == "summary":
        lines = count_text(value.count("\n") + 1, "line")
        yield SUMMARY_LINES.finding(filename, f"Summary has {lines}: {quoted(value)}.")
    elif reason and field == "description-content-type":
        yield description.content_type_finding(value, reason, filename)
    elif reason:
        yield _RULE_BY_FIELD[field].finding(filename, f"{name} is {quoted(value)}: {reason}.")


VERSION_LOCAL: Final = Rule(
    code="version-local",
    statement="`Version` has no local part (`+...`).",
    source=f"Version specifiers specification, local version identifiers; {OBSERVED}",
    meaning="The index refuses local versions, and always will.",
    fix='Publish from a tagged commit; with setuptools-scm set `local_scheme = "no-local-version"`, with hatch-vcs '
    '`raw-options = { local_scheme = "no-local-version" }`.',
)


def _version(uploaded: UploadedMetadata, filename: str) -> Iterator[Finding]:
    text = uploaded.first("version")
    version = None if text is None else read_version(text)
    if text is not None and version is not None and version.local is not None:
        yield VERSION_LOCAL.finding(filename, f"Version is {quoted(text)}, with the local part '+{version.local}'.")


SUMMARY_LENGTH: Final = Rule(
    code="summary-length",
    statement="`Summary` has at most 512 characters.",
    source=OBSERVED,
    meaning="The index refuses the file.",
    fix="Shorten `description` under `[project]`; the long text belongs in `readme`.",
)
SUMMARY_LIMIT: Final = 512
"""Characters."""


def _summary(uploaded: UploadedMetadata, filename: str) -> Iterator[Finding]:
    summary = uploaded.first("summary")
    if summary is not None and len(summary) > SUMMARY_LIMIT:
        yield SUMMARY_LENGTH.finding(filename, f"Summary has {len(summary)} characters: {quoted(summary)}.")


def _dynamic(uploaded: UploadedMetadata, filename: str) -> Iterator[Finding]:
    """The index's own checks, in addition to the library's."""
    for name in uploaded.all("dynamic"):
        if name.lower() == "dynamic":
            yield DYNAMIC_INVALID.finding(filename, f"Dynamic names {quoted(name)}, which may not be dynamic.")
