"""Core metadata as bytes: right by default, with fields set, added or taken away."""

from __future__ import annotations

from pypi_trusted_publish.checks.check import metadata_findings
from pypi_trusted_publish.checks.core_metadata import read_core_metadata
from pypi_trusted_publish.checks.description import DescriptionRenderer
from pypi_trusted_publish.checks.model import Finding

FILENAME = "demo-1.0-py3-none-any.whl"


def metadata_bytes(*more: tuple[str, str], body: str = "", version: str = "2.4", without: str = "") -> bytes:
    """``METADATA`` with the three fields that must stand there, unless ``more`` has them, and then ``more``."""
    named = {name.lower() for name, _ in more} | {without.lower()}
    required = (("Metadata-Version", version), ("Name", "demo"), ("Version", "1.0"))
    fields = [field for field in required if field[0].lower() not in named] + list(more)
    lines = "".join(f"{name}: {value}\n" for name, value in fields)
    return (f"{lines}\n{body}" if body else lines).encode("utf-8", "surrogateescape")


def found(data: bytes, *, render: DescriptionRenderer | None = None) -> tuple[Finding, ...]:
    """What is found in the bytes of a metadata file."""
    return tuple(metadata_findings(read_core_metadata(data), FILENAME, render=render))


def codes(data: bytes, *, render: DescriptionRenderer | None = None) -> list[str]:
    """The rules of those findings."""
    return [finding.rule for finding in found(data, render=render)]
