"""A pytest plugin, loaded with ``-p``: the clock of another machine, a day ahead, and no large compression."""

from __future__ import annotations

import gzip
import time
from typing import Final

AHEAD: Final = 24 * 60 * 60
LARGE: Final = 1 << 20
ORIGINAL_TIME: Final = time.time
ORIGINAL_COMPRESS: Final = gzip.compress


def ahead() -> float:
    return ORIGINAL_TIME() + AHEAD


def compress(data: bytes, compresslevel: int = 9, *, mtime: float | None = None) -> bytes:
    if len(data) > LARGE:
        raise AssertionError(f"{len(data)} bytes are compressed while tests are collected: build them inside the test")
    return ORIGINAL_COMPRESS(data, compresslevel, mtime=mtime)


time.time = ahead
gzip.compress = compress  # type: ignore[assignment] # only bytes are compressed here
