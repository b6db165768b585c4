"""Faults of GitHub's identity endpoint."""

from __future__ import annotations

from typing import Final

from . import plays
from .fault import Ending
from .fault_kinds import hanging, lasting, passing, slow
from .traffic import Endpoint

_JSON: Final = "application/json"
_TRUNCATED: Final = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"val'
_IDENTITY: Final = Endpoint.IDENTITY

IDENTITY_FAULTS: Final = (
    passing(_IDENTITY, "500", "GitHub's identity endpoint answers 500.", plays.answer(500, "Internal Server Error")),
    passing(
        _IDENTITY, "503", "GitHub's identity endpoint answers 503 with HTML.", plays.page_of_html(503, "Unavailable")
    ),
    passing(_IDENTITY, "html", "GitHub's identity endpoint answers 200 with HTML.", plays.page_of_html(200, "OK")),
    passing(
        _IDENTITY,
        "malformed-json",
        "GitHub's identity endpoint answers with broken JSON.",
        plays.answer(200, '{"value": "eyJ', content_type=_JSON),
    ),
    passing(_IDENTITY, "reset", "GitHub's identity endpoint cuts the connection.", plays.reset_before_body),
    passing(_IDENTITY, "truncated", "GitHub's answer is cut short.", plays.work_then_raw(_TRUNCATED)),
    slow(_IDENTITY, "GitHub's identity endpoint is slow."),
    hanging(_IDENTITY, "GitHub's identity endpoint never answers.", plays.hang_before_work),
    lasting(
        _IDENTITY,
        "401",
        "GitHub does not accept the job's request token.",
        plays.answer(401, '{"message": "Unauthorized"}', content_type=_JSON),
        Ending.UNAVAILABLE,
    ),
    lasting(
        _IDENTITY,
        "403",
        "GitHub gives this job no identity token.",
        plays.page_of_html(403, "Forbidden"),
        Ending.UNAVAILABLE,
    ),
    lasting(
        _IDENTITY,
        "no-token",
        "GitHub's answer holds no token.",
        plays.answer(200, '{"count": 0}', content_type=_JSON),
        Ending.UNAVAILABLE,
    ),
    lasting(
        _IDENTITY,
        "newline",
        "The identity token holds a line break and a workflow command.",
        plays.answer(200, '{"value": "eyJhbGciOiJSUzI1NiJ9.e30.\\n::error::hello"}', content_type=_JSON),
        Ending.UNAVAILABLE,
    ),
    lasting(
        _IDENTITY,
        "wrong-audience",
        "The identity token is for somebody else.",
        plays.with_claims({"aud": "somebody-else"}),
        Ending.UNAVAILABLE,
    ),
    lasting(
        _IDENTITY,
        "wrong-environment",
        "The identity token proves another environment.",
        plays.with_claims({"environment": "staging"}),
        Ending.WORKFLOW,
    ),
    lasting(
        _IDENTITY,
        "no-environment",
        "The identity token proves an empty environment.",
        plays.with_claims({"environment": ""}),
        Ending.WORKFLOW,
    ),
)
