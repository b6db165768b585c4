"""What an answer says to people, as plain text, whatever form it came in. HTML is never passed on.

An index that is asked for JSON answers ``{"message", "code", "title"}``; others carry the message in the reason phrase;
a CDN or a proxy answers with a page of its own.
"""

from __future__ import annotations

import enum
import html.parser
import http
import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from ..errors import Diagnosis

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


def reason_of(status: int, reason: str) -> str:
    """The reason phrase of an answer, or the standard one of its status."""
    return _one_line(reason) or _standard_phrase(status)


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


class Verdict(str, enum.Enum):
    """What a refusal means for the release."""

    REFUSED = "refused"
    """For good: somebody has to change something."""
    LATER = "later"
    """The index takes nothing at the moment."""
    EXISTS = "exists"
    """The name is taken; whether by the same bytes, the index's list says."""
    TOKEN_EXPIRED = "token expired"  # noqa: S105  # a verdict, not a secret
    """A fresh token, and the same file again."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One explanation."""

    statuses: frozenset[int]
    words: tuple[str, ...] = ()
    """Any of these, in lower case, stands in the message; none: the status alone decides."""
    code: str
    cause: str
    fix: str
    verdict: Verdict = Verdict.REFUSED


_400: Final = frozenset({400})
_403: Final = frozenset({401, 403})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

ROWS: Final = (
    Row(
        statuses=_400 | {409},
        words=("file already exists", "already exists", "already been used", "previously used", "conflict"),
        code="upload-file-exists",
        cause="A file of that name with other bytes, or these bytes under another name, is or was on the index. A name "
        "can be used once, even when the file has been deleted. Most often the version was not raised, or the files "
        "were built again.",
        fix="Raise the version and build again, or publish the very files of the first build.",
        verdict=Verdict.EXISTS,
    ),
    Row(
        statuses=frozenset({409}),
        code="upload-file-exists",
        cause="The name is taken on the index.",
        fix="Raise the version and build again, or publish the very files of the first build.",
        verdict=Verdict.EXISTS,
    ),
    Row(
        statuses=_400,
        words=("non-user identities cannot create new projects",),
        code="upload-no-project",
        cause="The project does not exist, and no pending publisher of that very name was registered for this job.",
        fix="Register a pending publisher for the project's name, or correct the name in the project's metadata.",
    ),
    Row(
        statuses=_400,
        words=("only one sdist",),
        code="upload-second-sdist",
        cause="This version has a source distribution already, under another file name.",
        fix="Publish a single sdist for each version.",
    ),
    Row(
        statuses=_400,
        words=("older than 14 days", "older than"),
        code="upload-release-too-old",
        cause="The index takes no new files for a version that was published more than 14 days ago.",
        fix="Raise the version and publish a new release.",
    ),
    Row(
        statuses=_400 | {403},
        words=("file too large", "limit for this file", "project size too large", "size limit"),
        code="upload-too-large",
        cause="The file, or the project with it, is beyond the limit that the index has set.",
        fix="Make the files smaller, delete old releases, or ask those who run the index to raise the limit.",
    ),
    Row(
        statuses=frozenset({413}),
        code="upload-too-large",
        cause="The index, or a proxy in front of it, takes no file of that size.",
        fix="Make the file smaller, or ask those who run the index to raise the limit.",
    ),
    Row(
        statuses=_400 | {403},
        words=("attestation",),
        code="upload-attestation-refused",
        cause="The index could not verify the attestations: they must be made by the workflow file that the publisher "
        "names (not by one that calls it), for these very bytes, at most two for a file.",
        fix="Let this action make the attestations, or switch them off with the input 'attestations'.",
    ),
    Row(
        statuses=_400,
        words=("invalid distribution file", "invalid entry points"),
        code="upload-file-invalid",
        cause="The index opened the file and did not like what is in it; its message does not say where.",
        fix="Run the command 'check' on the file: it applies the index's rules one by one and names the member.",
    ),
    Row(
        statuses=_400,
        words=("failed to render", "description"),
        code="upload-description-refused",
        cause="The description cannot be rendered in the format that the metadata names.",
        fix="Run the command 'check' on the file: it renders the description and names the line.",
    ),
    Row(
        statuses=_400,
        words=("has invalid data", "invalid value", "is invalid", "is not a valid", "metadata"),
        code="upload-metadata-refused",
        cause="A field of the core metadata has a value that the index does not take.",
        fix="Correct the field in pyproject.toml (or where your build tool keeps it) and build again.",
    ),
    Row(
        statuses=_403,
        words=("token is expired", "expired"),
        code="upload-token-expired",
        cause="The upload token ran out, and a fresh one was not accepted either.",
        fix="Run the failed job again: files that are there already are skipped.",
        verdict=Verdict.TOKEN_EXPIRED,
    ),
    Row(
        statuses=_403,
        words=("oidc scoped token is not valid for project", "not valid for project"),
        code="upload-project-not-covered",
        cause="The publisher that matches this job is not registered for this project.",
        fix="Register the same publisher in the publishing settings of this project too.",
    ),
    Row(
        statuses=_403 | {503},
        words=("read-only", "temporarily disabled"),
        code="upload-read-only",
        cause="The index takes no uploads at the moment.",
        fix="Look at the status page of the index, and run the failed job again later.",
        verdict=Verdict.LATER,
    ),
    Row(
        statuses=frozenset({403, 429}),
        words=("too many new projects",),
        code="upload-too-many-projects",
        cause="The index limits how many new projects an account or an address may create in a time.",
        fix="Run the failed job again tomorrow.",
        verdict=Verdict.LATER,
    ),
    Row(
        statuses=_403,
        words=("invalid api token", "invalid or non-existent authentication", "authentication"),
        code="upload-token-refused",
        cause="The index does not accept the upload token that it has just handed out: it was revoked, or the "
        "publisher was changed or removed in between.",
        fix="Look at the publisher in the project's settings, and run the failed job again.",
    ),
    Row(
        statuses=_403,
        words=("isn't allowed to upload", "not allowed to upload", "allowed to upload"),
        code="upload-not-allowed",
        cause="The publisher may not upload to this project.",
        fix="Look at the publishing settings of the project on the index.",
    ),
    Row(
        statuses=_403,
        code="upload-forbidden",
        cause="The index does not let this job upload.",
        fix="Look at the publishing settings of the project on the index, and whether the project is archived.",
    ),
    Row(
        statuses=frozenset({404, 410}),
        code="upload-url-not-found",
        cause="There is nothing at the upload URL.",
        fix="Correct the input 'repository-url': it is the URL for uploads, not that of a page or the simple index.",
    ),
    Row(
        statuses=frozenset({405}),
        code="upload-url-is-index",
        cause="The input 'repository-url' probably holds the URL of the simple index, and not the one for uploads.",
        fix="Set 'repository-url' to the upload URL (PyPI's ends in /legacy/), and 'check-url' to the simple index.",
    ),
    Row(
        statuses=_REDIRECTS,
        code="upload-redirected",
        cause="The upload URL leads elsewhere, and a token is never sent where it was not meant to go.",
        fix="Set the input 'repository-url' to the URL that the index redirects to, if you trust it.",
    ),
)


def match(status: int, message: str) -> Row | None:
    """The first row that fits an answer; None when none does."""
    lower = message.lower()
    for row in ROWS:
        if status in row.statuses and (not row.words or any(word in lower for word in row.words)):
            return row
    return None


def explain(*, status: int, message: str, location: str, filename: str, index: str, upload_url: str) -> Diagnosis:
    """What a refusal of ``filename`` means; ``location`` is the target of a redirect, else empty."""
    row = match(status, message)
    facts = (("status", str(status)), ("index said", message), ("upload URL", upload_url))
    message = f"{index} refused {filename}: {status} {message}".rstrip(" .") + "."
    if row is None:
        return Diagnosis(
            code="upload-refused",
            message=message,
            likely_cause="The index gave a reason that this action does not know.",
            fix="Read what the index said. Files that were uploaded before stay; a further run skips them.",
            details=facts,
            file=filename,
        )
    if _absolute(location, upload_url).rstrip("/") == upload_url.rstrip("/") and not upload_url.endswith("/"):
        return _missing_slash(filename, index, upload_url, facts)
    return Diagnosis(
        code=row.code,
        message=message,
        likely_cause=row.cause,
        fix=row.fix,
        details=(*facts, ("leads to", location)) if location else facts,
        file=filename,
    )


def _absolute(location: str, upload_url: str) -> str:
    """Where a redirect leads: its target may be a path alone. Empty for what is no URL."""
    try:
        return urljoin(upload_url, location) if location else ""
    except ValueError:
        return ""


def _missing_slash(filename: str, index: str, upload_url: str, facts: tuple[tuple[str, str], ...]) -> Diagnosis:
    return Diagnosis(
        code="upload-url-without-slash",
        message=f"{index} did not take {filename}: it redirects the upload URL to the same URL with a slash.",
        likely_cause="The input 'repository-url' lacks the slash at its end.",
        fix=f"Set 'repository-url' to {upload_url}/",
        snippet=f"repository-url: {upload_url}/",
        details=facts,
        file=filename,
    )
