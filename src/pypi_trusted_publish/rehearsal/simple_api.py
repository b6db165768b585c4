"""The simple index in JSON and HTML, and the downloads."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web
from packaging.utils import canonicalize_name

from .projects import Project, ProjectStore, PublishedFile

JSON_TYPE: Final = "application/vnd.pypi.simple.v1+json"
API_VERSION: Final = "1.4"


class SimpleApi:
    """Serves the projects and files of a store."""

    def __init__(self, *, store: ProjectStore, origin: Callable[[], str]) -> None:
        self._store = store
        self._origin = origin
        self.hidden: Callable[[PublishedFile], bool] = lambda _file: False
        """Files that are not shown yet, as with a cache in between; asked once for each file and page."""

    async def handle_root(self, request: web.Request) -> web.StreamResponse:
        """The list of projects."""
        names = sorted(project.normalized for project in self._store.projects.values())
        if _wants_json(request):
            body = {"meta": {"api-version": API_VERSION}, "projects": [{"name": name} for name in names]}
            return web.json_response(body, content_type=JSON_TYPE)
        return _html("".join(f'<a href="/simple/{name}/">{name}</a><br/>\n' for name in names))

    async def handle_project(self, request: web.Request) -> web.StreamResponse:
        """One project's files."""
        name = request.match_info["project"]
        project = self._store.project(name)
        if project is None:
            return web.Response(status=404, text="404 Not Found")
        if name != canonicalize_name(name):
            raise web.HTTPMovedPermanently(f"/simple/{project.normalized}/")
        files = [file for file in tuple(project.files.values()) if not self.hidden(file)]
        if _wants_json(request):
            return web.json_response(self._document(project, files), content_type=JSON_TYPE)
        links = "".join(
            f'<a href="{html.escape(self._url(file))}#sha256={file.sha256}"'
            f"{_requires_python(file)}>{html.escape(file.filename)}</a><br/>\n"
            for file in files
        )
        return _html(links)

    async def handle_download(self, request: web.Request) -> web.StreamResponse:
        """The bytes of one file, or of its metadata (``.metadata``, not offered here)."""
        file = self._store.find_file(request.match_info["filename"])
        if file is None or file.sha256 != request.match_info["sha256"]:
            return web.Response(status=404, text="404 Not Found")
        return web.FileResponse(file.path, headers={"Content-Type": "application/octet-stream"})

    async def handle_provenance(self, request: web.Request) -> web.StreamResponse:
        """The provenance of one file (PEP 740)."""
        file = self._store.find_file(request.match_info["filename"])
        if file is None or not file.provenance:
            return web.json_response({"message": "No provenance available"}, status=404)
        return web.Response(text=file.provenance, content_type="application/vnd.pypi.integrity.v1+json")

    def _document(self, project: Project, files: list[PublishedFile]) -> dict[str, Any]:
        status = {"status": project.status}
        if project.status_reason:
            status["reason"] = project.status_reason
        return {
            "meta": {"api-version": API_VERSION, "_last-serial": project.number},
            "name": project.normalized,
            "project-status": status,
            "versions": sorted({str(file.version) for file in files}),
            "files": [self._entry(file) for file in files],
        }

    def _entry(self, file: PublishedFile) -> dict[str, Any]:
        uploaded = dt.datetime.fromtimestamp(file.uploaded_at, dt.timezone.utc)
        return {
            "filename": file.filename,
            "url": self._url(file),
            "hashes": {"sha256": file.sha256},
            "size": file.size,
            "upload-time": uploaded.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "requires-python": next(iter(file.values("requires_python")), None),
            "yanked": False,
            "provenance": self._provenance_url(file) if file.provenance else None,
        }

    def _provenance_url(self, file: PublishedFile) -> str:
        return f"{self._origin()}/integrity/{file.project}/{file.version}/{file.filename}/provenance"

    def _url(self, file: PublishedFile) -> str:
        return f"{self._origin()}/files/{file.sha256}/{file.filename}"


def _wants_json(request: web.Request) -> bool:
    return JSON_TYPE in request.headers.get("Accept", "")


def _requires_python(file: PublishedFile) -> str:
    values = file.values("requires_python")
    return f' data-requires-python="{html.escape(values[0])}"' if values else ""


def _html(links: str) -> web.Response:
    text = f'<!DOCTYPE html>\n<html><head><meta name="pypi:repository-version" content="{API_VERSION}">'
    return web.Response(text=f"{text}</head><body>\n{links}</body></html>\n", content_type="text/html")
