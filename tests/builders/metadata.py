"""Core metadata as bytes: right by default, with fields set, added or taken away."""

from __future__ import annotations

import functools

from pypi_trusted_publish.checks.description import DescriptionRenderer
from pypi_trusted_publish.checks.metadata import metadata_findings
from pypi_trusted_publish.checks.model import Finding
from pypi_trusted_publish.readers.core_metadata import read_core_metadata

FILENAME = "demo-1.0-py3-none-any.whl"


def metadata_bytes(*more: tuple[str, str], body: str = "", version: str = "2.4", without: str = "") -> bytes:
    """``METADATA`` with the required fields and a summary, unless ``more`` has them, and then ``more``."""
    named = {name.lower() for name, _ in more} | {without.lower()}
    sound = (("Metadata-Version", version), ("Name", "demo"), ("Version", "1.0"), ("Summary", "A demonstration."))
    fields = [field for field in sound if field[0].lower() not in named] + list(more)
    lines = "".join(f"{name}: {value}\n" for name, value in fields)
    return (f"{lines}\n{body}" if body else lines).encode("utf-8", "surrogateescape")


def found(data: bytes, *, render: DescriptionRenderer | None = None) -> tuple[Finding, ...]:
    """What is found in the bytes of a metadata file, by rules that the sound sample does not break itself."""
    findings = metadata_findings(read_core_metadata(data), FILENAME, render=render)
    return tuple(finding for finding in findings if finding.rule not in broken_by_sample())


@functools.cache
def broken_by_sample() -> frozenset[str]:
    """None: one test makes sure of it."""
    return frozenset(finding.rule for finding in metadata_findings(read_core_metadata(metadata_bytes()), FILENAME))


def codes(data: bytes, *, render: DescriptionRenderer | None = None) -> list[str]:
    """The rules of those findings."""
    return [finding.rule for finding in found(data, render=render)]
