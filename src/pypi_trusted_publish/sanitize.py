"""Makes untrusted text harmless for a log: every file name, field, header and answer passes through here.

The runner reads a step's output line by line and knows two spellings of commands: ``##[name]`` anywhere in a line, and
``::name::`` after leading spaces; a bare carriage return ends a line for it. It compares text by cultural rules, which
ignore characters without a width (actions/runner, ``ActionCommand.cs``, August 2026). So all invisible characters
become visible escapes in Python's spelling, and a backslash breaks both spellings of commands. Nothing is ever removed.
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
    """``text`` on one line with every character visible: controls, format characters and surrogates as escapes.

    Spaces of other alphabets stay; private-use and unassigned characters become escapes too.
    """
    if text.isprintable() and not _UNSEEN_MARKS.search(text):
        return text
    return "".join(character if _is_seen(character) else _escape(character) for character in text)


def printable(text: str) -> bool:
    """Whether every character can be printed; those that are newer than this Python count as printable."""
    return all(character.isprintable() or unicodedata.category(character) == "Cn" for character in text)


def clean(text: str) -> str:
    """One line that a runner never reads as a command, whatever ``text`` is."""
    line = visible(text).replace("##[", "##\\[")
    blanks = len(line) - len(line.lstrip())
    return f"{line[:blanks]}\\{line[blanks:]}" if line.startswith("::", blanks) else line


def clean_lines(text: str) -> tuple[str, ...]:
    """The lines of our own text (separated by line feeds), which may contain untrusted values, each of them clean."""
    return tuple(clean(line) for line in text.split("\n"))


def clipped(text: str, limit: int = _LINE_LIMIT) -> str:
    """``text`` in at most ``limit`` characters; ends with the number of omitted characters."""
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
