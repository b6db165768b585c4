"""The one rule about what was left unjudged; the checks that have a budget yield it themselves."""

from __future__ import annotations

from typing import Final

from ..errors import Severity
from .rule import Level, Rule

NOT_FULLY_CHECKED: Final = Rule(
    code="not-fully-checked",
    statement="Every part of a file can be judged within the time and memory that a check may take.",
    source="A bound of this project.",
    meaning="The part named was not judged; the index decides, and may take the file.",
    fix="Nothing has to change; a smaller file is judged wholly.",
    level=Level.NOTICE,
    severity=Severity.WARNING,
)

RULES: Final = (NOT_FULLY_CHECKED,)
