"""The bytes of an upload, read from the disk while they are sent, and compared with the check.

The last block is sent only if the SHA-256 of everything read matches that of the check, so that a file that changed in
between never arrives whole. Memory use does not grow with the file.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from ..errors import Diagnosis, DistributionError
from ..events import Emit, UploadProgress
from .http.exchange import Body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..checks.model import Distribution
    from ..clock import Clock

BLOCK: Final = 1 << 20
"""Bytes per read and write. Measured on loopback with 1 GiB: 64 kB 0.91 s, 256 kB 0.89 s, 1 MB 0.79 s, 4 MB the
same with more memory; hashing alone takes 0.55 s of it."""
_PROGRESS_EVERY: Final = 0.5
"""Seconds between two progress events of a file."""


def upload_body(distribution: Distribution, *, head: bytes, tail: bytes, clock: Clock, emit: Emit) -> Body:
    """The multipart form: ``head``, the file, ``tail``.

    Its iterator raises DistributionError when the file is not the one that was checked, before the last block.
    """

    def chunks() -> Iterator[bytes]:
        reported = clock.monotonic()
        sent = 0
        yield head
        for block in _verified_blocks(distribution):
            yield block
            sent += len(block)
            if clock.monotonic() - reported >= _PROGRESS_EVERY:
                reported = clock.monotonic()
                emit(UploadProgress(filename=distribution.filename, sent=sent, size=distribution.size))
        yield tail

    return Body(length=len(head) + distribution.size + len(tail), chunks=chunks)


def _verified_blocks(distribution: Distribution) -> Iterator[bytes]:
    digest = hashlib.sha256()
    left = distribution.size
    try:
        with distribution.open() as file:
            while True:
                block = file.read(BLOCK)
                digest.update(block)
                left -= len(block)
                if left <= 0 or not block:
                    break
                yield block
            grown = bool(file.read(1))
    except OSError:
        raise _changed(distribution, "it can no longer be read, or was replaced") from None
    if left != 0 or grown:
        raise _changed(distribution, "its size differs")
    if digest.hexdigest() != distribution.sha256:
        raise _changed(distribution, "its contents differ")
    yield block


def _changed(distribution: Distribution, how: str) -> DistributionError:
    return DistributionError(
        Diagnosis(
            code="file-changed",
            message=f"{distribution.filename} changed after it was checked: {how}. It did not arrive.",
            likely_cause="Another process wrote to the folder while this step was publishing from it.",
            fix="Build in an earlier job or step, and publish from a folder that no other process writes to.",
            details=(("path", distribution.path), ("sha256 when checked", distribution.sha256)),
            file=distribution.filename,
        )
    )
