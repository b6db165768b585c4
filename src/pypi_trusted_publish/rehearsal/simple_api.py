"""The simple API (PEP 503, PEP 691, PEP 700, PEP 792), downloads, metadata files (PEP 658) and provenance (PEP 740)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import html
import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from aiohttp import web
from packaging.utils import canonicalize_name

from .http_errors import HTML, PLAIN, accepted, error_page, json_response, moved, text_response
from .projects import Project, ProjectStore, PublishedFile

JSON_TYPE: Final = "application/vnd.pypi.simple.v1+json"
HTML_TYPE: Final = "application/vnd.pypi.simple.v1+html"
API_VERSION: Final = "1.4"
_HEADERS: Final = {"Vary": "Accept, Accept-Encoding", "Access-Control-Allow-Origin": "*"}


class SimpleApi:
    """Serves the projects and files of a store."""

    def __init__(self, *, store: ProjectStore, origin: Callable[[], str]) -> None:
        self._store = store
        self._origin = origin
        self.hidden: Callable[[PublishedFile], bool] = lambda _file: False
        """Whether a cache does not show a file yet; called once for each file and page."""

    async def handle_root(self, request: web.Request) -> web.StreamResponse:
        """The list of projects."""
        projects = sorted(self._store.projects.values(), key=lambda project: project.normalized)
        serial = max([0, *(project.serial for project in projects)])
        listed = [{"name": project.normalized, "_last-serial": project.serial} for project in projects]
        document = {"meta": {"api-version": API_VERSION, "_last-serial": serial}, "projects": listed}
        links = [f'<a href="/simple/{project.normalized}/">{project.normalized}</a>' for project in projects]
        return _page(request, document, "Simple index", links, serial)

    async def handle_project(self, request: web.Request) -> web.StreamResponse:
        """One project's files; none of a quarantined project."""
        name = request.match_info["project"]
        project = self._store.project(name)
        if project is None:
            return text_response("404 Not Found", PLAIN, status=404)
        if name != canonicalize_name(name):
            return moved(request, 301, f"/simple/{project.normalized}/")
        files = [file for file in tuple(project.files.values()) if not self.hidden(file)]
        if project.status == "quarantined":
            files = []
        document = self._document(project, files)
        return _page(request, document, f"Links for {project.normalized}", map(self._link, files), project.serial)

    async def handle_missing_slash(self, request: web.Request) -> web.StreamResponse:
        """A redirect to the same path with a slash at its end."""
        return moved(request, 301, f"{request.path}/")

    async def handle_download(self, request: web.Request) -> web.StreamResponse:
        """The bytes of one file, or its metadata under the same URL with ``.metadata``; ranges are served."""
        filename = request.match_info["filename"]
        file = self._store.find_file(filename.removesuffix(".metadata"))
        if file is None or _path(file) != request.path.removesuffix(".metadata"):
            return error_page(404)
        if filename == file.filename:
            return web.FileResponse(file.path, headers={"Content-Type": "application/octet-stream"})
        if file.core_metadata is None:
            return error_page(404)
        return web.Response(body=file.core_metadata, content_type="application/octet-stream")

    async def handle_provenance(self, request: web.Request) -> web.StreamResponse:
        """The provenance of one file."""
        file = self._store.find_file(request.match_info["filename"])
        if file is None:
            return error_page(404)
        if not file.provenance:
            return json_response({"message": f"No provenance available for {file.filename}"}, status=404)
        return web.Response(text=file.provenance, content_type="application/vnd.pypi.integrity.v1+json")

    def _document(self, project: Project, files: list[PublishedFile]) -> dict[str, Any]:
        status = {"status": project.status}
        if project.status_reason:
            status["reason"] = project.status_reason
        return {
            "meta": {"api-version": API_VERSION, "_last-serial": project.serial},
            "name": project.normalized,
            "project-status": status,
            "versions": sorted({str(file.version) for file in files}),
            "files": [self._entry(file) for file in files],
        }

    def _entry(self, file: PublishedFile) -> dict[str, Any]:
        uploaded = dt.datetime.fromtimestamp(file.uploaded_at, dt.timezone.utc)
        metadata = _metadata_hash(file)
        return {
            "filename": file.filename,
            "url": self._url(file),
            "hashes": {"sha256": file.sha256},
            "size": file.size,
            "upload-time": uploaded.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "requires-python": next(iter(file.values("requires_python")), None),
            "yanked": False if file.yanked is None else file.yanked or True,
            "provenance": self._provenance_url(file) if file.provenance else None,
            "core-metadata": {"sha256": metadata} if metadata else False,
            "data-dist-info-metadata": {"sha256": metadata} if metadata else False,
        }

    def _link(self, file: PublishedFile) -> str:
        attributes = {
            "href": f"{self._url(file)}#sha256={file.sha256}",
            "data-requires-python": next(iter(file.values("requires_python")), None),
            "data-yanked": file.yanked,
            "data-provenance": self._provenance_url(file) if file.provenance else None,
            "data-core-metadata": f"sha256={_metadata_hash(file)}" if file.core_metadata is not None else None,
        }
        written = "".join(f' {name}="{html.escape(text)}"' for name, text in attributes.items() if text is not None)
        return f"<a{written}>{html.escape(file.filename)}</a>"

    def _provenance_url(self, file: PublishedFile) -> str:
        return f"{self._origin()}/integrity/{file.project}/{file.version}/{file.filename}/provenance"

    def _url(self, file: PublishedFile) -> str:
        return self._origin() + _path(file)


def _path(file: PublishedFile) -> str:
    digest = file.blake2b_256
    return f"/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{file.filename}"


def _metadata_hash(file: PublishedFile) -> str:
    return hashlib.sha256(file.core_metadata).hexdigest() if file.core_metadata is not None else ""


def _page(
    request: web.Request, document: dict[str, Any], title: str, links: Iterable[str], serial: int
) -> web.Response:
    """A page in the form that the client prefers: JSON, or HTML if it accepts neither."""
    kind = accepted(request.headers.get("Accept", ""), (HTML, HTML_TYPE, JSON_TYPE)) or HTML
    if kind == JSON_TYPE:
        body = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    else:
        lines = "".join(f"    {link}<br />\n" for link in links)
        body = (
            "<!DOCTYPE html>\n<html>\n  <head>\n"
            f'    <meta name="pypi:repository-version" content="{API_VERSION}">\n    <title>{title}</title>\n'
            f"  </head>\n  <body>\n    <h1>{title}</h1>\n{lines}  </body>\n</html>\n"
        ).encode()
        kind += "; charset=UTF-8"
    etag = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode("ascii").rstrip("=")
    headers = {**_HEADERS, "ETag": f'"{etag}"', "X-PyPI-Last-Serial": str(serial)}
    if etag in [known.value for known in request.if_none_match or ()]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers={**headers, "Content-Type": kind})
