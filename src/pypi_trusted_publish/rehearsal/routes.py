"""The doors of the embedded index: which path leads to which handler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from .answers import Refusal, refusal
from .fault import Moment
from .github_side import IDENTITY_PATH
from .traffic import Endpoint, Handler

if TYPE_CHECKING:
    from .index import EmbeddedIndex

UPLOAD_PATH: Final = "/legacy/"


def make_application(index: EmbeddedIndex) -> web.Application:
    """The application of one index; every request is logged and may be struck by a fault."""
    application = web.Application()
    for method, path, endpoint, handler in _doors(index):
        application.router.add_route(method, path, _door(index, endpoint, handler))
    return application


def _doors(index: EmbeddedIndex) -> tuple[tuple[str, str, Endpoint, Handler], ...]:
    github, exchange, pages = index.github, index.exchange, index.pages
    repository = "/api/v3/repos/{owner}/{repository}"
    discovery = _Discovery(index)
    return (
        ("GET", IDENTITY_PATH, Endpoint.IDENTITY, github.handle_identity),
        ("GET", "/.well-known/jwks", Endpoint.OTHER, github.handle_keys),
        ("GET", repository + "/environments/{name}", Endpoint.PROTECTION, github.handle_environment),
        ("GET", repository + "/actions/runs/{run}/approvals", Endpoint.PROTECTION, github.handle_approvals),
        ("GET", "/.well-known/pytp", Endpoint.DISCOVERY, discovery.handle),
        ("GET", "/_/oidc/audience", Endpoint.AUDIENCE, exchange.handle_audience),
        ("POST", "/_/oidc/mint-token", Endpoint.MINT, exchange.handle_mint),
        ("POST", "/_/oidc/burn-token", Endpoint.BURN, exchange.handle_burn),
        ("POST", UPLOAD_PATH, Endpoint.UPLOAD, index.uploads.handle),
        ("POST", UPLOAD_PATH.rstrip("/"), Endpoint.UPLOAD, _add_the_slash),
        ("*", UPLOAD_PATH, Endpoint.OTHER, _wrong_method),
        ("GET", "/simple/", Endpoint.OTHER, pages.handle_root),
        ("GET", "/simple/{project}/", Endpoint.PAGE, pages.handle_project),
        ("GET", "/files/{sha256}/{filename}", Endpoint.DOWNLOAD, pages.handle_download),
        ("GET", "/integrity/{project}/{version}/{filename}/provenance", Endpoint.OTHER, pages.handle_provenance),
        ("POST", "/simple/", Endpoint.OTHER, _wrong_method),
        ("POST", "/simple/{project}/", Endpoint.OTHER, _wrong_method),
        ("*", "/{anything:.*}", Endpoint.OTHER, _nothing_here),
    )


def _door(index: EmbeddedIndex, endpoint: Endpoint, handler: Handler) -> Handler:
    async def judged(request: web.Request) -> web.StreamResponse:
        return await index.faults.strike(Moment(index=index, request=request, endpoint=endpoint, handler=handler))

    async def open_door(request: web.Request) -> web.StreamResponse:
        return await index.traffic.pass_through(request, endpoint, judged)

    return open_door


class _Discovery:
    """The draft discovery document of an upload URL."""

    def __init__(self, index: EmbeddedIndex) -> None:
        self._index = index

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if not self._index.discovery or request.query.get("discover") != UPLOAD_PATH:
            return web.Response(status=404, text="404 Not Found")
        origin = self._index.origin
        return web.json_response(
            {
                "audience-endpoint": f"{origin}/_/oidc/audience",
                "token-mint-endpoint": f"{origin}/_/oidc/mint-token",
                "features": ["multi-use-token"],
                "default-features": ["multi-use-token"],
            }
        )


async def _add_the_slash(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=308, headers={"Location": UPLOAD_PATH})


async def _wrong_method(request: web.Request) -> web.StreamResponse:
    answer = refusal(request, Refusal(405, "Method Not Allowed"))
    answer.headers["Allow"] = "POST" if request.path == UPLOAD_PATH else "GET, HEAD"
    return answer


async def _nothing_here(request: web.Request) -> web.StreamResponse:
    return refusal(request, Refusal(404, "Not Found"))
