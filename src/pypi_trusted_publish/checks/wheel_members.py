"""What one walk over a wheel collects about its members: digests, a few contents, marks in sources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from ..formatting import count_text
from ..readers.zip_members import MemberDamaged, unpack
from ..readers.zip_records import Entry
from .files import unchecked_finding
from .member_contents import MarkedSources, SourceScan, contains_key, is_source, may_contain_key
from .member_names import MemberNames
from .model import ENTRY_POINTS_LIMIT, METADATA_LIMIT, RECORD_LIMIT, CheckOptions, Finding, Kind
from .wheel_record import MemberDigest

WHEEL: Final = "WHEEL"
METADATA: Final = "METADATA"
RECORD: Final = "RECORD"
ENTRY_POINTS: Final = "entry_points.txt"
RATIO: Final = 50
RATIO_FROM: Final = 64 * 1024 * 1024
"""Above this many unpacked bytes, the index refuses a wheel that unpacks to more than this many times its size."""
_KEPT: Final = {METADATA: METADATA_LIMIT, RECORD: RECORD_LIMIT, ENTRY_POINTS: ENTRY_POINTS_LIMIT}
"""Members of the .dist-info folder whose content is needed, and how many bytes of them are kept at most."""


class WheelMembers:
    """Receives the members of a wheel in the order of the file; memory grows with their number, not their size."""

    def __init__(self, dist_info: str, size: int, options: CheckOptions) -> None:
        """``size``: bytes of the file. A wheel that unpacks to more than the index allows is not read to its end."""
        self._dist_info = dist_info
        self._options = options
        self._left = min(options.unpacked_budget, max(RATIO_FROM, RATIO * size))
        self._names = MemberNames(Kind.WHEEL)
        self._sources = MarkedSources()
        self.digests: dict[str, MemberDigest] = {}
        """Of each member that could be read."""
        self.damaged: dict[str, str] = {}
        """Why a member could not be read, as a clause that follows its name."""
        self.kept: dict[str, bytes] = {}
        """Content by the name within the .dist-info folder."""
        self.too_large: set[str] = set()
        """Names within the .dist-info folder of members that exceed their limit."""
        self.skipped = 0
        """Members beyond the budget."""
        self._not_rehashed = False

    def add(self, entry: Entry, pieces: Iterator[bytes]) -> None:
        """Read one member; ``pieces`` are its packed bytes."""
        if self._options.full:
            self._names.add(entry.name, is_folder=entry.is_folder)
        own = self._own_name(entry.name)
        if not self._options.full and own != METADATA:
            return
        if entry.size > self._left and own is None:
            self.skipped += 1
            return
        try:
            self._read(entry, pieces, own)
        except MemberDamaged as damage:
            self.damaged[entry.name] = str(damage)

    def _own_name(self, name: str) -> str | None:
        """The name within the .dist-info folder, when the content is to be kept."""
        folder, _, own = name.partition("/")
        return own if folder == self._dist_info and own in _KEPT else None

    def _read(self, entry: Entry, pieces: Iterator[bytes], own: str | None) -> None:
        sha256, size = hashlib.sha256(), 0
        scan = SourceScan() if is_source(entry.name) else None
        key_file = may_contain_key(entry.name)
        kept = bytearray()
        for piece in unpack(entry, pieces):
            sha256.update(piece)
            size += len(piece)
            if scan is not None:
                scan.feed(piece)
            if key_file and contains_key(piece):
                self._names.add_private_key(entry.name)
                key_file = False
            if own:
                kept += piece
                if size > _KEPT[own]:
                    self.too_large.add(own)
                    self._left -= size
                    return
        self._left -= size
        self.digests[entry.name] = MemberDigest(sha256.digest(), size)
        if own:
            self.kept[own] = bytes(kept)
        if scan is not None:
            self._sources.add(entry.name, scan)

    def rehash(self, pieces: Iterator[bytes], algorithm: str) -> bytes | None:
        """The digest of a member that is read once more; None beyond the budget, and where FIPS mode forbids it."""
        try:
            hasher = hashlib.new(algorithm)
        except ValueError:
            return None
        for piece in pieces:
            self._left -= len(piece)
            if self._left < 0:
                self._not_rehashed = True
                return None
            hasher.update(piece)
        return hasher.digest()

    def findings(self, filename: str) -> Iterator[Finding]:
        """What names and sources show."""
        yield from self._sources.findings(filename)
        yield from self._names.findings(filename)
        if self.skipped:
            skipped = count_text(self.skipped, "member")
            yield unchecked_finding(filename, f"{skipped} could not be read: the wheel is too large unpacked.")
        if self._not_rehashed:
            yield unchecked_finding(
                filename, "Not every hash of RECORD was compared: the wheel is too large to be read that often."
            )
