"""The upload endpoint: who asks, what comes, whether it is taken, and that colliding transactions end in a 500."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiohttp import web

from .http_errors import Refusal, refusal, server_error
from .projects import Project, ProjectStore, PublishedFile
from .tokens import IssuedToken, TokenRefused, TokenRegister
from .traffic import Traffic, note_of
from .upload_checks import Raced, Submission, check_archive, check_conflicts, check_form, check_release, check_status
from .upload_form import read_form

NO_CREDENTIALS: Final = (
    "Invalid or non-existent authentication information. See /help/#invalid-auth for more information."
)
NO_SUCH_PROJECT: Final = (
    "Non-user identities cannot create new projects. This was probably caused by successfully using a pending "
    "publisher but specifying the project name incorrectly (either in the publisher or in your project's metadata). "
    "Please ensure that both match. See /help/#trusted-publishers for more information."
)


class UploadEndpoint:
    """Accepts uploads into a store."""

    def __init__(
        self,
        *,
        store: ProjectStore,
        tokens: TokenRegister,
        folder: Path,
        now: Callable[[], float],
        traffic: Traffic,
        trust: str | None,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._folder = folder
        self._now = now
        self._traffic = traffic
        self._trust = trust
        self._kept: set[Path] = set()
        self.warnings: tuple[str, ...] = ()
        """What the next answers to taken files say besides, a line each."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """``POST`` of one file."""
        path = self._folder / secrets.token_hex(16)
        try:
            return await self._take(request, path, note_of(request).began)
        except Refusal as refused:
            return refusal(request, refused)
        except Raced:
            return server_error(request)
        finally:
            if path not in self._kept:
                path.unlink(missing_ok=True)

    async def _take(self, request: web.Request, path: Path, began: int) -> web.Response:
        token = self._authenticate(request)
        submission = check_form(await read_form(request, path))
        await self._traffic.work()
        project = self._project(token, submission)
        if check_conflicts(submission, self._store, project, began=began):
            return self._success(request)
        check_release(submission, project, now=self._now())
        await asyncio.to_thread(check_archive, submission, path)
        provenance = await asyncio.to_thread(self._provenance, submission, token)
        if check_conflicts(submission, self._store, project, began=began):
            return self._success(request)
        self._kept.add(path)
        self._store.add(self._published(submission, project, path, provenance))
        return self._success(request)

    def _authenticate(self, request: web.Request) -> IssuedToken:
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = ""
        token = self._tokens.find(password) if scheme.lower() == "basic" and user == "__token__" else None
        if token is None:
            raise Refusal(403, NO_CREDENTIALS)
        return token

    def _project(self, token: IssuedToken, submission: Submission) -> Project:
        project = self._store.project(submission.name)
        if project is None:
            raise Refusal(400, NO_SUCH_PROJECT)
        try:
            self._tokens.authorize(token, project.normalized, project.name)
        except TokenRefused as refused:
            raise Refusal(403, str(refused)) from refused
        check_status(project)
        return project

    def _published(self, submission: Submission, project: Project, path: Path, provenance: str) -> PublishedFile:
        return PublishedFile(
            filename=submission.filename,
            project=project.normalized,
            version=submission.version,
            filetype=submission.filetype,
            sha256=submission.form.sha256,
            blake2b_256=submission.form.blake2b_256,
            size=submission.form.size,
            uploaded_at=self._now(),
            path=path,
            fields=submission.form.fields,
            number=self._store.next_number(),
            provenance=provenance,
        )

    def _provenance(self, submission: Submission, token: IssuedToken) -> str:
        """Verify the file's attestations, if it came with any and the index knows whom to trust."""
        attestations = submission.form.first("attestations")
        if not attestations or self._trust is None:
            return ""
        from .attestation_checks import AttestedFile, verify

        publisher = token.publisher
        file = AttestedFile(
            filename=submission.filename,
            sha256=submission.form.sha256,
            repository=publisher.repository,
            workflow=publisher.workflow,
            environment=publisher.environment,
        )
        return verify(attestations, file, trust=self._trust)

    def _success(self, request: web.Request) -> web.Response:
        """As seen: without ``Accept: application/json`` a 200 comes as HTML that is no warning."""
        if self.warnings:
            return web.Response(text="\n".join(self.warnings) + "\n")
        if "application/json" in request.headers.get("Accept", ""):
            return web.Response(text="", content_type="application/json")
        return web.Response(text="<html><body>200 OK\n\n\n\n</body></html>", content_type="text/html")
