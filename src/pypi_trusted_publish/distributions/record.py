"""RECORD against the members of a wheel: names, hashes, sizes."""

from __future__ import annotations

import base64
import csv
import functools
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from . import rules_wheel as rules
from .distribution import Finding
from .member_names import listed
from .quoting import quoted, told

_STRONGER: Final = frozenset({"sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"})
_UNSIGNED: Final = ("RECORD.jws", "RECORD.p7s")
_LINE_END: Final = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""The line ends of ``str.splitlines``."""
_PIECE: Final = 64 * 1024
"""Characters of RECORD that are split into lines at once."""
_MOST: Final = 10_000
"""Of names that are not there, how many are remembered; a RECORD may have millions of them."""


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


class RecordMalformed(Exception):
    """The index cannot read RECORD; the argument is a phrase that says why."""


def read_record(data: bytes) -> Iterator[Row]:
    """The rows of RECORD, one by one: memory does not grow with their number. Raises RecordMalformed.

    The index splits the text at every line end that Unicode knows before it reads it as CSV.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordMalformed(f"is not UTF-8 (byte 0x{data[error.start]:02x} at offset {error.start})") from None
    try:
        for number, fields in enumerate(csv.reader(_lines(text)), start=1):
            if not fields:
                raise RecordMalformed(f"has a blank line ({number})")
            path, hash_, size, *_ = *fields, "", ""
            yield Row(path.replace("\\", "/"), hash_, size)
    except csv.Error:
        raise RecordMalformed("is not CSV: a field of it is longer than 128 KiB or its quoting is broken") from None


def _lines(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        end = _LINE_END.search(text, position + _PIECE)
        after = end.end() if end else len(text)
        yield from text[position:after].splitlines()
        position = after


def record_findings(
    filename: str,
    rows: Iterable[Row],
    *,
    dist_info: str,
    names: set[str],
    contents: Mapping[str, Content],
    rehash: Rehash,
) -> Iterator[Finding]:
    """Hold the rows against the members. Raises RecordMalformed, as ``rows`` does, before anything is found.

    ``names`` are those of all files of the wheel (folders are not files), ``contents`` what could be read of them.
    """
    exempt = {f"{dist_info}/{name}" for name in _UNSIGNED}
    unchecked = exempt | {f"{dist_info}/RECORD"}
    missing, strange, wrong = names - exempt, set[str](), dict[str, str]()
    known = functools.cache(rehash)
    for row in rows:
        missing.discard(row.path)
        if row.path not in names and len(strange) < _MOST:
            strange.add(row.path)
        if row.path not in contents or row.path in unchecked or row.path in wrong:
            continue
        if problem := " and ".join(_row_problems(row, contents[row.path], known)):
            wrong[row.path] = f"{quoted(row.path)} {problem}"
    naming = "names what is not there:" if len(strange) < _MOST else "names what is not there, among much else:"
    for verb, difference in (("lacks", missing), (naming, strange)):
        if difference:
            shown = listed(sorted(difference), len(difference))
            yield rules.WHEEL_RECORD_MEMBERS.finding(filename, f"RECORD {verb} {shown}.")
    if wrong:
        yield rules.WHEEL_RECORD_HASH.finding(filename, f"In RECORD {told(tuple(wrong.values()))}.")


def _row_problems(row: Row, content: Content, rehash: Rehash) -> Iterator[str]:
    algorithm, _, digest = row.hash.partition("=")
    if not row.hash:
        yield "has no hash"
    elif algorithm == "sha256":
        yield from _digest_problem(digest, content.sha256)
    elif algorithm not in _STRONGER:
        yield f"has a hash by {quoted(algorithm)}, which is too weak or unknown"
    else:
        real = rehash(row.path, algorithm)
        if real is not None:
            yield from _digest_problem(digest, real)
    if row.size and row.size != str(content.size):
        yield f"has the size {quoted(row.size)} instead of {content.size}"


def _digest_problem(told: str, real: bytes) -> Iterator[str]:
    if told.rstrip("=") == _encoded(real):
        return
    if told.lower() == real.hex():
        yield "has its hash in hexadecimal, not in URL-safe base64"
    else:
        yield "has a wrong hash"


def _encoded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def digest_of(pieces: Iterator[bytes], algorithm: str) -> bytes:
    """The digest of a content that is read piece by piece."""
    hasher = hashlib.new(algorithm)
    for piece in pieces:
        hasher.update(piece)
    return hasher.digest()
