"""A project's page in the JSON simple index."""

from __future__ import annotations

import datetime as dt
import enum
import json
import re
import sys
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from ..values import dataclass
from .json_stream import LARGEST_VALUE, JsonObject, NotJson

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from packaging.utils import NormalizedName

MOST_FILES: Final = 250_000
"""The most files of one project that are read."""
_KEPT: Final = frozenset({"meta", "project-status"})
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


class PageState(str, enum.Enum):
    """Whether the page could be read."""

    KNOWN = "known"
    """The index has a page for the project; it may list no file."""
    NO_PROJECT = "no project"
    """404: the project is not on the index."""
    UNREADABLE = "unreadable"
    """Any other answer; nothing is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFile:
    """One file that the index lists."""

    filename: str
    sha256: str | None
    """Hexadecimal, lower case; None when the index gives no SHA-256."""
    size: int | None
    """Bytes."""
    upload_time: float | None
    """Seconds since the epoch."""
    provenance: str | None
    """URL of the file's provenance, if it has any."""
    url: str = ""
    """Where the file is downloaded; may be relative to the page."""
    yanked: bool = False
    metadata_sha256: str | None = None
    """Digest of the core metadata that the index serves separately (PEP 658), hexadecimal, lower case."""
    requires_python: str | None = None
    """The field ``Requires-Python``; empty: the file states none; None: the index does not say."""


@dataclass(frozen=True, kw_only=True)
class ProjectPage:
    """A project's page, read once."""

    project: NormalizedName
    state: PageState
    files: tuple[PublishedFile, ...] = ()
    status: str = "active"
    """``active``, ``archived``, ``quarantined`` or ``deprecated`` (PEP 792)."""
    status_reason: str = ""
    why_unreadable: str = ""
    """A phrase for messages when ``state`` is UNREADABLE, such as ``403 Forbidden``."""

    def file(self, filename: str) -> PublishedFile | None:
        """The entry of that name, or None."""
        return self._by_filename.get(filename)

    def file_of(self, sha256: str) -> PublishedFile | None:
        """The first entry with these bytes, or None."""
        return self._by_sha256.get(sha256)

    @cached_property
    def _by_filename(self) -> dict[str, PublishedFile]:
        return {entry.filename: entry for entry in reversed(self.files)}

    @cached_property
    def _by_sha256(self) -> dict[str | None, PublishedFile]:
        return {entry.sha256: entry for entry in reversed(self.files)}


class UnreadablePage(ValueError):
    """The answer is not a page of the JSON simple index. The text says why, in our words."""


def page_document(body: bytes) -> object:
    """The JSON document of a page, with each file as a :class:`PublishedFile` and without unused parts.

    Memory grows with what is kept, about a third of the body. None if it is not JSON. If a file cannot be read, it is
    the last entry, unchanged.
    """
    page: dict[str, object] = {}
    try:
        for name, value in JsonObject(body).members():
            if name == "files":
                page[name] = list(_files(value)) if isinstance(value, Iterator) else None
            elif name in _KEPT:
                page[name] = value
    except NotJson:
        return _small_document(body)
    return page


def _small_document(body: bytes) -> object:
    """A JSON value that is not an object; None for other text, and for an object with a value that is too large."""
    if len(body) > LARGEST_VALUE:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _files(entries: Iterator[object]) -> Iterator[object]:
    for entry in islice(entries, MOST_FILES + 1):
        try:
            yield _file(entry)
        except UnreadablePage:  # noqa: PERF203
            yield entry
            return


def read_project_page(project: NormalizedName, page: object) -> ProjectPage:
    """Read a document of the JSON simple index (PEP 691, with PEP 700 and PEP 792). Raises UnreadablePage.

    A file without a name or with malformed digests makes the page unreadable, so that no conflict is overlooked.
    Malformed values that are only shown or used for predictions (size, time, provenance, status) are left out.
    """
    if page is None:
        raise UnreadablePage("it is not JSON")
    if not isinstance(page, dict) or not isinstance(page.get("files"), list):
        raise UnreadablePage("it is JSON, but not a page of a simple index")
    if len(page["files"]) > MOST_FILES:
        raise UnreadablePage(f"it lists more than {MOST_FILES} files")
    meta = page.get("meta")
    version = meta.get("api-version") if isinstance(meta, dict) else None
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        raise UnreadablePage(f"its version of the simple index is not 1.x but {version!r:.40}")
    given = page.get("project-status")
    status = given if isinstance(given, dict) else {}
    return ProjectPage(
        project=project,
        state=PageState.KNOWN,
        files=tuple(entry if isinstance(entry, PublishedFile) else _file(entry) for entry in page["files"]),
        status=_text(status.get("status")) or "active",
        status_reason=_text(status.get("reason")),
    )


def _file(entry: object) -> PublishedFile:
    if not isinstance(entry, dict) or not isinstance(entry.get("filename"), str):
        raise UnreadablePage("it lists a file without a name")
    hashes = entry.get("hashes", {})
    sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    if sha256 is not None and not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        raise UnreadablePage("it lists a SHA-256 of another form")
    size = entry.get("size")
    return PublishedFile(
        filename=entry["filename"],
        sha256=None if sha256 is None else sha256.lower(),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        upload_time=_seconds(entry.get("upload-time")),
        provenance=_text(entry.get("provenance")) or None,
        url=_text(entry.get("url")),
        yanked=bool(entry.get("yanked")),
        metadata_sha256=_metadata_digest(entry),
        requires_python=sys.intern(_text(entry["requires-python"])) if "requires-python" in entry else None,
    )


def _metadata_digest(entry: Mapping[str, object]) -> str | None:
    """``core-metadata`` (PEP 714); the older key ``dist-info-metadata`` where only that is there."""
    served = entry.get("core-metadata", entry.get("dist-info-metadata"))
    digest = served.get("sha256") if isinstance(served, dict) else None
    return digest.lower() if isinstance(digest, str) and _SHA256.fullmatch(digest) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: object) -> float | None:
    """Seconds since the epoch of a time such as ``2026-08-01T10:00:00.123456Z``."""
    found = _TIME.fullmatch(_text(value))
    if found is None:
        return None
    seconds, fraction, offset = found.groups()
    try:
        time = dt.datetime.fromisoformat(seconds + (offset or "+00:00"))
        return time.timestamp() + float(f"0.{fraction or 0}")
    except (ValueError, OverflowError):
        return None


_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-]\d\d:\d\d))?", re.ASCII)
"""The times of RFC 3339, and without an offset; Python 3.10 reads fewer, and newer ones more."""
