"""Checks of ``Import-Name`` and ``Import-Namespace`` (metadata 2.5). Pure."""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from .distribution import Finding
from .metadata_fields import FIELDS
from .quoting import quoted
from .rules_dependencies import IMPORT_NAME_INVALID
from .sent_metadata import SentMetadata


def import_findings(sent: SentMetadata, filename: str) -> Iterator[Finding]:
    """What is wrong with the import names and namespaces."""
    for field in ("import-name", "import-namespace"):
        for text in sent.all(field):
            if problem := _problem(text):
                yield IMPORT_NAME_INVALID.finding(filename, f"{FIELDS[field].name} is {quoted(text)}: {problem}.")


def _problem(text: str) -> str:
    name, semicolon, mark = text.partition(";")
    for part in name.rstrip().split("."):
        if not part.isidentifier():
            return f"{quoted(part)} is no identifier"
        if keyword.iskeyword(part):
            return f"{quoted(part)} is a keyword"
    if semicolon and mark.lstrip() != "private":
        return "only 'private' may follow the semicolon"
    return ""
