"""The upload endpoint: PyPI's checks in PyPI's order, and a 500 for the loser of a race.

Source of order and texts: PyPI's public server code (2026-08).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from packaging.metadata import Metadata

from .file_checks import UploadedFile, check_archive, check_contents, check_filename
from .http_errors import HTML, PageError, Refusal, error_page, fill_in, moved, refusal, success, text_response
from .metadata_checks import check_description, check_form, check_metadata
from .projects import DAY, Project, ProjectStore, PublishedFile
from .tokens import IssuedToken, TokenRefused, TokenRegister
from .traffic import Traffic, note_of
from .upload_form import UploadForm, read_form

UPLOAD_PATH: Final = "/legacy/"
MAXIMUM_AGE_FOR_NEW_FILES: Final = 14
"""Days; afterwards a release accepts no further files."""
_OBSOLETE_ACTIONS: Final = frozenset({"submit", "submit_pkg_info", "doc_upload", "doc_destroy"})
_REUSE: Final = "See {origin}/help/#file-name-reuse for more information."
_LIMITS: Final = "See {docs}/project-management/storage"

NO_CREDENTIALS: Final = (
    "Invalid or non-existent authentication information. See {origin}/help/#invalid-auth for more information."
)
NO_PASSWORDS: Final = (
    "Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers instead. "
    "See {origin}/help/#apitoken and {origin}/help/#trusted-publishers"
)
NO_SUCH_PROJECT: Final = (
    "Non-user identities cannot create new projects. This was probably caused by successfully using a pending "
    "publisher but specifying the project name incorrectly (either in the publisher or in your project's metadata). "
    "Please ensure that both match. See: {docs}/trusted-publishers/troubleshooting/"
)
READ_ONLY: Final = "Read-only mode: Uploads are temporarily disabled."
UPLOADS_OFF: Final = "New uploads are temporarily disabled. See {origin}/help/#admin-intervention for more information."
SESSION_OPEN: Final = "An upload session for {name} {version} is open. Publish or cancel it first."
ORGANIZATION_INACTIVE: Final = (
    "Organization account owning this project is inactive. This may be due to inactive billing for Company "
    "Organizations, or administrator intervention for Community Organizations. Please contact support@pypi.example."
)


class LostRace(Exception):
    """Another request created the same thing while this one was processed."""


@dataclass(kw_only=True)
class UploadFlags:
    """What the administrators of PyPI can switch."""

    read_only: bool = False
    uploads_off: bool = False
    attestations_off: bool = False
    """Attestations are accepted and dropped."""


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
        self.flags = UploadFlags()
        self.warnings: tuple[str, ...] = ()
        """Lines that the next successful responses hold."""
        self._store = store
        self._tokens = tokens
        self._folder = folder
        self._now = now
        self._traffic = traffic
        self._trust = trust
        self._kept: set[Path] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """``POST`` of one file."""
        path = self._folder / secrets.token_hex(16)
        try:
            form = await read_form(request, path)
            _check_action(form, request)
            await self._accept(request, form, path, note_of(request).began)
        except Refusal as refused:
            return refusal(request, refused)
        except PageError as error:
            return error_page(error.status)
        except LostRace:
            return error_page(500)
        finally:
            if path not in self._kept:
                path.unlink(missing_ok=True)
        if self.warnings:
            return text_response("\n".join(self.warnings), HTML)  # plain text with this content type, as on PyPI
        return success(request)

    async def handle_without_slash(self, request: web.Request) -> web.StreamResponse:
        """``POST`` to the URL without its last slash: PyPI redirects, unless a field repeats."""
        path = self._folder / secrets.token_hex(16)
        try:
            form = await read_form(request, path)
            if form.repeats:
                raise _duplicate_keys(request)
        except Refusal as refused:
            return refusal(request, refused)
        except PageError as error:
            return error_page(error.status)
        finally:
            path.unlink(missing_ok=True)
        given = UPLOAD_PATH.rstrip("/")
        text = (
            f"An upload was attempted to {given} but the expected upload URL is {UPLOAD_PATH} (with a trailing slash)"
        )
        return moved(request, 308, UPLOAD_PATH, text)

    async def _accept(self, request: web.Request, raw: UploadForm, path: Path, began: int) -> None:
        """Add the file to the store, unless an identical one is there."""
        token, presented = self._authenticate(request)
        self._check_flags()
        form = raw.cleaned()
        check_form(form)
        metadata = check_metadata(form)
        await self._traffic.work()
        project = self._project(token, presented, metadata)
        await asyncio.to_thread(check_description, metadata)
        if form.content_type.startswith("image/"):
            raise Refusal(400, "Invalid distribution file.")
        file = UploadedFile(filename=form.filename or "", filetype=form.last("filetype"), path=path, metadata=metadata)
        check_filename(file.filename, file.filetype)
        _check_size(form, project)
        await asyncio.to_thread(check_archive, file)
        await asyncio.to_thread(_check_digests, form, path)
        if self._is_identical(form, project, metadata, began):
            return
        self._check_release(file, project)
        core_metadata = await asyncio.to_thread(check_contents, file)
        provenance = await asyncio.to_thread(self._provenance, form, token)
        if self._is_identical(form, project, metadata, began):
            return
        self._kept.add(path)
        self._store.add(
            PublishedFile(
                filename=file.filename,
                project=project.normalized,
                version=metadata.version,
                filetype=file.filetype,
                sha256=form.sha256,
                blake2b_256=form.blake2b_256,
                size=form.size,
                uploaded_at=self._now(),
                path=path,
                fields=raw.fields,
                number=self._store.next_number(),
                provenance=provenance,
                core_metadata=core_metadata,
            )
        )

    def _authenticate(self, request: web.Request) -> tuple[IssuedToken, str]:
        """The token, and the text by which it was presented."""
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        text = credentials.strip()
        if scheme.lower() == "basic":
            try:
                user, _, text = base64.b64decode(text, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                user = text = ""
            if user and user != "__token__":
                raise Refusal(403, reason=NO_PASSWORDS)
        elif scheme.lower() not in {"bearer", "token"}:
            text = ""
        text = text.strip()
        token = self._tokens.find(text)
        if token is None:
            raise Refusal(403, NO_CREDENTIALS)
        return token, text

    def _check_flags(self) -> None:
        if self.flags.read_only:
            raise Refusal(403, READ_ONLY)
        if self.flags.uploads_off:
            raise Refusal(403, UPLOADS_OFF)

    def _project(self, token: IssuedToken, presented: str, metadata: Metadata) -> Project:
        project = self._store.project(metadata.name)
        if project is None:
            raise Refusal(400, NO_SUCH_PROJECT)
        try:
            self._tokens.authorize(presented, token, project)
        except TokenRefused as refused:
            raise Refusal(403, str(refused)) from refused
        if project.status in {"archived", "quarantined"}:
            raise Refusal(
                403,
                f"The given token isn't allowed to upload to project {project.name!r}. "
                "See {origin}/help/#project-name for more information.",
            )
        if metadata.version in project.staged_versions:
            raise Refusal(409, SESSION_OPEN.format(name=project.name, version=metadata.version))
        if not project.organization_active:
            raise Refusal(400, ORGANIZATION_INACTIVE)
        return project

    def _is_identical(self, form: UploadForm, project: Project, metadata: Metadata, began: int) -> bool:
        """Whether this very file exists. Raises :class:`Refusal` for a name in use, and :class:`LostRace`."""
        filename, digest = form.filename or "", form.blake2b_256
        present, release = self._store.find_file(filename), project.releases.get(metadata.version)
        created = (release.number if release else None, present.number if present else None, project.first_file)
        if any(number is not None and number > began for number in created):
            raise LostRace
        if present is not None and present.blake2b_256 == digest:
            return True
        if present is not None or self._store.find_content(digest) is not None:
            raise Refusal(400, f"File already exists ({filename!r}, with blake2_256 hash {digest!r}). {_REUSE}")
        if filename in self._store.used_filenames:
            raise Refusal(
                400,
                "This filename was previously used by a file that has since been deleted. Use a different version. "
                f"{_REUSE}",
            )
        return False

    def _check_release(self, file: UploadedFile, project: Project) -> None:
        release = project.releases.get(file.metadata.version)
        if release is not None and self._now() - release.created_at > MAXIMUM_AGE_FOR_NEW_FILES * DAY:
            raise Refusal(
                400,
                f"Uploading new files to releases older than {MAXIMUM_AGE_FOR_NEW_FILES} days is not allowed.",
            )
        others = [other for other in project.files.values() if other.version == file.metadata.version]
        if file.filetype == "sdist" and any(other.filetype == "sdist" for other in others):
            raise Refusal(400, "Only one sdist may be uploaded per release.")

    def _provenance(self, form: UploadForm, token: IssuedToken) -> str:
        """Verify the file's attestations, if it has any and the index has trust data. Returns its provenance."""
        attestations = form.last("attestations")
        if not attestations or self._trust is None or self.flags.attestations_off:
            return ""
        from .attestation_checks import AttestedFile, verify

        publisher = token.publisher
        file = AttestedFile(
            filename=form.filename or "",
            sha256=form.sha256,
            repository=publisher.repository,
            workflow=publisher.workflow,
            environment=publisher.environment,
        )
        return verify(attestations, file, trust=self._trust)


def _check_action(form: UploadForm, request: web.Request) -> None:
    action = form.last(":action")
    if action in _OBSOLETE_ACTIONS:
        if form.repeats:
            raise _duplicate_keys(request)
        raise Refusal(
            410,
            "Project pre-registration is no longer required or supported, upload your files instead. "
            "See {origin}/help/#uploading for more information.",
        )
    if action != "file_upload":
        raise PageError(404)


def _duplicate_keys(request: web.Request) -> Refusal:
    text = f"POST body may not contain duplicate keys (URL: '{{origin}}{request.path}')"
    return Refusal(400, fill_in(request, text), reason="Bad Request")


def _check_size(form: UploadForm, project: Project) -> None:
    if form.size > project.size_limit:
        limit = project.size_limit >> 20
        raise Refusal(
            400, f"File too large. Limit for project {project.name!r} is {limit} MB. {_LIMITS} for more information."
        )
    total = sum(file.size for file in project.files.values()) + form.size
    if total > project.total_limit:
        limit = project.total_limit >> 30
        raise Refusal(
            400, f"Project size too large. Limit for project {project.name!r} total size is {limit} GB. {_LIMITS}"
        )


def _check_digests(form: UploadForm, path: Path) -> None:
    digests = {"sha256_digest": form.sha256, "blake2_256_digest": form.blake2b_256}
    if form.last("md5_digest"):
        with path.open("rb") as file:
            md5 = hashlib.md5(usedforsecurity=False)
            for block in iter(lambda: file.read(1 << 20), b""):
                md5.update(block)
        digests["md5_digest"] = md5.hexdigest()
    if any(form.last(name) and form.last(name).lower() != digest for name, digest in digests.items()):
        raise Refusal(400, "The digest supplied does not match a digest calculated from the uploaded file.")
