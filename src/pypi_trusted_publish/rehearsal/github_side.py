"""GitHub's side on the same server: the identity endpoint, and what the REST API says of a deployment environment."""

from __future__ import annotations

import secrets
from typing import Any, Final

from aiohttp import web

from .issuer import Issuer

IDENTITY_PATH: Final = "/idtoken/run/8153040201/job/1"
IDENTITY_QUERY: Final = "api-version=2.0&job=publish"
DEFAULT_AUDIENCE: Final = "https://github.com/octo-org"


class GitHubSide:
    """Answers for one job."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.request_token = f"rehearsal.{secrets.token_urlsafe(48)}"
        """The job's bearer for the identity endpoint."""
        self.api_token = f"ghs_{secrets.token_hex(20)}"
        """The job's ``github.token``."""
        self.protection_rules: list[dict[str, Any]] | None = [
            {"id": 1, "type": "required_reviewers", "prevent_self_review": True, "reviewers": []}
        ]
        """Of the environment; None: the API says 403, as with ``id-token: write`` alone in a private repository."""

    async def handle_identity(self, request: web.Request) -> web.StreamResponse:
        """``GET`` with the job's bearer token: ``{"value": JWT}``."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(token.encode(), self.request_token.encode()):
            return web.json_response({"message": "Unauthorized"}, status=401)
        if request.query.get("api-version") != "2.0" or request.query.get("job") != "publish":
            return web.json_response({"message": "Bad Request: the query string was not kept"}, status=400)
        if len(request.query.getall("audience", [])) > 1:
            return web.json_response({"message": "Bad Request: one audience"}, status=400)
        value = self.issuer.identity_token(request.query.get("audience", DEFAULT_AUDIENCE))
        return web.json_response({"value": value, "count": len(value)})

    async def handle_keys(self, _request: web.Request) -> web.StreamResponse:
        """The public keys, as GitHub's issuer publishes them."""
        return web.json_response(self.issuer.key_set())

    async def handle_environment(self, request: web.Request) -> web.StreamResponse:
        """``GET /repos/{owner}/{repo}/environments/{name}``."""
        claims = self.issuer.claims
        name = request.match_info["name"]
        repository = f"{request.match_info['owner']}/{request.match_info['repository']}"
        if self.protection_rules is None:
            return web.json_response({"message": "Resource not accessible by integration"}, status=403)
        known = str(claims.get("environment", ""))
        if repository.lower() != str(claims["repository"]).lower() or name.lower() != known.lower():
            return web.json_response({"message": "Not Found"}, status=404)
        return web.json_response(
            {
                "id": 161088068,
                "name": known,
                "protection_rules": self.protection_rules,
                "deployment_branch_policy": None,
                "can_admins_bypass": True,
            }
        )

    async def handle_approvals(self, _request: web.Request) -> web.StreamResponse:
        """``GET /repos/{owner}/{repo}/actions/runs/{id}/approvals``: one approval, when there are reviewers."""
        if not self.protection_rules:
            return web.json_response([])
        environment = {"id": 161088068, "name": self.issuer.claims.get("environment", "")}
        return web.json_response(
            [{"state": "approved", "comment": "Ship it", "environments": [environment], "user": {"login": "hubot"}}]
        )
