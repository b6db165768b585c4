"""What one walk over a wheel collects of its members: digests, the few that are kept, the marks in sources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from . import content as rules_content
from .content import MarkedFiles, NameReview, SourceScan, holds_key, is_source, may_hold_key
from .model import KEPT_LIMIT, METADATA_LIMIT, SMALL_LIMIT, CheckOptions, Finding, Kind
from .wheel_files import Content
from .zip_members import MemberDamaged, unpack
from .zip_records import Entry

WHEEL: Final = "WHEEL"
METADATA: Final = "METADATA"
RECORD: Final = "RECORD"
ENTRY_POINTS: Final = "entry_points.txt"
RATIO: Final = 50
RATIO_FROM: Final = 64 * 1024 * 1024
"""Above so many unpacked bytes the index refuses a wheel that is more than so many times as large unpacked."""
_KEPT: Final = {METADATA: METADATA_LIMIT, RECORD: KEPT_LIMIT, ENTRY_POINTS: SMALL_LIMIT}
"""Members of the .dist-info folder whose content is needed, and how many bytes of them are held at most."""


class WheelReading:
    """Is handed the members of a wheel in the order of the file; memory grows with their number, not their size."""

    def __init__(self, filename: str, dist_info: str, size: int, options: CheckOptions) -> None:
        """``size``: bytes of the file. What is larger unpacked than the index allows is not read to its end."""
        self._filename = filename
        self._dist_info = dist_info
        self._options = options
        self._left = min(options.unpacked_budget, max(RATIO_FROM, RATIO * size))
        self.hashed_less = False
        """Whether a digest of RECORD was not compared, because reading a member again would have taken too much."""
        self.names = NameReview(filename, Kind.WHEEL)
        self.contents: dict[str, Content] = {}
        """Of each member that could be read."""
        self.damaged: dict[str, str] = {}
        """Why a member could not be read, as a phrase that follows its name."""
        self.kept: dict[str, bytes] = {}
        """Content by the name within the .dist-info folder."""
        self.too_large: set[str] = set()
        """Names within the .dist-info folder of what should have been kept."""
        self.skipped = 0
        """Members that lie beyond the budget."""
        self._marked = MarkedFiles()

    def read(self, entry: Entry, pieces: Iterator[bytes]) -> None:
        """Look at one member."""
        if self._options.full:
            self.names.add(entry.name, is_folder=entry.is_folder)
        own = self._own_name(entry.name)
        if not self._options.full and own != METADATA:
            return
        if self._left <= 0 and own is None:
            self.skipped += 1
            return
        try:
            self._consume(entry, pieces, own)
        except MemberDamaged as damage:
            self.damaged[entry.name] = str(damage)

    def _own_name(self, name: str) -> str | None:
        """The name within the .dist-info folder, when the content is to be kept."""
        folder, _, own = name.partition("/")
        return own if folder == self._dist_info and own in _KEPT else None

    def _consume(self, entry: Entry, pieces: Iterator[bytes], own: str | None) -> None:
        sha256, size = hashlib.sha256(), 0
        scan = SourceScan() if is_source(entry.name) else None
        key_file = may_hold_key(entry.name)
        kept: list[bytes] | None = [] if own else None
        for piece in unpack(entry, pieces):
            if own is None and size + len(piece) > self._left:
                self.skipped += 1
                self._left = 0
                return
            sha256.update(piece)
            size += len(piece)
            if scan is not None:
                scan.feed(piece)
            if key_file and holds_key(piece):
                self.names.note(rules_content.SECRET_FILE, entry.name)
                key_file = False
            if own and kept is not None:
                kept.append(piece)
                if size > _KEPT[own]:
                    kept = None
                    self.too_large.add(own)
                    break
        self._left -= size
        if own in self.too_large:
            return
        self.contents[entry.name] = Content(sha256.digest(), size)
        if own and kept is not None:
            self.kept[own] = b"".join(kept)
        if scan is not None:
            self._marked.note(entry.name, scan)

    def hashed_again(self, pieces: Iterator[bytes], algorithm: str) -> bytes | None:
        """The digest of a member that is read once more; None when that would take more than what is left."""
        hasher = hashlib.new(algorithm)
        for piece in pieces:
            self._left -= len(piece)
            if self._left < 0:
                self.hashed_less = True
                return None
            hasher.update(piece)
        return hasher.digest()

    def findings(self) -> Iterator[Finding]:
        """What the members' names and sources tell."""
        yield from self._marked.findings(self._filename)
        yield from self.names.findings()
        if self.skipped:
            yield rules_content.NOT_FULLY_CHECKED.finding(
                self._filename, f"{self.skipped} members were not read: the wheel is too large unpacked."
            )
        if self.hashed_less:
            yield rules_content.NOT_FULLY_CHECKED.finding(
                self._filename, "Not every hash of RECORD was compared: the wheel is too large to be read so often."
            )
