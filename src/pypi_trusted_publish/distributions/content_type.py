"""``Description-Content-Type``: which types, character sets and variants the index takes. Pure.

Judged by the standard library's reading of a content-type header, as the specification's reference library does it; the
library is imported only for spellings that are not the everyday ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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
