"""Reads an upload form as a stream: fields into memory (bounded), the file to disk while it is hashed."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from aiohttp import BodyPartReader, MultipartReader, content_disposition_filename, parse_content_disposition, web

from .answers import Refusal

_CHUNK: Final = 1 << 18
_BATCH: Final = 1 << 20
"""Bytes; two of them are in memory for each upload."""
_LARGEST_FIELDS: Final = 32 << 20
"""Bytes of all fields together."""


@dataclass(frozen=True, kw_only=True)
class UploadForm:
    """What one request carried."""

    fields: tuple[tuple[str, str], ...]
    filename: str | None
    """Of the ``content`` part; None when there is no such part or it is not file-typed."""
    content_type: str
    sha256: str
    blake2b_256: str
    size: int

    def first(self, name: str) -> str:
        """The first value of a field, stripped; empty when there is none."""
        return next((value.strip() for key, value in self.fields if key == name), "")


async def read_form(request: web.Request, target: Path) -> UploadForm:
    """Read the whole body; the file goes to ``target``. Raises :class:`~.answers.Refusal` when it is no form."""
    if request.content_type != "multipart/form-data":
        raise Refusal(400, "Invalid upload: multipart/form-data expected.")
    try:
        return await _read_parts(await request.multipart(), _Content(target))
    except ValueError as error:
        raise Refusal(400, "Invalid upload: the body is not well-formed.") from error


async def _read_parts(reader: MultipartReader, content: _Content) -> UploadForm:
    fields: list[tuple[str, str]] = []
    total = 0
    while (part := await reader.next()) is not None:
        if isinstance(part, MultipartReader):
            raise Refusal(400, "Invalid upload: nested multipart.")
        name, filename = _names(part.headers.get("Content-Disposition", ""))
        if name == "content" and filename is not None:
            await content.read(part, filename)
            continue
        if filename is not None:
            raise Refusal(400, f"Invalid upload: field {name!r} must not be a file.")
        data = bytes(await part.read())
        total += len(data)
        if total > _LARGEST_FIELDS:
            raise Refusal(400, "Invalid upload: the fields are too large.")
        fields.append((name, _text(name, data)))
    return content.form(tuple(fields))


@functools.lru_cache(maxsize=1024)
def _names(disposition: str) -> tuple[str, str | None]:
    """Name of the field and of its file; remembered, because every upload has the same ones and parsing is slow."""
    _, parameters = parse_content_disposition(disposition)
    return content_disposition_filename(parameters, "name") or "", content_disposition_filename(parameters)


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Refusal(400, f"Invalid value for {name}. Error: not UTF-8.") from error


async def _batches(part: BodyPartReader) -> AsyncIterator[bytes]:
    """What comes, in pieces that are worth a thread's while; the last one may be small."""
    batch = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        batch += chunk
        if len(batch) >= _BATCH:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


class _Content:
    """The file while it arrives."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._filename: str | None = None
        self._content_type = ""
        self._sha256 = hashlib.sha256()
        self._blake2b = hashlib.blake2b(digest_size=32)
        self._size = 0

    async def read(self, part: BodyPartReader, filename: str) -> None:
        if self._filename is not None:
            raise Refusal(400, "Invalid upload: two files.")
        self._filename = filename
        self._content_type = part.headers.get("Content-Type", "")
        with self._target.open("wb") as file:
            working: asyncio.Future[None] | None = None
            async for batch in _batches(part):
                if working is not None:
                    await working
                self._size += len(batch)
                working = asyncio.ensure_future(asyncio.to_thread(self._keep, file, batch))
            if working is not None:
                await working

    def _keep(self, file: BinaryIO, batch: bytes) -> None:
        self._sha256.update(batch)
        self._blake2b.update(batch)
        file.write(batch)

    def form(self, fields: tuple[tuple[str, str], ...]) -> UploadForm:
        return UploadForm(
            fields=fields,
            filename=self._filename,
            content_type=self._content_type,
            sha256=self._sha256.hexdigest(),
            blake2b_256=self._blake2b.hexdigest(),
            size=self._size,
        )
