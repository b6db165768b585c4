"""A diagnosis as an annotation: a title, and a message that fits. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .errors import Diagnosis, Severity
from .foreign_text import clean, clipped, visible

MESSAGE_LIMIT: Final = 4_000
"""Characters; GitHub cuts an annotation at 4,096 (seen August 2026)."""
_TITLES: Final = {
    Severity.ERROR: "Nothing goes on until this is changed",
    Severity.WARNING: "Worth a look",
    Severity.NOTICE: "Good to know",
}


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What the runner is given; every text is clean, the message may have several lines."""

    severity: Severity
    title: str
    message: str


def annotation_of(diagnosis: Diagnosis) -> Annotation:
    """The fact itself, then the remedy and what to paste; the longest part is cut first."""
    parts = [diagnosis.happened, diagnosis.cause, diagnosis.remedy]
    if diagnosis.paste:
        parts.append(diagnosis.paste)
    if diagnosis.read_on:
        parts.append(f"Read on: {diagnosis.read_on}")
    lines = (clean(line) for part in parts if part for line in part.split("\n"))
    return Annotation(
        severity=diagnosis.severity,
        title=visible(f"{_TITLES[diagnosis.severity]}: {diagnosis.code}"),
        message=clipped("\n".join(lines), MESSAGE_LIMIT),
    )
