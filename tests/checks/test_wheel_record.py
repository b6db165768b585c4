"""RECORD read row by row: as the index reads it, and in bounded memory and time."""

from __future__ import annotations

import base64
import csv
import hashlib
import tracemalloc

import pytest

from builders.archives import DIST_INFO, WHEEL_NAME
from pypi_trusted_publish.checks.wheel_record import MemberDigest, RecordedWheel, Rehash, record_findings
from pypi_trusted_publish.readers.wheel_record import read_record

LINE_ENDS = ("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")


@pytest.mark.parametrize("end", LINE_ENDS, ids=[repr(end) for end in LINE_ENDS])
@pytest.mark.parametrize("lead", range(3))
def test_a_long_record_is_split_where_a_short_one_is(end: str, lead: int) -> None:
    text = "x" * lead + "".join(f"demo/{number:05d},sha256=x,1{end}" for number in range(9_000))
    rows = [row.path for row in read_record(text.encode())]
    assert rows == [path for path, *_ in csv.reader(text.splitlines())]
    assert len(rows) == 9_000


def test_a_nul_is_part_of_a_path_on_every_python() -> None:
    assert [row.path for row in read_record(b"demo/a\0b.py,,\n\0,,\n")] == ["demo/a\0b.py", "\0"]


def test_the_memory_for_a_record_does_not_grow_with_its_rows() -> None:
    data = b"a,,\n" * 100_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_record(data)) == 100_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(data)


EMPTY = MemberDigest(hashlib.sha256(b"").digest(), 0)


def messages(record: str, rehash: Rehash = lambda *_: None) -> list[str]:
    """What is found in the RECORD of a wheel with one empty file."""
    wheel = RecordedWheel(
        filename=WHEEL_NAME, dist_info=DIST_INFO, names={"demo.py"}, digests={"demo.py": EMPTY}, rehash=rehash
    )
    return [finding.message for finding in record_findings(record.encode(), wheel)]


def test_a_fault_in_the_last_row_is_the_only_finding() -> None:
    assert messages("stranger,,\n" * 20_000 + "\n") == ["RECORD has a blank line (20001)."]


def test_a_member_that_many_rows_name_is_read_again_once() -> None:
    asked: list[tuple[str, str]] = []

    def rehash(name: str, algorithm: str) -> bytes:
        asked.append((name, algorithm))
        return hashlib.sha512(b"").digest()

    digest = base64.urlsafe_b64encode(hashlib.sha512(b"").digest()).decode()
    assert messages(f"demo.py,sha512={digest},0\n" * 50, rehash) == []
    assert asked == [("demo.py", "sha512")]


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_true_hash_in_hexadecimal_is_not_called_a_wrong_hash(algorithm: str) -> None:
    real = hashlib.new(algorithm, b"").digest()

    def found(digest: str) -> list[str]:
        return messages(f"demo.py,{algorithm}={digest},0\n", lambda *_: real)

    assert found(real.hex()) == ["In RECORD 'demo.py' has its hash in hexadecimal, not in URL-safe base64."]
    assert found(real.hex().upper()) == found(real.hex())
    assert found(real[::-1].hex()) == ["In RECORD 'demo.py' has a wrong hash."]
