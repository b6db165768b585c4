"""RECORD against the members of a wheel: names, hashes, sizes."""

from __future__ import annotations

import base64
import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from . import rules_wheel as rules
from .distribution import Finding
from .member_names import listed
from .quoting import quoted, told

_STRONGER: Final = frozenset({"sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"})
_UNSIGNED: Final = ("RECORD.jws", "RECORD.p7s")


@dataclass(frozen=True, slots=True)
class Content:
    """What a member turned out to hold."""

    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of RECORD."""

    path: str
    hash: str
    size: str


Rehash = Callable[[str, str], "bytes | None"]
"""Name of a member and of an algorithm -> its digest; None when it cannot be read."""


def read_record(data: bytes) -> tuple[Row, ...] | str:
    """The rows of RECORD, or the phrase that says why the index cannot read it.

    The index splits the text at every line end that Unicode knows before it reads it as CSV.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"is not UTF-8 (byte 0x{data[error.start]:02x} at offset {error.start})"
    rows = []
    try:
        for number, fields in enumerate(csv.reader(text.splitlines()), start=1):
            if not fields:
                return f"has a blank line ({number})"
            path, hash_, size, *_ = *fields, "", ""
            rows.append(Row(path.replace("\\", "/"), hash_, size))
    except csv.Error:
        return "is not CSV: a field of it is longer than 128 KiB or its quoting is broken"
    return tuple(rows)


def record_findings(
    filename: str,
    rows: tuple[Row, ...],
    *,
    dist_info: str,
    names: set[str],
    contents: Mapping[str, Content],
    rehash: Rehash,
) -> Iterator[Finding]:
    """Hold the rows against the members.

    ``names`` are those of all files of the wheel (folders are not files), ``contents`` what could be read of them.
    """
    exempt = {f"{dist_info}/{name}" for name in _UNSIGNED}
    recorded = {row.path for row in rows}
    for verb, difference in (("lacks", names - exempt - recorded), ("names what is not there:", recorded - names)):
        if difference:
            shown = listed(sorted(difference), len(difference))
            yield rules.WHEEL_RECORD_MEMBERS.finding(filename, f"RECORD {verb} {shown}.")
    own = f"{dist_info}/RECORD"
    wrong = [
        f"{quoted(row.path)} {problem}"
        for row in rows
        if row.path != own and row.path not in exempt and row.path in contents
        for problem in _row_problems(row, contents[row.path], rehash)
    ]
    if wrong:
        yield rules.WHEEL_RECORD_HASH.finding(filename, f"In RECORD {told(wrong)}.")


def _row_problems(row: Row, content: Content, rehash: Rehash) -> Iterator[str]:
    algorithm, _, digest = row.hash.partition("=")
    if not row.hash:
        yield "has no hash"
    elif algorithm == "sha256":
        if digest.rstrip("=") != _encoded(content.sha256):
            yield "has a wrong hash"
    elif algorithm not in _STRONGER:
        yield f"has a hash by {quoted(algorithm)}, which is too weak or unknown"
    else:
        real = rehash(row.path, algorithm)
        if real is not None and digest.rstrip("=") != _encoded(real):
            yield "has a wrong hash"
    if row.size and row.size != str(content.size):
        yield f"has the size {quoted(row.size)} instead of {content.size}"


def _encoded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def digest_of(pieces: Iterator[bytes], algorithm: str) -> bytes:
    """The digest of a content that is read piece by piece."""
    hasher = hashlib.new(algorithm)
    for piece in pieces:
        hasher.update(piece)
    return hasher.digest()
