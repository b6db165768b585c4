"""A wheel read once from front to back, and everything that its archive is refused for."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import Final

from . import rules_content, rules_wheel, rules_zip
from .distribution import Finding
from .entry_points import entry_point_findings
from .filenames import WheelName
from .options import CheckOptions
from .quoting import quoted
from .record import RecordMalformed, digest_of, read_record, record_findings
from .rule import Rule
from .wheel_contents import WheelArchive
from .wheel_damage import damage_findings
from .wheel_reading import ENTRY_POINTS, METADATA, RECORD, WHEEL, WheelReading
from .zip_directory import EndRecord, find_end, read_entries
from .zip_framing import walk
from .zip_members import MemberDamaged, packed, unpack
from .zip_records import DEFLATED, STORED, FramingFault, SeekableReader

_RATIO: Final = 50
_RATIO_FROM: Final = 64 * 1024 * 1024
"""Bytes unpacked."""


def read_wheel(
    reader: SeekableReader, size: int, filename: str, name: WheelName, options: CheckOptions
) -> WheelArchive:
    """Read a wheel of ``size`` bytes: each byte once and in order, but for the directory, which is read before."""
    archive = WheelArchive(
        filename=filename,
        dist_info=name.dist_info,
        size=size,
        options=options,
        reading=WheelReading(filename, name.dist_info, options),
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
        if not archive.truncated:
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
    if entry is not None and untouched and (archive.faults or archive.truncated):
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
    if unpacked > _RATIO_FROM and unpacked > _RATIO * archive.size:
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
            return digest_of(unpack(entry, packed(reader, entry)), algorithm)
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
