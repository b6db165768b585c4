"""The endpoints of trusted publishing: audience, mint-token (identity token for upload token) and burn-token."""

from __future__ import annotations

import json
from typing import Any, Final

import jwt
from aiohttp import web

from .github import ISSUER, Issuer
from .http_errors import exchange_refusal
from .projects import ProjectStore
from .publishers import NoPublisher, PendingPublisher, Publisher, find
from .tokens import IssuedToken, TokenRegister
from .traffic import Traffic, note_of

NO_PUBLISHER: Final = "valid token, but no corresponding publisher ({reason})"


class _Refused(Exception):
    def __init__(self, code: str, description: str) -> None:
        super().__init__(code, description)
        self.code, self.description = code, description


class OidcEndpoints:
    """The endpoints of one index, with the registered publishers."""

    def __init__(
        self, *, audience: str, issuer: Issuer, store: ProjectStore, tokens: TokenRegister, traffic: Traffic
    ) -> None:
        self.audience = audience
        self.issuer = issuer
        self.publishers: list[Publisher] = []
        self.pending: list[PendingPublisher] = []
        self.enabled = True
        self.can_revoke = True
        """Whether the server knows how to revoke (newer ones do)."""
        self._store = store
        self._tokens = tokens
        self._traffic = traffic
        self._used: set[str] = set()
        self._reified: dict[str, int] = {}
        """Publishers that were pending, by id, and when in the sequence that ended."""

    async def handle_audience(self, _request: web.Request) -> web.StreamResponse:
        """``GET``: for whom an identity token must be."""
        if not self.enabled:
            return web.json_response({"message": "Trusted publishing functionality not enabled"}, status=403)
        return web.json_response({"audience": self.audience})

    async def handle_mint(self, request: web.Request) -> web.StreamResponse:
        """``POST`` of an identity token: an upload token, or a 422 with the reason."""
        try:
            claims = self._claims(_token_of(await request.read()))
            minted = await self._mint(claims, note_of(request).began)
        except _Refused as refused:
            return exchange_refusal(refused.code, refused.description)
        if minted is None:
            return web.Response(
                status=500, text="<html><body>Internal Server Error</body></html>", content_type="text/html"
            )
        return web.json_response({"success": True, "token": minted.text, "expires": int(minted.expires_at)})

    async def handle_revoke(self, request: web.Request) -> web.StreamResponse:
        """``POST`` of an upload token: it opens nothing any more."""
        if not self.can_revoke:
            return web.Response(status=404, text="404 Not Found")
        try:
            text = _token_of(await request.read())
        except _Refused as refused:
            return exchange_refusal(refused.code, refused.description)
        if not self._tokens.revoke(text):
            return exchange_refusal("invalid-token", "unknown or revoked token")
        return web.Response(status=204)

    def _claims(self, token: str) -> dict[str, Any]:
        if not self.enabled:
            raise _Refused("not-enabled", "GitHub-based trusted publishing functionality not enabled")
        try:
            unverified = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise _Refused("invalid-payload", "malformed JWT") from error
        if unverified.get("iss") != ISSUER:
            raise _Refused("invalid-payload", "unknown trusted publishing issuer")
        try:
            return self.issuer.verify(token, self.audience)
        except jwt.InvalidTokenError as error:
            raise _Refused("invalid-token", "malformed or invalid token") from error

    async def _mint(self, claims: dict[str, Any], began: int) -> IssuedToken | None:
        """None when two mints for a pending publisher collided."""
        identifier = claims.get("jti")
        if identifier in self._used:
            raise _Refused("invalid-reuse-token", "invalid token: already used")
        if identifier is not None:
            self._used.add(str(identifier))
        await self._traffic.work(mint=True)
        created = self._reify(claims)
        try:
            publisher = find(self.publishers, claims)
        except NoPublisher as none:
            raise _Refused("invalid-publisher", NO_PUBLISHER.format(reason=none)) from none
        if publisher is not created and self._reified.get(publisher.id, 0) > began:
            return None
        projects = [self._store.create_project(name) for name in publisher.projects]
        return self._tokens.mint(publisher, {project.normalized: project.id for project in projects})

    def _reify(self, claims: dict[str, Any]) -> Publisher | None:
        """Turn the pending publisher that fits, if one does, into a publisher with a new, empty project."""
        for pending in tuple(self.pending):
            try:
                find([pending.publisher], claims)
            except NoPublisher:
                continue
            self.pending.remove(pending)
            if pending.invalid or self._store.project(pending.project) is not None:
                raise _Refused("invalid-pending-publisher", "valid token, but project already exists")
            project = self._store.create_project(pending.project)
            reified = self._register(pending.publisher, project.normalized)
            self._reified[reified.id] = self._store.next_number()
            return reified
        return None

    def _register(self, publisher: Publisher, project: str) -> Publisher:
        key = (publisher.repository, publisher.owner_id, publisher.workflow, publisher.environment)
        for known in self.publishers:
            if (known.repository, known.owner_id, known.workflow, known.environment) == key:
                known.projects.append(project)
                return known
        publisher.projects.append(project)
        self.publishers.append(publisher)
        return publisher


def _token_of(body: bytes) -> str:
    try:
        payload = json.loads(body)
        token = payload["token"]
    except (ValueError, KeyError, TypeError) as error:
        raise _Refused("invalid-payload", "Input should be an object with a token") from error
    if not isinstance(token, str):
        raise _Refused("invalid-payload", "Input should be a valid string")
    return token
