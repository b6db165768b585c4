"""Both digests of a file, computed while it is read for something else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import BinaryIO, Final, TypeAlias

from ..values import dataclass

CHUNK: Final = 512 * 1024
"""Bytes that are read at once; large enough for hashlib and zlib to release the interpreter lock, and for a thread."""
LARGE: Final = 8 * 1024 * 1024
"""Bytes from which on it pays to hash a file in the background while it is read."""

Background: TypeAlias = Callable[[Callable[[], None]], Callable[[], None]]
"""Starts some work in the background and returns a function that waits for its end."""


def run_now(work: Callable[[], None], /) -> Callable[[], None]:
    """A :data:`Background` that does the work at once."""
    work()
    return _done


def _done() -> None:
    """There is nothing to wait for."""


def _blake2b() -> hashlib.blake2b | None:
    try:
        return hashlib.blake2b(digest_size=32)
    except ValueError:  # FIPS mode
        return None


@dataclass(frozen=True, kw_only=True)
class Digests:
    """The digests of the upload form."""

    sha256: str
    """Hexadecimal, lower case."""
    blake2b_256: str
    """BLAKE2b with a digest of 256 bits, hexadecimal, lower case; empty on a machine in FIPS mode, which refuses it."""


class HashingReader:
    """A seekable binary reader that hashes each byte the first time it passes by in the file's order.

    Reading the file from front to back is enough; what was skipped is read by :meth:`finish`. The file is read in
    blocks, so that small reads cost little and hashing happens in large pieces. A block may be hashed in the
    ``background`` while the next one is read and used. It does not close the reader that it is given.
    """

    def __init__(self, reader: BinaryIO, background: Background = run_now) -> None:
        self._reader = reader
        self._background = background
        self._hashing = _done
        self._block = b""
        self._block_start = 0
        self._position = 0
        self._hashed = 0
        self._sha256 = hashlib.sha256()
        self._blake2b = _blake2b()

    def read(self, size: int) -> bytes:
        """As a reader's ``read``: fewer bytes only at the end of the file."""
        start = self._position - self._block_start
        if start + size <= len(self._block):  # nearly always, and an archive is read in millions of pieces
            self._position += size
            return self._block[start : start + size]
        parts: list[bytes] = []
        left = size
        while left:
            start = self._position - self._block_start
            piece = self._block[start : start + left]
            if not piece:
                if not self._fill():
                    break
                continue
            self._position += len(piece)
            left -= len(piece)
            parts.append(piece)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _fill(self) -> bool:
        """Read the block that begins at the position; False at the end of the file."""
        if self._position != self._block_start + len(self._block):
            self._reader.seek(self._position)
        self._block, self._block_start = self._reader.read(CHUNK), self._position
        end = self._block_start + len(self._block)
        if self._block_start <= self._hashed < end:
            self._hashing()
            self._hashing = self._background(
                partial(self._hash, memoryview(self._block)[self._hashed - self._block_start :])
            )
            self._hashed = end
        return bool(self._block)

    def _hash(self, fresh: memoryview) -> None:
        self._sha256.update(fresh)
        if self._blake2b is not None:
            self._blake2b.update(fresh)

    def seek(self, offset: int) -> int:
        """As a reader's ``seek`` from the start of the file; nothing is hashed by it."""
        if not self._block_start <= offset < self._block_start + len(self._block):
            self._reader.seek(offset)
            self._block, self._block_start = b"", offset
        self._position = offset
        return offset

    def finish(self) -> Digests:
        """Read what was not read yet, and return the digests of the whole file."""
        self.seek(self._hashed)
        while self.read(CHUNK):
            pass
        self._hashing()
        blake2b = "" if self._blake2b is None else self._blake2b.hexdigest()
        return Digests(sha256=self._sha256.hexdigest(), blake2b_256=blake2b)
