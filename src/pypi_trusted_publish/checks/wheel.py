"""A wheel read once from front to back, and everything that its archive is refused for."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

from ..formatting import quoted, told
from . import content as rules_content
from . import wheel_files as rules_wheel
from . import zip_records as rules_zip
from .content import is_source
from .filename import WheelName
from .model import CheckOptions, Finding, Rule
from .wheel_files import RecordMalformed, entry_point_findings, read_record, record_findings
from .wheel_reading import ENTRY_POINTS, METADATA, RATIO, RATIO_FROM, RECORD, WHEEL, WheelReading
from .zip_directory import EndRecord, find_end, read_entries
from .zip_framing import walk
from .zip_members import ELSEWHERE, MemberDamaged, data_offset, packed, unpack
from .zip_records import DEFLATED, STORED, Entry, FramingFault, SeekableReader


@dataclass(kw_only=True)
class WheelArchive:
    """What was read of a wheel."""

    filename: str
    dist_info: str
    size: int
    """Bytes of the file."""
    options: CheckOptions
    reading: WheelReading
    entries: dict[str, Entry]
    """By the name that the headers spell."""
    names: dict[str, Entry]
    """By the name that installers see."""
    faults: list[FramingFault]
    """At most one for the directory or the walk."""
    also_tar: bool = False
    disk: int = 0
    truncated: bool = False
    """Whether the directory has more entries than the budget allows."""
    whole_directory: bool = False
    """Whether all of its entries could be read."""

    @property
    def metadata(self) -> bytes | None:
        """The bytes of METADATA."""
        return self.reading.kept.get(METADATA)


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


def read_wheel(
    reader: SeekableReader, size: int, filename: str, name: WheelName, options: CheckOptions
) -> WheelArchive:
    """Read a wheel of ``size`` bytes: each byte once and in order, but for the directory, which is read before."""
    archive = WheelArchive(
        filename=filename,
        dist_info=name.dist_info,
        size=size,
        options=options,
        reading=WheelReading(filename, name.dist_info, size, options),
        entries={},
        names={},
        faults=[],
    )
    reader.seek(0)
    archive.also_tar = _is_tar(reader.read(tarfile.BLOCKSIZE))
    try:
        end = find_end(reader, size)
        archive.disk = end.disk
        _read_directory(reader, end, archive)
        if options.content and not archive.truncated:
            walk(reader, size, archive.entries, archive.reading.read)
    except FramingFault as fault:
        archive.faults.append(fault)
    _salvage_metadata(reader, archive)
    return archive


def _is_tar(block: bytes) -> bool:
    """Whether the file starts as a tar archive does: with a header whose checksum is true."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _read_directory(reader: SeekableReader, end: EndRecord, archive: WheelArchive) -> None:
    """Read the whole directory before a name that stands in it twice is told."""
    twice: str | None = None
    for count, entry in enumerate(read_entries(reader, end), start=1):
        if count > archive.options.member_budget:
            archive.truncated = True
            return
        if entry.header_name in archive.entries and twice is None:
            twice = entry.header_name
        archive.entries[entry.header_name] = entry
        archive.names[entry.name] = entry
    archive.whole_directory = True
    if twice is not None:
        raise FramingFault(rules_zip.ZIP_DUPLICATE_NAME, f"The member {quoted(twice)} is there twice.")


def _salvage_metadata(reader: SeekableReader, archive: WheelArchive) -> None:
    """Read METADATA by itself when the walk did not get there: the rules of the metadata can then be told too."""
    entry = archive.names.get(f"{archive.dist_info}/{METADATA}")
    untouched = METADATA not in archive.reading.kept and METADATA not in archive.reading.too_large
    walked = archive.options.content and not archive.faults and not archive.truncated
    if entry is not None and untouched and not walked:
        archive.reading.read(entry, packed(reader, entry))


def wheel_findings(reader: SeekableReader, archive: WheelArchive, license_files: tuple[str, ...]) -> Iterator[Finding]:
    """What the archive is refused for, and what its users would regret."""
    filename = archive.filename
    if archive.also_tar:
        yield rules_zip.ZIP_ALSO_TAR.finding(filename, "The file starts with the header of a tar archive.")
    for fault in archive.faults:
        yield fault.rule.finding(filename, fault.message)
    yield from _too_large(archive)
    if archive.faults and not archive.whole_directory:
        return
    yield from _directory_findings(archive)
    yield from _missing_members(archive, license_files)
    if not archive.options.full:
        return
    if archive.disk:
        yield rules_wheel.WHEEL_DISK_NUMBERS.finding(filename, f"The archive says that it is disk {archive.disk}.")
    if not archive.faults:
        yield from damage_findings(reader, archive, license_files)
        yield from _record_findings(reader, archive)
    if ENTRY_POINTS in archive.reading.kept:
        yield from entry_point_findings(filename, archive.reading.kept[ENTRY_POINTS])
    yield from archive.reading.findings()


def _too_large(archive: WheelArchive) -> Iterator[Finding]:
    if METADATA in archive.reading.too_large:
        yield rules_content.METADATA_TOO_LARGE.finding(archive.filename, "METADATA has more than 8 MiB.")
    for name in (RECORD, ENTRY_POINTS):
        if name in archive.reading.too_large:
            yield rules_content.NOT_FULLY_CHECKED.finding(archive.filename, f"{name} is too large to be read.")
    if archive.truncated:
        yield rules_content.NOT_FULLY_CHECKED.finding(
            archive.filename, f"The wheel has more than {archive.options.member_budget} members."
        )


def _directory_findings(archive: WheelArchive) -> Iterator[Finding]:
    """What the directory alone tells: methods and the ratio of compression."""
    unpacked = sum(entry.size for entry in archive.entries.values())
    if unpacked > RATIO_FROM and unpacked > RATIO * archive.size:
        yield rules_wheel.WHEEL_COMPRESSION_RATIO.finding(
            archive.filename,
            f"The wheel has {unpacked} bytes unpacked, {unpacked / archive.size:.1f} times its {archive.size} bytes.",
        )
    odd = next((entry for entry in archive.entries.values() if entry.method not in (STORED, DEFLATED)), None)
    if odd is not None:
        yield rules_wheel.WHEEL_COMPRESSION_METHOD.finding(
            archive.filename, f"The member {quoted(odd.name)} is packed by method {odd.method}."
        )


def _missing_members(archive: WheelArchive, license_files: tuple[str, ...]) -> Iterator[Finding]:
    if archive.truncated:
        return
    wanted: list[tuple[Rule, str]] = [
        (rules_wheel.WHEEL_FILE_MISSING, WHEEL),
        (rules_wheel.WHEEL_METADATA_MISSING, METADATA),
        (rules_wheel.WHEEL_RECORD_MISSING, RECORD),
        *((rules_wheel.WHEEL_LICENSE_FILE_MISSING, f"licenses/{path}") for path in license_files),
    ]
    for rule, own in wanted:
        path = f"{archive.dist_info}/{own}"
        if path not in archive.names:
            yield rule.finding(archive.filename, f"There is no {quoted(path)}{_instead(archive, own)}.")


def _instead(archive: WheelArchive, own: str) -> str:
    """Where the file is instead: most often in a folder that spells name or version differently."""
    other = next((name for name in archive.names if name.endswith(f".dist-info/{own}")), None)
    return f", only {quoted(other)}" if other is not None else ""


def _record_findings(reader: SeekableReader, archive: WheelArchive) -> Iterator[Finding]:
    data = archive.reading.kept.get(RECORD)
    if data is None or archive.truncated:
        return

    def rehash(name: str, algorithm: str) -> bytes | None:
        entry = archive.names[name]
        try:
            return archive.reading.hashed_again(unpack(entry, packed(reader, entry)), algorithm)
        except MemberDamaged:
            return None

    try:
        yield from record_findings(
            archive.filename,
            read_record(data),
            dist_info=archive.dist_info,
            names={entry.name for entry in archive.names.values() if not entry.is_folder},
            contents=archive.reading.contents,
            rehash=rehash,
        )
    except RecordMalformed as malformed:
        yield rules_wheel.WHEEL_RECORD_MALFORMED.finding(archive.filename, f"RECORD {malformed}.")
