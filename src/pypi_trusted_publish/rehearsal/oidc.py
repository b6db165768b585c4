"""The endpoints of trusted publishing: audience, mint-token (identity token for upload token) and burn-token.

Order, codes and texts follow PyPI's public server code (2026-08), which validates payloads with ``pydantic``, too.
"""

from __future__ import annotations

from typing import Any, Final

import jwt
from aiohttp import web
from pydantic import BaseModel, StrictStr, ValidationError

from .github import ISSUER, Issuer
from .http_errors import error_page, fill_in, json_response, oidc_error
from .projects import ProjectStore
from .publishers import NoPublisher, PendingPublisher, Publisher, find
from .tokens import IssuedToken, TokenRegister
from .traffic import Traffic, note_of

NO_PUBLISHER: Final = "valid token, but no corresponding publisher ({reason})"
REGISTRATION_OFF: Final = (
    "New project registration temporarily disabled. See {origin}/help/#admin-intervention for more information."
)


class TokenPayload(BaseModel):
    """The body of a request; PyPI's errors hold the name of this class."""

    token: StrictStr


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
        self.registration_enabled = True
        """Whether pending publishers may create projects."""
        self.can_revoke = True
        """Whether the server has the endpoint ``burn-token`` (PyPI since 2026-09)."""
        self._store = store
        self._tokens = tokens
        self._traffic = traffic
        self._used: set[str] = set()
        """Identifiers of identity tokens for which an upload token was minted."""
        self._reified: dict[str, int] = {}
        """Former pending publishers, by id, and the number of their creation."""

    async def handle_audience(self, _request: web.Request) -> web.StreamResponse:
        """``GET``: the audience that an identity token must have."""
        if not self.enabled:
            return json_response({"message": "Trusted publishing functionality not enabled"}, status=403)
        return json_response({"audience": self.audience})

    async def handle_mint(self, request: web.Request) -> web.StreamResponse:
        """``POST`` of an identity token: an upload token, or a 422 with the reason."""
        try:
            claims = self._claims(_token_of(await request.read()))
            minted = await self._mint(claims, note_of(request).began)
        except _Refused as refused:
            return oidc_error(refused.code, fill_in(request, refused.description))
        if minted is None:
            return error_page(500)
        return json_response({"success": True, "token": minted.text, "expires": int(minted.expires_at)})

    async def handle_revoke(self, request: web.Request) -> web.StreamResponse:
        """``POST`` of an upload token: it is not valid afterwards."""
        if not self.can_revoke:
            return error_page(404)
        try:
            text = _token_of(await request.read())
        except _Refused as refused:
            return oidc_error(refused.code, refused.description)
        if not self._tokens.revoke(text):
            return oidc_error("invalid-token", "unknown or revoked token")
        return web.Response(status=202)

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            unverified = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise _Refused("invalid-payload", "malformed JWT") from error
        if "iss" not in unverified:
            raise _Refused("invalid-payload", "malformed JWT")
        if unverified["iss"] != ISSUER:
            raise _Refused("invalid-payload", "unknown trusted publishing issuer")
        if not self.enabled:
            raise _Refused("not-enabled", "github trusted publishing functionality not enabled")
        try:
            return self.issuer.verify(token, self.audience)
        except jwt.InvalidTokenError as error:
            raise _Refused("invalid-token", "malformed or invalid token") from error

    async def _mint(self, claims: dict[str, Any], began: int) -> IssuedToken | None:
        """None when two mints for one pending publisher collided."""
        identifier = str(claims.get("jti"))
        if identifier in self._used:
            raise _Refused("invalid-reuse-token", "invalid token: already used")
        await self._traffic.work(mint=True)
        created = self._reify(claims)
        try:
            publisher = find(self.publishers, claims)
        except NoPublisher as mismatch:
            raise _Refused("invalid-publisher", NO_PUBLISHER.format(reason=mismatch)) from mismatch
        if publisher is not created and self._reified.get(publisher.id, 0) > began:
            return None
        self._used.add(identifier)
        projects = [self._store.create_project(name) for name in publisher.projects]
        return self._tokens.mint(publisher, {project.normalized: project.id for project in projects})

    def _reify(self, claims: dict[str, Any]) -> Publisher | None:
        """Turn the pending publisher that matches, if any, into a publisher with a new, empty project."""
        for pending in tuple(self.pending):
            try:
                find([pending.publisher], claims)
            except NoPublisher:
                continue
            if pending.invalid or self._store.project(pending.project) is not None:
                self.pending.remove(pending)
                raise _Refused("invalid-pending-publisher", "valid token, but project already exists")
            if not self.registration_enabled:
                raise _Refused("invalid-payload", REGISTRATION_OFF)
            refused = self._store.refuse_name(pending.project)
            if refused:
                raise _Refused("invalid-payload", refused)
            self.pending.remove(pending)
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
        return TokenPayload.model_validate_json(body).token
    except ValidationError as error:
        raise _Refused("invalid-payload", str(error)) from error
