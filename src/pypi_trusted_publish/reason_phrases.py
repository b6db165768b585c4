"""The reason phrases of HTTP statuses, the same on every Python: 3.13 renamed four of ``http.HTTPStatus``."""

from __future__ import annotations

import http
from typing import Final

_RENAMED: Final = {
    413: ("Content Too Large", "Payload Too Large", "Request Entity Too Large"),
    414: ("URI Too Long", "Request-URI Too Long"),
    416: ("Range Not Satisfiable", "Requested Range Not Satisfiable"),
    422: ("Unprocessable Content", "Unprocessable Entity"),
}
"""Source: RFC 9110, RFC 7231 and RFC 2616, in this order; RFC 4918 for the older one of 422."""


def standard_phrases(status: int) -> tuple[str, ...]:
    """The phrases of a status, the newest first; empty for a status that no standard has."""
    try:
        return _RENAMED.get(status) or (http.HTTPStatus(status).phrase,)
    except ValueError:
        return ()


def standard_phrase(status: int) -> str:
    """The newest phrase of a status; empty for a status that no standard has."""
    return next(iter(standard_phrases(status)), "")


def is_standard_phrase(status: int, text: str) -> bool:
    """Whether ``text`` says no more than the status does."""
    return text.strip().lower() in {phrase.lower() for phrase in standard_phrases(status)}
