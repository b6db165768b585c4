"""Foreign text inside Markdown: it shows as it is, and cannot become markup. Pure.

Source: the CommonMark specification 0.31, "Backslash escapes", and GitHub's extension of it.
"""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import quote

from .foreign_text import visible

_PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")
_MARKS: Final = re.compile(r"[*_\[\]~\\`|:@!]")
_LINKABLE: Final = re.compile(r"https?://[^\s<>\"'`\\|]+")


def text(foreign: str) -> str:
    """``foreign`` as plain text within a line: every ASCII punctuation mark is escaped."""
    return _PUNCTUATION.sub(r"\\\1", visible(foreign))


def code(foreign: str) -> str:
    """``foreign`` as code within a line or a table: an element, with every mark of Markdown as a reference."""
    shown = html.escape(visible(foreign), quote=True)
    return f"<code>{_MARKS.sub(lambda mark: f'&#{ord(mark[0])};', shown)}</code>"


def link(foreign: str, url: str) -> str:
    """A link, where ``url`` is one of http or https; the text alone where it is not."""
    if _LINKABLE.fullmatch(url) is None:
        return text(foreign)
    return f"[{text(foreign)}]({quote(url, safe=':/?#@!$&*+,;=%-._~')})"


def block(lines: str) -> str:
    """Lines to paste, as they are, in a fence that nothing in them can close."""
    shown = "\n".join(visible(line) for line in lines.split("\n"))
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}yaml\n{shown}\n{fence}"
