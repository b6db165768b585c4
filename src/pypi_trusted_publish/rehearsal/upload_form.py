"""Reads an upload form as a stream: fields into memory (bounded), the file to disk while it is hashed."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from aiohttp import web
from python_multipart.multipart import MultipartParser, parse_options_header

from .http_errors import PageError, Refusal

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_BATCH: Final = 1 << 20
"""Bytes that a thread hashes and writes at once; an upload holds two batches in memory."""
_PLACEHOLDER: Final = "UNKNOWN"
"""What old tools send for a missing value."""
_LARGEST_FIELDS: Final = 32 << 20
"""Bytes of all fields together."""


@dataclass(frozen=True, kw_only=True)
class UploadForm:
    """The parts of one upload request."""

    fields: tuple[tuple[str, str], ...]
    filename: str | None
    """File name of the ``content`` part; None: no such part."""
    content_type: str
    file_fields: tuple[str, ...]
    """Other fields that came as files, apart from the obsolete ``gpg_signature``."""
    sha256: str
    blake2b_256: str
    size: int

    def names(self) -> tuple[str, ...]:
        """Each field once, in order."""
        return tuple(dict.fromkeys(name for name, _ in self.fields))

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return tuple(value for key, value in self.fields if key == name)

    def last(self, name: str) -> str:
        """The last value of a field; empty when there is none."""
        return self.values(name)[-1] if self.values(name) else ""

    @property
    def repeats(self) -> bool:
        """Whether a field repeats."""
        return len(self.names()) < len(self.fields)

    def cleaned(self) -> UploadForm:
        """Without empty fields and the placeholder ``UNKNOWN``, and with null characters escaped."""
        kept = [
            (name, value.replace("\0", "\\x00"))
            for name, value in self.fields
            if self.last(name).strip() != _PLACEHOLDER and self.values(name) != ("",)
        ]
        return replace(self, fields=tuple(kept))


async def read_form(request: web.Request, target: Path) -> UploadForm:
    """Read the whole body; the file goes to ``target``.

    Raises :class:`~.http_errors.PageError` for a body that is not a form, :class:`~.http_errors.Refusal` for one that
    breaks off.
    """
    kind, parameters = parse_options_header(request.headers.get("Content-Type"))
    if kind != b"multipart/form-data":
        raise PageError(404)  # as for every form without an action
    content = _Content()
    parts = _Parts(content)
    try:
        parser = MultipartParser(parameters.get(b"boundary", b""), parts.callbacks())
        with target.open("wb") as file:
            try:
                async for chunk in request.content.iter_any():
                    parser.write(chunk)
                    if content.waiting >= _BATCH:
                        await content.keep(file)
                await content.keep(file)
            finally:
                await content.kept()  # before the file is closed, also when the rest of the body is bad or never comes
    except ValueError as error:
        raise Refusal(400, "Invalid upload: the body is not well-formed.") from error
    if not parts.complete:
        raise Refusal(400, "Invalid upload: the body is not well-formed.")
    if any(name == "content" for name, _ in parts.fields):
        raise PageError(500)
    return content.form(tuple(parts.fields), tuple(parts.file_fields))


class _Parts:
    """Parser callbacks: collects fields, passes the file on."""

    def __init__(self, content: _Content) -> None:
        self.fields: list[tuple[str, str]] = []
        self.file_fields: list[str] = []
        self.complete = False
        self._content = content
        self._header = bytearray(), bytearray()
        self._headers: dict[str, str] = {}
        self._name = ""
        self._data = bytearray()
        self._is_file = False
        self._total = 0

    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._name_part,
            "on_part_data": self._receive,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._headers = {}
        self._data = bytearray()

    def _end_header(self) -> None:
        name, value = (bytes(half).decode("utf-8", "replace") for half in self._header)
        self._headers[name.lower()] = value
        self._header = bytearray(), bytearray()

    def _name_part(self) -> None:
        content_type = self._headers.get("content-type", "")
        if content_type.lower().startswith("multipart/"):
            raise Refusal(400, "Invalid upload: nested multipart.")
        self._name, filename = _names(self._headers.get("content-disposition", ""))
        self._is_file = filename is not None
        if filename is None:
            return
        if self._name == "content":
            self._content.begin(filename, content_type)
        elif self._name != "gpg_signature":
            self.file_fields.append(self._name)

    def _receive(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            if self._name == "content":
                self._content.receive(data[start:end])
            return
        self._total += end - start
        if self._total > _LARGEST_FIELDS:
            raise Refusal(400, "Invalid upload: the fields are too large.")
        self._data += data[start:end]

    def _end(self) -> None:
        if not self._is_file:
            self.fields.append((self._name, self._data.decode(errors="replace")))

    def _finish(self) -> None:
        self.complete = True


@functools.lru_cache(maxsize=1024)
def _names(disposition: str) -> tuple[str, str | None]:
    """Name of the field and of its file; cached, because every upload has the same ones."""
    _, parameters = parse_options_header(disposition.encode())
    filename = parameters.get(b"filename")
    return parameters.get(b"name", b"").decode("utf-8", "replace"), (
        None if filename is None else filename.decode("utf-8", "replace")
    )


class _Content:
    """The file part: batches are hashed and written in a thread, one at a time."""

    def __init__(self) -> None:
        self.waiting = 0
        """Received bytes that no thread has taken yet."""
        self._filename: str | None = None
        self._content_type = ""
        self._batch: list[bytes] = []
        self._working: asyncio.Future[None] | None = None
        self._sha256 = hashlib.sha256()
        self._blake2b = hashlib.blake2b(digest_size=32)
        self._size = 0

    def begin(self, filename: str, content_type: str) -> None:
        if self._filename is not None:
            raise Refusal(400, "Invalid upload: two files.")
        self._filename, self._content_type = filename, content_type

    def receive(self, data: bytes) -> None:
        self._batch.append(data)
        self.waiting += len(data)

    async def keep(self, file: BinaryIO) -> None:
        """Hash and write what was received, after the previous batch."""
        await self.kept()
        batch, self._batch = b"".join(self._batch), []
        self.waiting = 0
        self._size += len(batch)
        if batch:
            self._working = asyncio.ensure_future(asyncio.to_thread(self._keep, file, batch))

    async def kept(self) -> None:
        """Wait until the current batch is on the disk."""
        working, self._working = self._working, None
        if working is not None:
            await working

    def _keep(self, file: BinaryIO, batch: bytes) -> None:
        self._sha256.update(batch)
        self._blake2b.update(batch)
        file.write(batch)

    def form(self, fields: tuple[tuple[str, str], ...], file_fields: tuple[str, ...]) -> UploadForm:
        return UploadForm(
            fields=fields,
            filename=self._filename,
            content_type=self._content_type,
            file_fields=file_fields,
            sha256=self._sha256.hexdigest(),
            blake2b_256=self._blake2b.hexdigest(),
            size=self._size,
        )
