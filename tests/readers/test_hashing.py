"""Digests as a by-product of reading."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pytest

from pypi_trusted_publish.checks.check import inspect
from pypi_trusted_publish.checks.model import Candidate, CheckOptions, FileIdentity
from pypi_trusted_publish.io.threads import in_background
from pypi_trusted_publish.readers.hashing import CHUNK, LARGE, Background, HashingReader, run_now

DATA = bytes(range(256)) * (CHUNK // 64)


@pytest.mark.parametrize("background", [run_now, in_background])
def test_a_hashing_reader_reads_as_any_other_and_hashes_every_byte_once(background: Background) -> None:
    reader = HashingReader(io.BytesIO(DATA), background)
    reader.seek(len(DATA) - 10)
    assert reader.read(20) == DATA[-10:]
    assert reader.read(5) == b""
    reader.seek(CHUNK - 3)
    assert reader.read(6) == DATA[CHUNK - 3 : CHUNK + 3]
    assert reader.read(1) == DATA[CHUNK + 3 : CHUNK + 4]
    reader.seek(3)
    assert reader.read(2 * CHUNK) == DATA[3 : 3 + 2 * CHUNK]
    digests = reader.finish()
    assert digests.sha256 == hashlib.sha256(DATA).hexdigest()
    assert digests.blake2b_256 == hashlib.blake2b(DATA, digest_size=32).hexdigest()


def test_a_machine_in_fips_mode_has_the_digest_that_it_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_arguments: int) -> None:
        raise ValueError("[digital envelope routines] unsupported")

    monkeypatch.setattr(hashlib, "blake2b", refused)
    digests = HashingReader(io.BytesIO(DATA)).finish()
    assert (digests.sha256, digests.blake2b_256) == (hashlib.sha256(DATA).hexdigest(), "")


def test_what_hashing_raises_is_raised_where_it_is_waited_for() -> None:
    def failing(work: Callable[[], None], /) -> Callable[[], None]:
        def broken() -> None:
            work()
            raise MemoryError

        return in_background(broken)

    with pytest.raises(MemoryError):
        HashingReader(io.BytesIO(DATA), failing).finish()


@pytest.mark.parametrize(("size", "blocks"), [(LARGE - 1, 0), (LARGE, LARGE // CHUNK)])
def test_only_a_large_file_is_hashed_while_it_is_read(size: int, blocks: int) -> None:
    begun: list[Callable[[], None]] = []

    def counting(work: Callable[[], None], /) -> Callable[[], None]:
        begun.append(work)
        return in_background(work)

    candidate = Candidate(
        path="/dist/demo-1.0-py3-none-any.whl",
        filename="demo-1.0-py3-none-any.whl",
        line="dist",
        identity=FileIdentity(device=1, inode=1, size=size, mtime_ns=0),
        open=lambda: io.BytesIO(bytes(size)),
    )
    assert inspect(candidate, options=CheckOptions(), background=counting).distribution is None
    assert len(begun) == blocks
