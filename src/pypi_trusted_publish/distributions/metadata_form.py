"""Checks of the form of core metadata and of what names a release: versions, name, summary, repeated fields. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..version_text import read_version
from . import rules_metadata as rules
from .distribution import Finding
from .metadata_fields import FIELDS, VERSIONS
from .names import is_valid_name
from .quoting import quoted
from .sent_metadata import SentMetadata

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
                yield rules.METADATA_NOT_UTF8.finding(
                    filename,
                    f"{FIELDS[name].name} has the byte 0x{byte:02x}, which is not UTF-8, in {quoted(around)}.",
                )
                break


def _metadata_version(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    version = sent.first("metadata-version")
    if version is None:
        yield rules.METADATA_VERSION_MISSING.finding(filename, "There is no Metadata-Version.")
    elif version not in VERSIONS:
        told = f"Metadata-Version is {quoted(version)}."
        rule = rules.METADATA_VERSION_NEW if _is_newer(version) else rules.METADATA_VERSION_INVALID
        yield rule.finding(filename, told)


def _is_newer(version: str) -> bool:
    match = _METADATA_VERSION.fullmatch(version)
    newest = tuple(int(part) for part in VERSIONS[-1].split("."))
    return match is not None and (int(match[1]), int(match[2])) > newest


def _repeated(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    for name, values in sent.fields.items():
        if len(values) > 1 and not FIELDS[name].repeats:
            yield rules.METADATA_FIELD_REPEATED.finding(
                filename,
                f"{FIELDS[name].name} stands {len(values)} times: {quoted(values[0])}, {quoted(values[1])}"
                f"{' and more' if len(values) > 2 else ''}.",  # noqa: PLR2004 - the two that are quoted
            )


def _name(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    name = sent.first("name")
    if name is None:
        yield rules.NAME_MISSING.finding(filename, "There is no Name.")
    elif not is_valid_name(name):
        yield rules.NAME_INVALID.finding(filename, f"Name is {quoted(name)}.")


def _version(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    text = sent.first("version")
    if text is None:
        yield rules.VERSION_MISSING.finding(filename, "There is no Version.")
        return
    version = read_version(text)
    if version is None:
        yield rules.VERSION_INVALID.finding(filename, f"Version is {quoted(text)}.")
        return
    if version.local is not None:
        yield rules.VERSION_LOCAL.finding(
            filename, f"Version is {quoted(text)}, with the local part '+{version.local}'."
        )


def _summary(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    summary = sent.first("summary")
    if summary is None:
        return
    if _LINE_END.search(summary):
        lines = len(_LINE_END.split(summary))
        yield rules.SUMMARY_LINES.finding(filename, f"Summary has {lines} lines: {quoted(summary)}.")
    if len(summary) > SUMMARY_LIMIT:
        yield rules.SUMMARY_LENGTH.finding(filename, f"Summary has {len(summary)} characters: {quoted(summary)}.")


def _dynamic(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    for name in sent.all("dynamic"):
        if name.lower() in _NEVER_DYNAMIC:
            yield rules.DYNAMIC_INVALID.finding(filename, f"Dynamic names {quoted(name)}, which may not be dynamic.")
        elif name.lower() not in FIELDS:
            yield rules.DYNAMIC_INVALID.finding(
                filename, f"Dynamic names {quoted(name)}, which is no field of core metadata."
            )
