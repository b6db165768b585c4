"""HTTP responses in the form of PyPI's web framework: errors, redirects, and the empty success of an upload.

The text of an error is the reason phrase, and ``code`` and part of ``message`` in the JSON body. The form follows the
``Accept`` header: HTML, JSON, or plain text when neither is acceptable. Texts may hold ``{origin}`` (scheme, host and
port of the index) and ``{docs}`` (its documentation). Source: answers of PyPI's server code (2026-08).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from ..reason_phrases import standard_phrases

HTML, JSON, PLAIN = "text/html", "application/json", "text/plain"
_WEIGHT: Final = re.compile(r"[01](?:\.[0-9]{0,3})?")
_EXPLANATIONS: Final = {
    200: "",
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    409: "There was a conflict when trying to complete your request.",
    410: "This resource is no longer available.  No forwarding address is given.",
    429: "The server has received too many requests from the client.",
}


class Refusal(Exception):
    """The index refuses an upload with this status and text.

    ``reason`` replaces the text in the status line.
    """

    def __init__(self, status: int, text: str = "", *, reason: str | None = None) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text
        self.reason = text if reason is None else reason


class PageError(Exception):
    """The index responds with a page of HTML, whatever the client accepts."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def refusal(request: web.Request, refused: Refusal) -> web.Response:
    """The response to a refused upload."""
    explanation = _EXPLANATIONS.get(refused.status, _phrase(refused.status))
    text = fill_in(request, refused.text)
    body = f"{explanation}{{br}}{{br}}\n{{text}}\n\n"
    return _formatted(request, refused.status, body, text, reason=fill_in(request, refused.reason))


def success(request: web.Request) -> web.Response:
    """The response to an accepted upload without warnings."""
    return refusal(request, Refusal(200))


def method_not_allowed(request: web.Request, allow: str) -> web.Response:
    """405 with ``Allow``."""
    body = f"The method {request.method} is not allowed for this resource. {{br}}{{br}}\n{{text}}"
    response = _formatted(request, 405, body, "")
    response.headers["Allow"] = allow
    return response


def moved(request: web.Request, status: int, path: str, text: str = "") -> web.Response:
    """A redirect to a path of the index; ``text`` is the reason phrase as well."""
    body = f"The resource has been moved to {path}; you should be redirected automatically.\n{{text}}\n"
    response = _formatted(request, status, body, text, reason=text)
    response.headers["Location"] = f"{request.url.origin()}{path}"
    return response


def error_page(status: int) -> web.Response:
    """An error as a page of HTML, whatever the client accepts."""
    phrase = _phrase(status)
    text = f"<!DOCTYPE html>\n<html>\n<head><title>{phrase}</title></head>\n<body><h1>{phrase}</h1></body>\n</html>\n"
    return text_response(text, HTML, status=status)


def oidc_error(code: str, description: str) -> web.Response:
    """The 422 of a failed mint."""
    body = {"errors": [{"code": code, "description": description}], "message": "Token request failed"}
    return json_response(body, status=422)


def json_response(body: Any, *, status: int = 200, content_type: str = JSON) -> web.Response:
    """Compact JSON with sorted keys and without a charset."""
    data = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
    return web.Response(status=status, reason=_phrase(status), body=data, content_type=content_type)


def text_response(text: str, content_type: str, *, status: int = 200, reason: str | None = None) -> web.Response:
    """Text in UTF-8."""
    return web.Response(
        status=status,
        reason=reason,
        body=text.encode(errors="replace"),
        headers={"Content-Type": f"{content_type}; charset=UTF-8"},
    )


def fill_in(request: web.Request, text: str) -> str:
    """The text with the addresses of this index."""
    origin = str(request.url.origin())
    return text.replace("{origin}", origin).replace("{docs}", f"{origin}/docs")


def accepted(accept: str, offers: Sequence[str]) -> str | None:
    """The offer that an ``Accept`` header prefers; the first of equals, None when it accepts none."""
    best = max(offers, key=lambda offer: _quality(accept, offer))
    return best if _quality(accept, best) > 0 else None


def _phrase(status: int) -> str:
    """The oldest standard reason phrase, as PyPI sends it; ``Unknown`` for statuses that have none."""
    return ("Unknown", *standard_phrases(status))[-1]


def _quality(accept: str, offer: str) -> float:
    """The weight of the most specific media range that matches."""
    ranges = {offer: 2, f"{offer.split('/', maxsplit=1)[0]}/*": 1, "*/*": 0}
    found: list[tuple[int, float]] = [(-1, 0.0)]
    for part in accept.split(","):
        media_range, _, parameters = part.partition(";")
        specificity = ranges.get(media_range.strip().lower())
        if specificity is not None:
            weight = next((text[2:] for text in parameters.replace(" ", "").split(";") if text.startswith("q=")), "1")
            found.append((specificity, float(weight) if _WEIGHT.fullmatch(weight) else 0.0))
    return max(found)[1]


def _formatted(request: web.Request, status: int, body: str, text: str, *, reason: str = "") -> web.Response:
    phrase = _phrase(status)
    line = " ".join(reason.split()) or phrase
    code = f"{status} {line}"
    kind = accepted(request.headers.get("Accept", ""), (HTML, JSON))
    if kind == JSON:
        page = {"message": body.format(br="\n", text=text), "code": code, "title": phrase}
        return web.Response(status=status, reason=line, body=json.dumps(page).encode(), content_type=JSON)
    if kind == HTML:
        inner, title = body.format(br="<br/>", text=html.escape(text)), html.escape(code)
        head = f" <head>\n  <title>{title}</title>\n </head>\n"
        shown = f"<html>\n{head} <body>\n  <h1>{title}</h1>\n  {inner}\n </body>\n</html>"
        return text_response(shown, HTML, status=status, reason=line)
    return text_response(f"{code}\n\n{body.format(br=chr(10), text=text)}", PLAIN, status=status, reason=line)
