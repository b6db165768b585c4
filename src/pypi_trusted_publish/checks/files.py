"""A file as a whole: whether it can be read, its size, and how much of it was checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..errors import Severity
from .model import FILE_SIZE_LIMIT, METADATA_LIMIT, Finding, Level, Rule, Table

FILE_UNREADABLE: Final = Rule(
    code="file-unreadable",
    statement="The file can be opened and read, and does not change while it is read.",
    source="The operating system",
    meaning="Nothing in the file was checked.",
    fix="Check the file's permissions, and do not let another step of the job write to the folder at the same time.",
)


def unreadable_finding(filename: str, error: OSError) -> Finding:
    """The finding for a file that cannot be read."""
    return FILE_UNREADABLE.finding(filename, f"The file cannot be read: {error.strerror or 'unknown reason'}.")


FILE_TOO_LARGE: Final = Rule(
    code="file-too-large",
    statement="A file has at most 100 MiB, unless the index has raised the limit for the project.",
    source="The index's documentation, storage limits (August 2026)",
    meaning="The index refuses the file unless the project has a higher limit.",
    fix="Leave out debug symbols and test data, split the wheel, or ask the index for a higher limit before the "
    "release.",
    table=Table.SIZE_LIMITS,
)


def size_findings(filename: str, size: int) -> Iterator[Finding]:
    """What is wrong with the size of a file, in bytes."""
    if size > FILE_SIZE_LIMIT:
        project = filename.partition("-")[0]
        yield FILE_TOO_LARGE.finding(filename, f"The file has {size} bytes, {size / 2**20:.1f} MiB.", value=project)


METADATA_TOO_LARGE: Final = Rule(
    code="metadata-too-large",
    statement="The metadata file has at most 8 MiB.",
    source="A bound of this project: nothing larger is read, and no upload form could carry it",
    meaning="This project cannot publish the file.",
    fix="Shorten the description (`readme` in `[project]`): link to a page with the rest.",
)


def metadata_size_findings(filename: str, member: str, size: int) -> Iterator[Finding]:
    """What is wrong with the size, in bytes, of METADATA or PKG-INFO."""
    if size > METADATA_LIMIT:
        yield METADATA_TOO_LARGE.finding(filename, f"{member} has more than {METADATA_LIMIT // 2**20} MiB.")


NOT_FULLY_CHECKED: Final = Rule(
    code="not-fully-checked",
    statement="A distribution can be read completely within the bounds of a check (memory, processor time, unpacked "
    "size, number of members), and a reStructuredText description can be rendered.",
    source="Bounds of this project",
    meaning="What the message names was not checked, the rest was; the index decides.",
    fix="Nothing needs to be done. A smaller distribution can be checked completely.",
    level=Level.NOTICE,
    severity=Severity.WARNING,
    doubtful=True,
)


def unchecked_finding(filename: str, message: str, hint: str | None = None, *, value: str = "") -> Finding:
    """The finding for what was not checked; ``value`` is what other files may share, by default nothing."""
    return NOT_FULLY_CHECKED.finding(filename, message, hint, value=value or filename)


NOT_CHECKED: Final = Rule(
    code="not-checked",
    statement="Name, digests and metadata of a file can be read within the bounds of a check: 1 GB of memory, 10 to 60 "
    "seconds of processor time for a file of up to 100 MB, more for a larger one, and nothing above 8 GiB.",
    source="Bounds of this project; an ordinary file needs less than a quarter of them",
    meaning="Nothing is known about the file, so it cannot be uploaded.",
    fix="Build the file again with a current backend. If a backend built it, please report the file to this project.",
)


def not_checked_finding(filename: str, why: str) -> Finding:
    """The finding for a file that could not be checked at all; ``why`` is a clause."""
    return NOT_CHECKED.finding(filename, f"Neither metadata nor digests could be read: {why}.")
