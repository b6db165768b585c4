"""The lines of a log before anybody knows where it is written: text and the part that it plays."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .foreign_text import clean, clipped


class Role(str, enum.Enum):
    """What a line is for. Only details may be held back when the log is to be short."""

    HEADLINE = "headline"
    GROUP = "group"
    """Opens a group; the text is its title."""
    GROUP_END = "end of group"
    """Closes it; no text."""
    DETAIL = "detail"
    CONCLUSION = "conclusion"
    """What a step came to."""
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: clean, so that whatever was put into it, no runner takes it for a command."""

    text: str
    role: Role = Role.DETAIL

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(clipped(self.text)))
