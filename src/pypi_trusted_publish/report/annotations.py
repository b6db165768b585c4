"""Diagnoses as annotations: a title, and a message that fits. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..errors import Diagnosis, Severity
from ..quantities import count_text
from .foreign_text import clean, clean_lines, clipped, visible
from .read_on import read_on

MESSAGE_LIMIT: Final = 4_000
"""Characters; GitHub cuts an annotation at 4,096 (seen August 2026)."""
SHOWN: Final = 10
"""Of each severity; GitHub shows ten of a step and drops the rest without a word (its documentation, 2026)."""
TITLE: Final = "pypi-trusted-publish"


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """What the runner is given; every text is clean, the message may have several lines."""

    severity: Severity
    title: str
    message: str


def annotations_of(diagnoses: Sequence[Diagnosis]) -> Iterator[Annotation]:
    """One for each cause; where there are more than GitHub shows, the last one counts the rest."""
    for severity in Severity:
        told = [diagnosis for diagnosis in diagnoses if diagnosis.severity is severity]
        shown = told if len(told) <= SHOWN else told[: SHOWN - 1]
        yield from map(annotation_of, shown)
        if len(shown) < len(told):
            more = count_text(len(told) - len(shown), severity.value)
            yield Annotation(severity=severity, title=TITLE, message=f"{more} more: see the log or the job's summary.")


def annotation_of(diagnosis: Diagnosis) -> Annotation:
    """The fact itself, the cause, the remedy, what to paste and where to read on; its end is cut when it is long."""
    ending = f"\nRead on: {clean(read_on(diagnosis))}"
    parts = (diagnosis.happened, diagnosis.cause, diagnosis.remedy, diagnosis.paste)
    lines = (line for part in parts if part for line in clean_lines(part))
    return Annotation(
        severity=diagnosis.severity,
        title=visible(f"{TITLE} {diagnosis.code}"),
        message=clipped("\n".join(lines), MESSAGE_LIMIT - len(ending)) + ending,
    )
