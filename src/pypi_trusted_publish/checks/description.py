"""Descriptions: what the index renders, and what it refuses because it would show nothing.

Only reStructuredText can fail to render. Any type except plain text is refused when nothing would be shown: for a blank
text, or one with only comments (reStructuredText) or link definitions (Markdown).
Source: PyPI's upload endpoint, observed August 2026.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from ..formatting import quoted
from ..readers.core_metadata import UploadedMetadata
from ..values import dataclass
from .files import unchecked_finding
from .library_releases import lone_title_finding
from .model import OBSERVED, Finding, Rule
from .packaging_verdict import refusal

CONTENT_TYPE_INVALID: Final = Rule(
    code="description-content-type",
    statement="`Description-Content-Type` is `text/plain`, `text/x-rst` or `text/markdown`, in UTF-8, and a Markdown "
    "variant is `GFM` or `CommonMark`.",
    source="Core metadata specification, Description-Content-Type",
    meaning="The index refuses the file.",
    fix='Name the README\'s file under `[project]` as `readme = "README.md"` or `readme = "README.rst"`: the backend '
    "derives the type from it.",
)
RULE_BY_FIELD: Final[Mapping[str, Rule]] = MappingProxyType({"description-content-type": CONTENT_TYPE_INVALID})
"""The rule for each field of this family that the library may refuse."""


def content_type_finding(text: str, reason: str, filename: str) -> Finding:
    """The finding for a content type that the library refuses; it lists types and variants in any order."""
    if "must be one of" in reason:
        reason = f"the type is not one of {PLAIN}, {RST}, {MARKDOWN}"
    if "Markdown variants" in reason:
        reason = "the variant of Markdown is not GFM or CommonMark"
    return CONTENT_TYPE_INVALID.finding(filename, f"Description-Content-Type is {quoted(text)}: {reason}.")


PLAIN: Final = "text/plain"
RST: Final = "text/x-rst"
MARKDOWN: Final = "text/markdown"
LONGEST_CONTENT_TYPE: Final = 1000
"""Characters of a content type that is read at all; the standard library's time grows with the square of them."""
_COMMON: Final = re.compile(r"(text/(?:plain|x-rst|markdown))(?: *;[ A-Za-z0-9=;-]*)?")


def content_type_kind(text: str) -> str:
    """The type without parameters, in lower case, of a content type that the library accepts."""
    if common := _COMMON.fullmatch(text):
        return common[1]
    from email.message import EmailMessage

    message = EmailMessage()
    message["content-type"] = text
    return message.get_content_type().lower()


class RenderStatus(enum.Enum):
    """What a renderer says."""

    RENDERED = "rendered"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """It could not be rendered completely."""


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """The result of rendering a reStructuredText description."""

    status: RenderStatus
    problem: str = ""
    """A clause that says what went wrong, without a period; empty when it was rendered."""
    line: int | None = None
    """The line of the description, from 1, if known."""
    only_title: bool = False
    """Refused because the text is a lone title, which the index's release of the library does not show."""


DescriptionRenderer: TypeAlias = Callable[[str], Rendering]
"""Renders reStructuredText as the index does. Never raises; may be called from several threads."""


def description_findings(
    uploaded: UploadedMetadata, filename: str, *, render: DescriptionRenderer | None = None
) -> Iterator[Finding]:
    """What is wrong with the description. Without ``render`` no reStructuredText is rendered."""
    content_type = uploaded.first("description-content-type")
    description = uploaded.first("description")
    if description is None:
        return
    kind = RST
    if content_type is not None:
        upper = re.sub("utf-8", "UTF-8", content_type[: LONGEST_CONTENT_TYPE + 1], flags=re.IGNORECASE)
        if len(upper) > LONGEST_CONTENT_TYPE or refusal("description-content-type", upper):
            return
        kind = content_type_kind(upper)
    if kind == PLAIN:
        return
    if not description.strip():
        yield DESCRIPTION_BLANK.finding(filename, f"The description has {len(description)} characters, all blank.")
    elif kind == MARKDOWN:
        if _shows_nothing(description):
            yield DESCRIPTION_BLANK.finding(filename, "The description has nothing but link definitions.")
    elif render is not None:
        yield from rendering_findings(render(description), description, content_type, filename)


DESCRIPTION_BLANK: Final = Rule(
    code="description-blank",
    statement="A description shows something, unless it is plain text.",
    source=OBSERVED,
    meaning="The index refuses the file and says that the description failed to render.",
    fix="Write the README, or remove `readme` from `[project]`.",
)
_LINK_DEFINITION: Final = re.compile(r" {0,3}\[[^\]^][^\]]*\]:\s*\S+(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^)]*\)))?\s*")


def _shows_nothing(markdown: str) -> bool:
    return all(_LINK_DEFINITION.fullmatch(line) for line in markdown.splitlines() if line.strip())


DESCRIPTION_NOT_RENDERED: Final = Rule(
    code="description-not-rendered",
    statement="A reStructuredText description renders without errors and warnings of docutils; Sphinx's roles and "
    "directives, included files and raw HTML are not accepted.",
    source=OBSERVED,
    meaning="The index refuses the file; its message does not name a line.",
    fix="Correct the README at the given line; `docutils --halt=2 README.rst` shows the same problem.",
)
_WITHOUT_TYPE: Final = (
    'If the README is Markdown, declare it with `readme = "README.md"` under `[project]`, or '
    '`long_description_content_type="text/markdown"` in `setup.py`. If it is reStructuredText, correct that line.'
)
_NOT_RENDERED_HERE: Final = (
    "Nothing needs to be done if it renders: `docutils --halt=2 README.rst` shows what the index would refuse."
)
_INDENTED: Final = (
    "Build with a current setuptools: it writes the description after the headers, unchanged, and no longer into an "
    "indented `Description` header."
)
_CONTINUED: Final = " " * 8
"""What old setuptools put before each continued line of a description in a header."""


def _is_indented(text: str) -> bool:
    """Whether an old setuptools folded the text into a header, which clients send unchanged."""
    later = [line for line in text.splitlines()[1:] if line.strip()]
    return bool(later) and all(line.startswith(_CONTINUED) for line in later)


def rendering_findings(rendering: Rendering, description: str, stated: str | None, filename: str) -> Iterator[Finding]:
    """The findings for a renderer's result. ``stated`` is the Description-Content-Type, if any."""
    if rendering.status is RenderStatus.RENDERED:
        return
    if rendering.status is RenderStatus.UNKNOWN:
        message = f"The description was not checked, because it could not be rendered here: {rendering.problem}."
        yield unchecked_finding(filename, message, _NOT_RENDERED_HERE, value="description")
        return
    if rendering.only_title:
        yield lone_title_finding(filename)
        return
    where = "" if rendering.line is None else f" in line {rendering.line}"
    message = f"The description does not render as reStructuredText{where}: {rendering.problem}."
    hint = None
    if _is_indented(description):
        message += " Each line after the first is indented by eight spaces, which the index reads as part of the text."
        hint = _INDENTED
    elif not stated:
        message += " There is no Description-Content-Type, so the index reads it as reStructuredText."
        hint = _WITHOUT_TYPE
    yield DESCRIPTION_NOT_RENDERED.finding(filename, message, hint)
