"""Members of a wheel that cannot be read: an error where the index reads them, a warning where only users do."""

from __future__ import annotations

from collections.abc import Iterator

from . import rules_wheel
from .content_scan import is_source
from .distribution import Finding
from .quoting import quoted, told
from .wheel_contents import WheelArchive
from .wheel_reading import ENTRY_POINTS, METADATA, RECORD, WHEEL
from .zip_members import ELSEWHERE, MemberDamaged, data_offset
from .zip_records import SeekableReader


def damage_findings(reader: SeekableReader, archive: WheelArchive, license_files: tuple[str, ...]) -> Iterator[Finding]:
    """At most one finding for the members that the index reads, and one for the others."""
    if archive.truncated:
        return
    own = {WHEEL, METADATA, RECORD, ENTRY_POINTS, *(f"licenses/{path}" for path in license_files)}
    needed = {f"{archive.dist_info}/{name}" for name in own}
    bad: dict[bool, list[str]] = {True: [], False: []}
    for name, phrase in _damages(reader, archive).items():
        needs = name in needed or (is_source(name) and not archive.names[name].is_folder)
        bad[needs].append(f"{quoted(name)} {phrase}")
    for needs, rule in ((True, rules_wheel.WHEEL_MEMBER_UNREADABLE), (False, rules_wheel.WHEEL_MEMBER_DAMAGED)):
        if bad[needs]:
            yield rule.finding(archive.filename, f"The member {told(bad[needs])}.")


def _damages(reader: SeekableReader, archive: WheelArchive) -> dict[str, str]:
    """Why each member that could not be read was not, as a phrase that follows its name."""
    reading = archive.reading
    if reading.skipped or reading.too_large:
        return reading.damaged
    lost = [name for name in archive.names if name not in reading.contents and name not in reading.damaged]
    return {**reading.damaged, **dict.fromkeys(lost, ELSEWHERE), **_overlapped(reader, archive, lost)}


def _overlapped(reader: SeekableReader, archive: WheelArchive, lost: list[str]) -> dict[str, str]:
    """Members that readers refuse because the directory says that a lost one begins within them.

    Of two that begin at one place, readers take the one that stands first in the directory.
    """
    overlapped: dict[str, str] = {}
    order = {name: number for number, name in enumerate(archive.names)} if lost else {}
    strays = [(archive.names[name].offset, order[name]) for name in lost]
    for name in archive.reading.contents if lost else ():
        entry = archive.names[name]
        try:
            end = data_offset(reader, entry) + entry.packed
        except MemberDamaged as damage:
            overlapped[name] = str(damage)
            continue
        first, within = (entry.offset, order[name]), range(entry.offset + 1, end)
        if any(stray[0] in within or (stray[0] == entry.offset and stray < first) for stray in strays):
            overlapped[name] = "is overlapped by another, by what the directory says"
    return overlapped
