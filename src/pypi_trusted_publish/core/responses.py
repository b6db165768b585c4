"""An answer of an index or of GitHub, parsed once into one value, and the meaning of a refusal.

PyPI's server puts the text of an error of its upload endpoint into the reason phrase, into ``code`` of its JSON
(``400 TEXT``) and, after a sentence of its framework, into ``message``; other software uses one of these, or a page.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from ..errors import Diagnosis
from ..reason_phrases import is_standard_phrase, standard_phrase
from ..sanitize import clipped
from ..values import dataclass
from .answers import AnswerRow, Effect, fit
from .file_answers import FILE_ANSWERS, field_hint
from .mint_answers import MINT_ANSWERS
from .project_page import page_document
from .retry import POLICIES, RequestKind, RetryReason, reason_of_status
from .upload_answers import UPLOAD_ANSWERS, UPLOAD_STATUSES

ANSWERS: Final[tuple[AnswerRow, ...]] = (*FILE_ANSWERS, *UPLOAD_ANSWERS, *UPLOAD_STATUSES, *MINT_ANSWERS)
"""All rows in the order in which they are tried: first those with a shape, then those for a status alone."""

_LIMIT: Final = 2_000
"""Characters of a text that are kept."""
_PAGE_LIMIT: Final = 1 << 16
"""Bytes of a page of HTML that are read."""
_MOST_REFUSALS: Final = 10
_SAID_UNDER: Final = ("message", "detail", "error", "error_description", "title", "errors", "description", "msg")
"""The keys under which software says something, in lower case; the first one that says something decides."""
_DEEPEST: Final = 4
_JSON_DUE: Final = frozenset({RequestKind.IDENTITY, RequestKind.AUDIENCE, RequestKind.MINT})
_PAGES: Final = frozenset({RequestKind.PROJECT_PAGE, RequestKind.READ_BACK})
_NOTHING_SAID: Final = frozenset({"200 ok", "ok", "201 created", "created"})
"""Bodies of a success without information."""
_FILLER: Final = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    "Access was denied to this resource.",
    "The resource could not be found.",
    "There was a conflict when trying to complete your request.",
)
"""Sentences that PyPI's framework (webob's ``webob.exc``) puts before the message itself."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One text of a refusal, and the row that matches it."""

    text: str
    """Untrusted text on one line, at most 2,000 characters."""
    row: AnswerRow | None
    parts: Mapping[str, str] = field(default_factory=dict)
    """The variable parts of the text, by their names in the row's shape."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A complete answer."""

    request: RequestKind
    status: int
    text: str
    """Its untrusted text on one line. If the answer may contain a token: only its status's phrase and the refusals."""
    refusals: tuple[Refusal, ...] = ()
    """Empty for a success; else one, or one for each error of a refused mint."""
    document: object = field(default=None, repr=False)
    """The JSON document; None when there is none."""
    body: bytes = field(default=b"", repr=False)
    """Why there is no document; empty when there is one."""
    warnings: tuple[str, ...] = ()
    """Warnings of a success, one line each; untrusted text."""
    location: str = ""
    date: str | None = None
    """The header ``Date``."""
    intercepted: bool = False
    """Something in front of the index or of GitHub seems to have answered: a page, or anything without a reason where
    the service gives its reasons in JSON."""
    retry: RetryReason | None = None
    """Why the request may be sent again; None when the answer is final."""
    retry_after: str | None = None
    """The header ``Retry-After``."""
    truncated: bool = False
    """The answer was longer than what was read."""

    @property
    def ok(self) -> bool:
        """A status of 2xx."""
        return self.status in range(200, 300)

    @property
    def quoted(self) -> str:
        """Status and text."""
        return f"{self.status} {self.text.removeprefix(f'{self.status} ')}".strip()

    def has(self, *effects: Effect) -> bool:
        """Whether a refusal has a row with one of these effects."""
        return any(refusal.row is not None and refusal.row.effect in effects for refusal in self.refusals)


def read_answer(
    request: RequestKind,
    *,
    status: int,
    reason: str,
    headers: Mapping[str, str],
    body: bytes,
    truncated: bool = False,
    json_due: bool | None = None,
) -> Answer:
    """Read an answer. ``json_due``: whether a success must be JSON; by default, the kind of the request decides."""
    content_type = headers.get("content-type", "")
    ok = status in range(200, 300)
    document = None
    if not ok or request not in {RequestKind.REVOKE, RequestKind.CLASSIFIERS}:
        document = page_document(body) if ok and request in _PAGES else _document(body)
    if POLICIES[request].confidential:
        refused = request is RequestKind.MINT and status in range(300, 500)
        quotable = document if refused and status >= 400 else None  # noqa: PLR2004  # client errors
        texts = _listed_errors(quotable)
        text = "; ".join(texts) or _message(quotable, status) or _reason(status, reason if refused else "")
    else:
        text = _text(status, reason, content_type, body, document)
        texts = (text,)
    if POLICIES[request].confidential:
        intercepted = not ok and (_is_of_cdn(document) or not (texts or _gives_reason(document, status)))
    else:
        intercepted = _is_of_cdn(document) or _is_of_others(status, reason, content_type, body)
    refusals = () if ok else tuple(_refusal(request, status, one, intercepted) for one in texts or (text,))
    due = (request in _JSON_DUE) if json_due is None else json_due
    retry = _retry(request, status, refusals)
    if retry is None and ok and due:
        retry = _retry_undocumented(request, content_type, body, document, truncated=truncated)
    return Answer(
        request=request,
        status=status,
        text=text,
        refusals=refusals,
        document=document,
        body=body if document is None else b"",
        warnings=_warnings(status, reason, content_type, body, document)
        if ok and request is RequestKind.UPLOAD
        else (),
        location=_location(headers, confidential=POLICIES[request].confidential),
        date=headers.get("date"),
        intercepted=intercepted,
        retry=retry,
        retry_after=headers.get("retry-after"),
        truncated=truncated,
    )


def _location(headers: Mapping[str, str], *, confidential: bool) -> str:
    """Where a redirect leads; the query of an address can hold what the body can."""
    location = headers.get("location", "")
    return re.split("[?#]", location)[0] if confidential else location


def _retry_undocumented(
    request: RequestKind, content_type: str, body: bytes, document: object, *, truncated: bool
) -> RetryReason | None:
    """Why a success that must be JSON is unusable; a project page that is too large is final."""
    if is_page(content_type, body):
        return RetryReason.HTML
    if document is not None or (truncated and request in _PAGES):
        return None
    return RetryReason.MALFORMED_JSON


def _retry(request: RequestKind, status: int, refusals: tuple[Refusal, ...]) -> RetryReason | None:
    known = [refusal.row for refusal in refusals if refusal.row is not None and refusal.row.shapes]
    if any(row.effect is Effect.PUBLISHER_OUTRUN for row in known):
        return RetryReason.PENDING_PUBLISHER
    decided = known and request is RequestKind.UPLOAD  # a text says for how long, where a status cannot
    return None if decided else reason_of_status(status)


def _gives_reason(document: object, status: int) -> bool:
    """Whether a document says more than the phrase of its status."""
    text = _message(document, status)
    return bool(text) and not is_standard_phrase(status, text.removeprefix(f"{status} "))


def _is_of_cdn(document: object) -> bool:
    """Whether this is the JSON with which Cloudflare refuses a request (RFC 9457, with a member of its own)."""
    return isinstance(document, dict) and document.get("cloudflare_error") is True


def _is_of_others(status: int, reason: str, content_type: str, body: bytes) -> bool:
    """Whether this is a page that an index that is asked for JSON does not send."""
    if not _begins_as_page(body) or (reason.strip() and not is_standard_phrase(status, reason)):
        return False
    return text_of_page(body, content_type).lower() not in _NOTHING_SAID


def _refusal(request: RequestKind, status: int, text: str, intercepted: bool) -> Refusal:
    for row in ANSWERS:
        if row.request is not request or status not in row.statuses or row.intercepted > intercepted:
            continue
        if not row.shapes:
            return Refusal(text=text, row=row)
        for shape in row.shapes:
            parts = fit(shape, text)
            if parts is not None:
                return Refusal(text=text, row=row, parts=parts)
    return Refusal(text=text, row=None)


def explain(
    refusal: Refusal, *, message: str, context: Mapping[str, str], details: tuple[tuple[str, str], ...], file: str = ""
) -> Diagnosis:
    """The diagnosis of a refusal with a row. ``context`` has the values that rows name in addition to the text's."""
    row = refusal.row
    if row is None:
        raise ValueError("only a refusal with a row can be explained")
    words = _Words({"field_hint": field_hint(refusal.parts.get("field", "")), **context, **refusal.parts})
    return Diagnosis(
        code=row.code,
        message=message,
        likely_cause=row.likely_cause.format_map(words),
        fix=row.fix.format_map(words),
        details=details,
        file=file,
        cure=row.cure,
    )


class _Words(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "unknown"


def is_page(content_type: str, body: bytes) -> bool:
    """Whether this is a page of HTML, by its type or its start."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in {"text/html", "application/xhtml+xml"} or _begins_as_page(body)


def _begins_as_page(body: bytes) -> bool:
    start = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<div", b"<p>"))


def _document(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _text(status: int, reason: str, content_type: str, body: bytes, document: object) -> str:
    """The text of an answer: from JSON, else a specific reason phrase, else the body."""
    from_json = _message(document, status)
    if from_json:
        return from_json
    if reason.strip() and not is_standard_phrase(status, reason):
        return one_line(reason)
    if document is not None:  # it says nothing under the usual keys
        return one_line(_decoded(content_type, body)) if _has_words(document) else _reason(status, reason)
    page = is_page(content_type, body)
    text = text_of_page(body, content_type) if page else _plain_text(content_type, body)
    return one_line(_without_filler(text)) or _reason(status, reason)


def _message(document: object, status: int) -> str:
    """The text of a JSON document: PyPI's ``code`` before its ``message``, or what other software says."""
    code = document.get("code") if isinstance(document, dict) else None
    if isinstance(code, str) and code.startswith(f"{status} ") and not is_standard_phrase(status, code[4:]):
        return one_line(code[4:])
    return one_line(_said(document))


def _said(value: object, depth: int = 0) -> str:
    """What a JSON document says under the usual keys, at most four levels down; of a list, its first entries."""
    if isinstance(value, str):
        return _without_filler(value)
    if depth == _DEEPEST:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_said(entry, depth + 1) for entry in value[:_MOST_REFUSALS])))
    if not isinstance(value, dict):
        return ""
    lowered = {str(key).lower(): inner for key, inner in value.items()}
    found = (_said(lowered[key], depth + 1) for key in _SAID_UNDER if key in lowered)
    return next(filter(None, found), "")


def _has_words(value: object, depth: int = 0) -> bool:
    """Whether a JSON document has a text somewhere, at most four levels down."""
    if isinstance(value, str):
        return bool(value.strip())
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth < _DEEPEST and any(_has_words(each, depth + 1) for each in inner)


def _listed_errors(document: object) -> tuple[str, ...]:
    """The errors of a refused mint, each as ``code: description``."""
    errors = document.get("errors") if isinstance(document, dict) else None
    entries = errors[:_MOST_REFUSALS] if isinstance(errors, list) else []
    found = [_listed_error(entry) for entry in entries if isinstance(entry, dict)]
    return tuple(text for text in found if text)


def _listed_error(entry: Mapping[str, object]) -> str:
    said = [entry.get("code"), entry.get("description")]
    return one_line(": ".join(text for text in said if isinstance(text, str) and text.strip()))


def _warnings(status: int, reason: str, content_type: str, body: bytes, document: object) -> tuple[str, ...]:
    """The warnings of a success: PyPI sends them as plain text, one per line, as ``Content-Type: text/html``."""
    if isinstance(document, dict):
        message = document.get("message")
        text = message if isinstance(message, str) else ""
    else:
        nothing_said = _begins_as_page(body) or document is not None or "json" in content_type.lower()
        text = "" if nothing_said else _plain_text(content_type, body)
    lines = [" ".join(line.split()) for line in (text if text.strip() else reason).splitlines()]
    said = (line for line in lines if line and line.lower() not in _NOTHING_SAID)
    return tuple(line[:_LIMIT] for line in said if not is_standard_phrase(status, line))


def _plain_text(content_type: str, body: bytes) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind and not kind.startswith("text/") and "json" not in kind:  # truncated JSON is informative too
        return ""
    return _decoded(content_type, body)


def _decoded(content_type: str, body: bytes) -> str:
    """The text of a body, in the encoding that its type names or else in UTF-8."""
    named = _CHARSET.search(content_type)
    try:
        return body[:_PAGE_LIMIT].decode(named.group(1) if named else "utf-8", "replace")
    except LookupError:
        return body[:_PAGE_LIMIT].decode("utf-8", "replace")


_CHARSET: Final = re.compile(
    r"""charset=["']?(iso-8859-\d+|windows-125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-jp|euc-kr|shift_jis)\b""",
    re.IGNORECASE,
)
"""Encodings of texts besides UTF-8; others that Python knows may take long."""
_SILENT: Final = frozenset({"script", "style", "svg", "template", "noscript"})
_TAG: Final = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]*)")


def text_of_page(body: bytes, content_type: str = "") -> str:
    """The approximate text of a page; never raises, and reads the page once."""
    first, *pieces = _decoded(content_type, body).split("<")
    texts, silent = [first], ""
    for piece in pieces:
        tag = _TAG.match(piece)
        name = tag.group(2).lower() if tag is not None else ""
        if silent:
            silent = "" if tag is not None and tag.group(1) and name == silent else silent
        elif tag is not None and not tag.group(1) and name in _SILENT:
            silent = name
        if not silent and (tag is not None or piece[:1] in {"!", "?"}):
            texts.append(piece.partition(">")[2])
    seen = [" ".join(_unescaped(text).split()) for text in texts]
    return " ".join(dict.fromkeys(text for text in seen if text))


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a reference to a number of thousands of digits
        return text


def _without_filler(message: str) -> str:
    """The text without a sentence of the framework, before which a page repeats it behind its status."""
    stripped = " ".join(message.split())
    for filler in _FILLER:
        before, found, after = (part.strip() for part in stripped.partition(filler))
        if found and before[:1].isdigit() and before.partition(" ")[2] == after:
            return after
        if found and not before:
            return after
    return stripped


def one_line(text: str) -> str:
    """``text`` with every run of white space as one space, at most 2,000 characters."""
    joined = " ".join(text.split())
    return clipped(joined, _LIMIT)


def _reason(status: int, reason: str) -> str:
    """The reason phrase of an answer, or the standard one of its status."""
    return one_line(reason) or standard_phrase(status)
