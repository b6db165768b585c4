"""Faults of the upload endpoint."""

from __future__ import annotations

from typing import Final

from . import plays
from .fault import Ending, Fault, Play
from .fault_kinds import lasting, passing
from .traffic import Endpoint
from .upload import NO_CREDENTIALS, NO_SUCH_PROJECT

_JSON: Final = "application/json"
_UPLOAD: Final = Endpoint.UPLOAD
_TRUNCATED: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 900\r\n\r\nWarning: th"
_ENDLESS: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
_NEWLINES: Final = (
    b"Invalid attestations supplied\n\n1 validation error\n::error::hello\n\nverification\r\n"
    b"Content-Type: text/html\r\nContent-Length: 0\r\n\r\n"
)
_ESCAPES: Final = (
    b"HTTP/1.1 400 \x1b[2J\x1b]0;title\x07::error::hello\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
_COMMANDS: Final = "Nope ##[error]hello ::error::hello ::set-output name=x::y"

REFUSALS: Final = (
    ("file-exists", 400, "File already exists ('other', with blake2_256 hash '00'). See /help/#file-name-reuse"),
    (
        "name-used",
        400,
        "This filename has already been used, use a different version. See /help/#file-name-reuse",
    ),
    ("too-large", 400, "File too large. Limit for project 'rehearsal-sample' is 100 MB. See /help/#file-size-limit"),
    (
        "project-too-large",
        400,
        "Project size too large. Limit for project 'rehearsal-sample' total size is 10 GB.",
    ),
    ("second-sdist", 400, "Only one sdist may be uploaded per release."),
    ("no-project", 400, NO_SUCH_PROJECT),
    ("invalid-file", 400, "Invalid distribution file. None"),
    ("invalid-summary", 400, "'summary' has invalid data"),
    ("not-rendered", 400, "The description failed to render for 'text/x-rst'. See /help/#description-content-type"),
    ("no-credentials", 403, NO_CREDENTIALS),
    ("not-allowed", 403, "The user isn't allowed to upload to project 'rehearsal-sample'. See /help/#project-name"),
    (
        "other-project",
        403,
        "Invalid API Token: OIDC scoped token is not valid for project 'rehearsal-sample'",
    ),
)
"""Short name, status and text of the refusals that nobody but the maintainer can do something about."""


def _fault(name: str, statement: str, play: Play, *, once: Ending, always: Ending, passing: bool = False) -> Fault:
    return Fault(
        name=f"upload-{name}",
        statement=statement,
        endpoint=_UPLOAD,
        play=play,
        once=once,
        always=always,
        passing=passing,
    )


def _refused(name: str, statement: str, play: Play, ending: Ending = Ending.REFUSED) -> Fault:
    return lasting(_UPLOAD, name, statement, play, ending)


def _harmless(name: str, statement: str, play: Play) -> Fault:
    """A strange success."""
    return _fault(name, statement, play, once=Ending.FINISHED, always=Ending.FINISHED, passing=True)


_STATUSES: Final[tuple[tuple[int, str, dict[str, str]], ...]] = (
    (408, "Request Timeout", {}),
    (425, "Too Early", {}),
    (429, "Too Many Requests", {"Retry-After": "7"}),
    (500, "Internal Server Error", {}),
    (502, "Bad Gateway", {}),
    (503, "Service Unavailable", {"Retry-After": "2"}),
    (504, "Gateway Timeout", {}),
)

UPLOAD_FAULTS: Final = (
    *(
        passing(
            _UPLOAD,
            str(status),
            f"An upload answers {status} {phrase}.",
            plays.answer(status, phrase, headers=headers or None),
        )
        for status, phrase, headers in _STATUSES
    ),
    passing(
        _UPLOAD, "cdn", "An upload answers 503 with a CDN's HTML.", plays.page_of_html(503, "Backend fetch failed")
    ),
    passing(_UPLOAD, "reset-before", "The connection is cut before the body is read.", plays.reset_before_body),
    passing(
        _UPLOAD,
        "reset-after",
        "The connection is cut when the body was read; nothing was taken.",
        plays.reset_after_body,
    ),
    passing(
        _UPLOAD,
        "reset-taken",
        "The file is taken, and the connection is cut before it says so.",
        plays.reset_after_work,
    ),
    passing(_UPLOAD, "truncated", "The file is taken, and the answer is cut short.", plays.work_then_raw(_TRUNCATED)),
    passing(
        _UPLOAD,
        "lost-502",
        "The file is taken, and a CDN answers 502.",
        plays.work_then_answer(502, plays.CDN_PAGE, content_type="text/html"),
    ),
    passing(
        _UPLOAD,
        "lost-504",
        "The file is taken, and a gateway answers 504.",
        plays.work_then_answer(504, "Gateway Timeout", content_type="text/plain"),
    ),
    passing(
        _UPLOAD,
        "garbled-500",
        "The status line of a 500 holds raw line breaks.",
        plays.raw(b"HTTP/1.1 500 " + _NEWLINES),
    ),
    Fault(
        name="upload-timeout",
        statement="The body is read, and no answer comes.",
        endpoint=_UPLOAD,
        play=plays.hang_before_work,
        once=Ending.FINISHED,
        always=Ending.UNAVAILABLE,
        stalls=True,
    ),
    Fault(
        name="upload-timeout-taken",
        statement="The file is taken, and no answer comes.",
        endpoint=_UPLOAD,
        play=plays.hang_after_work,
        once=Ending.FINISHED,
        always=Ending.UNAVAILABLE,
        stalls=True,
    ),
    Fault(
        name="upload-gone",
        statement="After an upload the index refuses every connection.",
        endpoint=_UPLOAD,
        play=plays.gone,
        once=Ending.UNAVAILABLE,
        loses_tokens=True,
    ),
    _fault(
        "token-expired",
        "The upload token runs out early.",
        plays.expire_tokens,
        once=Ending.FINISHED,
        always=Ending.REFUSED,
    ),
    _harmless(
        "html-200",
        "The file is taken, and the answer is HTML.",
        plays.work_then_answer(200, "<html><body>200 OK\n\n</body></html>", content_type="text/html"),
    ),
    _harmless(
        "malformed-json",
        "The file is taken, and the answer is broken JSON.",
        plays.work_then_answer(200, '{"message": ', content_type=_JSON),
    ),
    _harmless("endless", "The file is taken, and the answer does not end.", plays.work_then_flood(_ENDLESS)),
    _harmless(
        "warning",
        "The file is taken, and the index warns.",
        plays.work_then_answer(
            200, "The RECORD does not match the archive.\n::error::hello\n", content_type="text/plain"
        ),
    ),
    *(
        _refused(name, f"An upload is refused: {status} {text.split('.')[0]}.", plays.refuse(status, text))
        for name, status, text in REFUSALS
    ),
    _refused(
        "malformed-400",
        "An upload is refused with broken JSON.",
        plays.answer(400, '{"message": "Inv', content_type=_JSON),
    ),
    _refused(
        "read-only",
        "The index takes no uploads at the moment.",
        plays.refuse(403, "Read-only mode: Uploads are temporarily disabled."),
        Ending.UNAVAILABLE,
    ),
    _refused(
        "too-many-projects",
        "The index makes no further projects today.",
        plays.refuse(429, "Too many new projects created"),
        Ending.UNAVAILABLE,
    ),
    _refused("404", "There is nothing at the upload URL.", plays.refuse(404, "Not Found")),
    _refused("405", "The upload URL is that of the index.", plays.refuse(405, "Method Not Allowed")),
    _refused(
        "308",
        "The upload URL has moved to another path.",
        plays.answer(308, headers={"Location": "/upload/legacy/"}),
    ),
    _refused(
        "redirect",
        "The upload URL leads to another host.",
        plays.answer(307, headers={"Location": "https://elsewhere.invalid/legacy/"}),
    ),
    _refused(
        "commands",
        "The reason phrase holds workflow commands.",
        plays.answer(400, "\x1b[31m::error::hello\r##[error]hello\n::add-mask::a", reason=_COMMANDS),
    ),
    _refused("garbled-400", "The status line of a 400 holds raw line breaks.", plays.raw(b"HTTP/1.1 400 " + _NEWLINES)),
    _refused("escapes", "The reason phrase holds terminal escapes.", plays.raw(_ESCAPES)),
)
