"""What an answer says to people, as plain text, whatever form it came in. HTML is never passed on.

An index that is asked for JSON answers ``{"message", "code", "title"}``; others carry the message in the reason phrase;
a CDN or a proxy answers with a page of its own.
"""

from __future__ import annotations

import html.parser
import http
import json
from typing import Final

_LIMIT: Final = 600
"""Characters of a message that are kept."""
_SILENT: Final = frozenset({"script", "style", "svg", "template", "noscript"})
_NOTHING_SAID: Final = frozenset({"200 ok", "ok", "201 created", "created"})
"""What success bodies hold when there is nothing to say."""
_FILLER: Final = (
    "the server could not comply with the request since it is either malformed or otherwise incorrect.",
    "access was denied to this resource.",
    "the resource could not be found.",
)
"""Sentences that PyPI's framework (webob's ``webob.exc``) puts before the message itself."""


def message_of(*, status: int, reason: str, content_type: str, body: bytes) -> str:
    """The message of an error: from JSON, else the reason phrase when it says more than the status, else the text."""
    from_json = _json_message(body)
    if from_json:
        return _one_line(from_json)
    if reason.strip() and reason.strip().lower() != _standard_phrase(status).lower():
        return _one_line(reason)
    text = _html_text(body) if is_html(content_type, body) else _plain_text(content_type, body)
    return _one_line(text) or reason.strip() or _standard_phrase(status)


def warnings_of(*, content_type: str, body: bytes) -> tuple[str, ...]:
    """What a success says besides, a line each; a page of HTML is no warning."""
    text = _json_message(body)
    if text is None:
        text = "" if is_html(content_type, body) else _plain_text(content_type, body)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return tuple(line[:_LIMIT] for line in lines if line and line.lower() not in _NOTHING_SAID)


def is_html(content_type: str, body: bytes) -> bool:
    """Whether this is a page: by its type, or by how it begins."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        return True
    start = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml"))


def is_json(body: bytes) -> bool:
    """Whether a body is a JSON document."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _json_message(body: bytes) -> str | None:
    """The message of a JSON object (empty when it has none); None when the body is no JSON object."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    for key in ("message", "detail", "error", "title"):
        value = answer.get(key)
        if isinstance(value, str) and value.strip():
            return _without_filler(value)
    return ""


def _without_filler(message: str) -> str:
    stripped = message.strip()
    for filler in _FILLER:
        if stripped.lower().startswith(filler) and len(stripped) > len(filler):
            return stripped[len(filler) :].strip()
    return stripped


def _plain_text(content_type: str, body: bytes) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind and not kind.startswith("text/"):
        return ""
    return body[: 8 * _LIMIT].decode("utf-8", "replace")


def _html_text(body: bytes) -> str:
    reader = _TextOnly()
    reader.feed(body[: 1 << 16].decode("utf-8", "replace"))
    return " ".join(reader.texts)


class _TextOnly(html.parser.HTMLParser):
    """Collects the text that a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  # of the interface
        self._silent += tag in _SILENT

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and not self._silent and text not in self.texts[-1:]:
            self.texts.append(text)


def _one_line(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= _LIMIT else joined[:_LIMIT] + "..."


def _standard_phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
