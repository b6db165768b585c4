"""How PyPI says no: a message in the reason phrase and in the body, as JSON for those who ask for it, else as HTML."""

from __future__ import annotations

import html
import http
from typing import Final

from aiohttp import web

_EXPLANATIONS: Final = {
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    405: "The method is not allowed for this resource.",
    500: "The server has either erred or is incapable of performing the requested operation.",
}


class Refusal(Exception):
    """The index says no: a status and a message of one line."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = " ".join(message.split())


def refusal(request: web.Request, refused: Refusal) -> web.Response:
    """The answer to a refused upload."""
    title = http.HTTPStatus(refused.status).phrase
    explanation = _EXPLANATIONS.get(refused.status, title)
    code = f"{refused.status} {refused.message}"
    if "application/json" in request.headers.get("Accept", ""):
        body = {"message": f"{explanation}\n\n\n{refused.message}\n\n", "code": code, "title": title}
        return web.json_response(body, status=refused.status, reason=refused.message)
    shown = html.escape(refused.message)
    text = (
        f"<html>\n <head>\n  <title>{html.escape(code)}</title>\n </head>\n <body>\n  <h1>{html.escape(code)}</h1>\n"
        f"  {explanation}<br/><br/>\n{shown}\n\n\n </body>\n</html>"
    )
    return web.Response(status=refused.status, reason=refused.message, text=text, content_type="text/html")


def server_error(request: web.Request) -> web.Response:
    """A bare 500, as the real server gives when two transactions collide."""
    return refusal(request, Refusal(500, "Internal Server Error"))


def exchange_refusal(code: str, description: str) -> web.Response:
    """The 422 of a mint that failed."""
    body = {"message": "Token request failed", "errors": [{"code": code, "description": description}]}
    return web.json_response(body, status=422)
