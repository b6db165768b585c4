"""Reading the bytes of ``METADATA`` or ``PKG-INFO`` into core metadata. Pure: whoever has the bytes hands them in.

The form is that of the standard library's ``email`` parser with the ``compat32`` policy, which the core metadata
specification names: header names without regard to case, folded lines kept with their line ends, the body after the
first blank line is the description. Read here without that parser, whose result depends on the version of Python and on
headers (``Content-Type``, ``Content-Transfer-Encoding``) that mean nothing in core metadata.
"""

from __future__ import annotations

import re
from typing import Final

from .distribution import CoreMetadata

_NAME: Final = re.compile(r"([!-9;-~]*):")
_END: Final = re.compile(r"(?:\r\n|\r(?!\n)|\n)(?![ \t])")
"""A line end that no fold follows: the end of a field's value."""
_SKIPPED: Final = re.compile(r"(?:From |[ \t])[^\r\n]*(?:\r\n|\r|\n|\Z)")
"""What may stand at the top and is no field: a mailbox's envelope line, folds of nothing."""
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def read_core_metadata(data: bytes) -> CoreMetadata:
    """Core metadata of the bytes of a metadata file, whatever they are.

    Nothing is judged here: a field that is missing is simply not there, and ``version`` is empty without a
    ``Metadata-Version``. Bytes that are not UTF-8 are kept as lone surrogates (``surrogateescape``), which
    ``metadata_findings`` reports. Time and memory are linear in the length of ``data``.
    """
    text = data.decode("utf-8", "surrogateescape")
    fields: list[tuple[str, str]] = []
    position = 0
    while position < len(text) and (match := _SKIPPED.match(text, position)):
        position = match.end()
    while match := _NAME.match(text, position):
        end = _END.search(text, match.end())
        if match[1]:
            value = text[match.end() : end.start() if end else len(text)]
            fields.append((match[1], value.strip("\r\n").lstrip(" \t\r\n")))
        position = end.end() if end else len(text)
    blank = _LINE_END.match(text, position)
    body = text[blank.end() if blank else position :]
    if body:
        fields.append(("Description", body))
    version = next((value for name, value in fields if name.lower() == "metadata-version"), "")
    return CoreMetadata(version=version, fields=tuple(fields))
