"""The bytes of an upload, read from the disk while they are sent, and held against the check.

The last block is held back until the SHA-256 of everything read agrees with that of the check, so that a file that
changed in between never arrives whole. Memory does not grow with the file.
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
"""Bytes of a read and of a write. Measured on loopback with 1 GiB: 64 kB 0.91 s, 256 kB 0.89 s, 1 MB 0.79 s, 4 MB the
same with more memory; hashing alone takes 0.55 s of it."""
_PROGRESS_EVERY: Final = 0.5
"""Seconds between two progress events of a file."""


def upload_body(distribution: Distribution, *, head: bytes, tail: bytes, clock: Clock, emit: Emit) -> Body:
    """The form around the file: ``head``, the file, ``tail``.

    Its iterator raises DistributionError when the file is not what was checked; the last block is then never sent.
    """

    def chunks() -> Iterator[bytes]:
        told = clock.monotonic()
        sent = 0
        yield head
        for block in _verified_blocks(distribution):
            yield block
            sent += len(block)
            if clock.monotonic() - told >= _PROGRESS_EVERY:
                told = clock.monotonic()
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
        raise _changed(distribution, "it cannot be read any more, or another file is in its place") from None
    if left != 0 or grown:
        raise _changed(distribution, "its size is another")
    if digest.hexdigest() != distribution.sha256:
        raise _changed(distribution, "its bytes are others")
    yield block


def _changed(distribution: Distribution, how: str) -> DistributionError:
    return DistributionError(
        Diagnosis(
            code="file-changed",
            message=f"{distribution.filename} changed after it had been checked: {how}. It did not arrive.",
            likely_cause="Another process writes to the folder while this step publishes from it.",
            fix="Build in an earlier job or step, and publish from a folder that nothing else writes to.",
            details=(("path", distribution.path), ("sha256 when checked", distribution.sha256)),
            file=distribution.filename,
        )
    )
