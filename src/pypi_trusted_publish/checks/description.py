"""What the index says about a description: its content type, and whether it renders. Pure: the renderer is handed in.

Only reStructuredText can fail to render. Any type but plain text is refused when nothing is left of it: a blank text,
or one of which nothing is shown (comments in reStructuredText, link definitions in Markdown).
Source: PyPI's upload endpoint, observed August 2026.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..formatting import quoted
from .content import NOT_FULLY_CHECKED
from .core_metadata import SentMetadata
from .model import SEEN, Finding, Rule

DESCRIPTION_WITHOUT_TYPE: Final = (
    'If the README is Markdown, say so with `readme = "README.md"` under `[project]`, or '
    '`long_description_content_type="text/markdown"` in `setup.py`. If it is reStructuredText, mend that line.'
)

DESCRIPTION_INDENTED: Final = (
    "Build with a current setuptools: it puts the description behind the headers, as it is, and no longer into an "
    "indented `Description` header."
)

CONTENT_TYPE_INVALID: Final = Rule(
    code="description-content-type",
    statement="`Description-Content-Type` is `text/plain`, `text/x-rst` or `text/markdown`, in UTF-8, and a Markdown "
    "variant is `GFM` or `CommonMark`.",
    source="Core metadata specification, Description-Content-Type",
    meaning="The index refuses the file.",
    fix='Name the README\'s file under `[project]` as `readme = "README.md"` or `readme = "README.rst"`: the backend '
    "derives the type from it.",
)
DESCRIPTION_BLANK: Final = Rule(
    code="description-blank",
    statement="A description that is there shows something, unless it is plain text.",
    source=SEEN,
    meaning="The index refuses the file, saying that the description failed to render.",
    fix="Write the README, or take `readme` out of `[project]`.",
)
DESCRIPTION_NOT_RENDERED: Final = Rule(
    code="description-not-rendered",
    statement="A reStructuredText description renders without errors and warnings of docutils; Sphinx's roles and "
    "directives, included files and raw HTML are not taken.",
    source=SEEN,
    meaning="The index refuses the file; its message names no line.",
    fix="Mend the README at the line named; `docutils --halt=2 README.rst` shows the same problem.",
)
RULES: Final = (CONTENT_TYPE_INVALID, DESCRIPTION_BLANK, DESCRIPTION_NOT_RENDERED)


PLAIN: Final = "text/plain"
RST: Final = "text/x-rst"
MARKDOWN: Final = "text/markdown"
TYPES: Final = (PLAIN, RST, MARKDOWN)
VARIANTS: Final = ("GFM", "CommonMark")

_LONGEST: Final = 1000
"""Characters; the standard library's time grows with the square of them."""
_EVERYDAY: Final = re.compile(
    r"(text/(?:plain|x-rst|markdown))(?: *; *charset=(?:\"?[Uu][Tt][Ff]-8\"?))?(?: *; *variant=(?:GFM|CommonMark))?"
)


@dataclass(frozen=True, kw_only=True)
class ContentType:
    """A content type that the index takes."""

    kind: str
    """One of :data:`TYPES`."""


def parse_content_type(text: str) -> ContentType | str:
    """The content type, or a phrase that says what is wrong with it."""
    if everyday := _EVERYDAY.fullmatch(text):
        return ContentType(kind=everyday[1])
    if len(text) > _LONGEST:
        return "it is too long for a content type"
    from email.message import EmailMessage

    message = EmailMessage()
    try:
        message["content-type"] = text
    except (ValueError, IndexError, RecursionError):  # the library's own way to say no to several lines and the like
        return "it cannot be read as a content type"
    header = message["content-type"]
    if header.defects:
        return "it is not well-formed as a content type"
    kind = message.get_content_type().lower()
    if kind not in TYPES or kind not in text.lower():
        return f"the type is not one of {', '.join(TYPES)}"
    return _problem(kind, header.params) or ContentType(kind=kind)


def _problem(kind: str, parameters: Mapping[str, str]) -> str:
    charset = parameters.get("charset", "UTF-8")
    if charset.lower() != "utf-8":
        return f"the charset {charset!r} is not UTF-8"
    variant = parameters.get("variant", VARIANTS[0])
    if kind == MARKDOWN and variant not in VARIANTS:
        return f"the variant {variant!r} is not one of {', '.join(VARIANTS)}"
    return ""


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
        yield CONTENT_TYPE_INVALID.finding(
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
        yield DESCRIPTION_BLANK.finding(filename, f"The description has {len(description)} characters, all blank.")
    elif kind == MARKDOWN:
        if _shows_nothing(description):
            yield DESCRIPTION_BLANK.finding(filename, "The description holds nothing but link definitions.")
    elif render is not None:
        yield from rendering_findings(render(description), description, stated, filename)


def _shows_nothing(markdown: str) -> bool:
    return all(_LINK_DEFINITION.fullmatch(line) for line in markdown.splitlines() if line.strip())


def _is_indented(text: str) -> bool:
    """Whether the text was folded into a header as old releases of setuptools do it, and clients send it so."""
    later = [line for line in text.splitlines()[1:] if line.strip()]
    return bool(later) and all(line.startswith(_FOLD) for line in later)


def rendering_findings(rendering: Rendering, description: str, stated: str | None, filename: str) -> Iterator[Finding]:
    """What a renderer's verdict means. ``stated``: the Description-Content-Type, if there is one."""
    if rendering.verdict is Verdict.RENDERED:
        return
    where = "" if rendering.line is None else f" in line {rendering.line}"
    if rendering.verdict is Verdict.UNKNOWN:
        yield NOT_FULLY_CHECKED.finding(filename, f"The description was not rendered to its end: {rendering.problem}.")
        return
    told = f"The description does not render as reStructuredText{where}: {rendering.problem}."
    if _is_indented(description):
        told += " Each line after the first is indented by eight blanks, which the index takes for a part of the text."
        yield DESCRIPTION_NOT_RENDERED.finding(filename, told, DESCRIPTION_INDENTED)
        return
    if not stated:
        told += " The metadata name no Description-Content-Type, so the index takes it for reStructuredText."
    hint = None if stated else DESCRIPTION_WITHOUT_TYPE
    yield DESCRIPTION_NOT_RENDERED.finding(filename, told, hint)
