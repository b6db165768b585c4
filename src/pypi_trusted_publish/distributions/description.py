"""What the index says about a description: its content type, and whether it renders. Pure: the renderer is handed in.

Only reStructuredText can fail to render. Any type but plain text is refused when nothing is left of it: a blank text,
or one of which nothing is shown (comments in reStructuredText, link definitions in Markdown).
Source: PyPI's upload endpoint, observed August 2026.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from . import rules_description as rules
from .content_type import MARKDOWN, PLAIN, RST, ContentType, parse_content_type
from .distribution import Finding
from .quoting import quoted
from .rules_content import NOT_FULLY_CHECKED
from .sent_metadata import SentMetadata


class Verdict(enum.Enum):
    """What a renderer says."""

    RENDERED = "rendered"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """It could not be tried, or not to its end."""


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """What became of a reStructuredText description."""

    verdict: Verdict
    problem: str = ""
    """A phrase that says what went wrong, without a full stop; empty when it was rendered."""
    line: int | None = None
    """Of the description, from 1, where that is known."""


DescriptionRenderer: TypeAlias = Callable[[str], Rendering]
"""Renders reStructuredText as the index does. Never raises; may be called from several threads."""

_FOLD: Final = " " * 8
"""In front of each further line of a description in a header, by setuptools before it wrote bodies."""
_LINK_DEFINITION: Final = re.compile(r" {0,3}\[[^\]^][^\]]*\]:\s*\S+(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^)]*\)))?\s*")


def description_findings(
    sent: SentMetadata, filename: str, *, render: DescriptionRenderer | None = None
) -> Iterator[Finding]:
    """What is wrong with the description and its content type. Without ``render`` no reStructuredText is rendered."""
    text = sent.first("description-content-type")
    content_type = ContentType(kind=RST) if text is None else parse_content_type(text)
    if isinstance(content_type, str):
        yield rules.CONTENT_TYPE_INVALID.finding(
            filename, f"Description-Content-Type is {quoted(text or '')}: {content_type}."
        )
        return
    description = sent.first("description")
    if description is not None:
        yield from _text_findings(description, content_type.kind, text, filename, render)


def _text_findings(
    description: str, kind: str, stated: str | None, filename: str, render: DescriptionRenderer | None
) -> Iterator[Finding]:
    if kind == PLAIN:
        return
    if not description.strip():
        yield rules.DESCRIPTION_BLANK.finding(
            filename, f"The description has {len(description)} characters, all blank."
        )
    elif kind == MARKDOWN:
        if _shows_nothing(description):
            yield rules.DESCRIPTION_BLANK.finding(filename, "The description holds nothing but link definitions.")
    elif render is not None:
        yield from _rendering_findings(render(description), stated, filename, indented=_is_indented(description))


def _shows_nothing(markdown: str) -> bool:
    return all(_LINK_DEFINITION.fullmatch(line) for line in markdown.splitlines() if line.strip())


def _is_indented(text: str) -> bool:
    """Whether the text was folded into a header as old releases of setuptools do it, and clients send it so."""
    later = [line for line in text.splitlines()[1:] if line.strip()]
    return bool(later) and all(line.startswith(_FOLD) for line in later)


def _rendering_findings(
    rendering: Rendering, stated: str | None, filename: str, *, indented: bool
) -> Iterator[Finding]:
    if rendering.verdict is Verdict.RENDERED:
        return
    where = "" if rendering.line is None else f" in line {rendering.line}"
    if rendering.verdict is Verdict.UNKNOWN:
        yield NOT_FULLY_CHECKED.finding(filename, f"The description was not rendered to its end: {rendering.problem}.")
        return
    told = f"The description does not render as reStructuredText{where}: {rendering.problem}."
    if indented:
        told += " Each line after the first is indented by eight blanks, which the index takes for a part of the text."
        yield rules.DESCRIPTION_NOT_RENDERED.finding(filename, told, rules.DESCRIPTION_INDENTED)
        return
    if not stated:
        told += " The metadata name no Description-Content-Type, so the index takes it for reStructuredText."
    hint = None if stated else rules.DESCRIPTION_WITHOUT_TYPE
    yield rules.DESCRIPTION_NOT_RENDERED.finding(filename, told, hint)
