"""Text that others wrote, made harmless for a log: every file name, field, header and answer passes through here.

The runner reads a step's output line by line and takes two spellings for commands: ``##[name]`` anywhere in a line, and
``::name::`` after leading blanks; a bare carriage return ends a line for it. It compares text by the rules of a
culture, in which characters without a width do not count (actions/runner, ``ActionCommand.cs``, seen August 2026). So
everything that cannot be seen becomes a visible escape in Python's spelling, and both spellings are broken with a
backslash. Nothing is ever removed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNSEEN_MARKS: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]",
)
"""Default-ignorable characters that are letters or marks by their category (Unicode 16, DerivedCoreProperties)."""

_LINE_LIMIT: Final = 8_000


def visible(text: str) -> str:
    """``text`` on one line, every character in it seen: controls, format characters and surrogates as escapes.

    Blanks of other alphabets stay; what has no assigned meaning (private use, unassigned) becomes an escape too.
    """
    if text.isprintable() and not _UNSEEN_MARKS.search(text):
        return text
    return "".join(character if _is_seen(character) else _escape(character) for character in text)


def clean(text: str) -> str:
    """One line that no runner takes for a command, whatever ``text`` is."""
    line = visible(text).replace("##[", "##\\[")
    blanks = len(line) - len(line.lstrip())
    return f"{line[:blanks]}\\{line[blanks:]}" if line.startswith("::", blanks) else line


def clean_lines(text: str) -> tuple[str, ...]:
    """The lines of a text of ours (ended by line feeds) that may hold foreign values, each of them clean."""
    return tuple(clean(line) for line in text.split("\n"))


def clipped(text: str, limit: int = _LINE_LIMIT) -> str:
    """``text`` of at most ``limit`` characters; what was left out is counted at its end."""
    if len(text) <= limit:
        return text
    longest_note = f" ... ({len(text):,} characters more)"
    kept = max(0, limit - len(longest_note))
    return f"{text[:kept]} ... ({len(text) - kept:,} characters more)"


def _is_seen(character: str) -> bool:
    if character.isprintable():
        return not _UNSEEN_MARKS.match(character)
    return unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
