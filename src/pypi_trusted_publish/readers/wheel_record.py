"""RECORD of a wheel: its lines as values.

Source: Recording installed projects, the RECORD file (packaging.python.org).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_LINE_END: Final = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""The line ends of ``str.splitlines``."""
_NUL: Final = "\ud800"
"""Stands for NUL, which ``csv`` of Python 3.10 refuses, and newer ones accept. UTF-8 has no such code."""
_PIECE: Final = 64 * 1024
"""Characters of RECORD that are split into lines at once."""


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """One line of RECORD."""

    path: str
    """With forward slashes."""
    hash: str
    """As it is written: algorithm, ``=``, digest."""
    size: str
    """As it is written."""


class InvalidRecord(Exception):
    """RECORD cannot be read; the argument is a clause that follows its name."""


def read_record(data: bytes) -> Iterator[RecordEntry]:
    """The entries of RECORD, one by one: memory does not grow with their number. Raises InvalidRecord.

    The index splits the text at every line end that Unicode knows before it reads it as CSV.
    """
    try:
        text = data.decode("utf-8").replace("\0", _NUL)
    except UnicodeDecodeError as error:
        raise InvalidRecord(f"is not UTF-8 (byte 0x{data[error.start]:02x} at offset {error.start})") from None
    try:
        for number, fields in enumerate(csv.reader(_lines(text)), start=1):
            if not fields:
                raise InvalidRecord(f"has a blank line ({number})")
            path, hash_, size, *_ = *fields, "", ""
            yield RecordEntry(path.replace("\\", "/").replace(_NUL, "\0"), hash_, size)
    except csv.Error:
        raise InvalidRecord("is not CSV: a field of it is longer than 128 KiB or its quoting is broken") from None


def _lines(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        end = _LINE_END.search(text, position + _PIECE)
        after = end.end() if end else len(text)
        yield from text[position:after].splitlines()
        position = after
