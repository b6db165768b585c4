"""Sdists: read once from front to back, and checked by the contents of the archive."""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from ..errors import Severity
from ..formatting import listed, quoted
from ..readers.hashing import HashingReader
from ..readers.tar import (
    BudgetSpent,
    CommonFolder,
    TarUnreadable,
    content,
    damage_after_end,
    holds_content,
    link_target,
    members,
    open_tar,
    unpacked,
)
from ..readers.zip_directory import is_zip
from .files import metadata_size_findings, unchecked_finding
from .member_contents import MarkedSources, SourceScan, contains_key, is_source, may_contain_key
from .member_names import MemberNames
from .metadata import MOST_FINDINGS
from .model import METADATA_LIMIT, OBSERVED, CheckOptions, Finding, Kind, Level, Rule, WhilePublishing

_SDIST_SPEC: Final = "Source distribution format (packaging.python.org, PEP 625)"
_BUILD: Final = "Build the sdist with `python -m build --sdist` instead of packing it by hand."

PKG_INFO: Final = "PKG-INFO"
_SPECIAL_MODES: Final = 0o6022
"""Setuid, setgid, writable by group or others."""
_CANDIDATES: Final = 8
_UNPACKED_FROM: Final = 512 * 1024 * 1024
_UNPACKED_RATIO: Final = 50
"""Unpacked bytes that are read of a file: a fixed number, and a multiple of its size."""
_MOST_CHARACTERS: Final = 64 * 1024 * 1024
"""Of all names together; half a million ordinary names have fewer."""
_HOPS: Final = 4
"""Links to links that are followed to find PKG-INFO."""


@dataclass(kw_only=True)
class SdistArchive:
    """What was read of an sdist."""

    filename: str
    options: CheckOptions
    budget: int
    """Unpacked bytes that one reading may pass over."""
    names: set[str] = field(default_factory=set)
    """Of all members, as they are spelled."""
    folder: CommonFolder = field(default_factory=CommonFolder)
    metadata: bytes | None = None
    problem: str | None = None
    """Why the archive could not be read to its end, as a sentence."""
    unfinished: str | None = None
    """What was skipped because of the budget, as a phrase."""
    damage: str = ""
    """What is wrong where the archive ends, as a sentence."""
    gzip_members: int = 1
    also_zip: bool = False
    sparse: list[str] = field(default_factory=list)
    member_names: MemberNames = field(default_factory=lambda: MemberNames(Kind.SDIST))
    sources: MarkedSources = field(default_factory=MarkedSources)
    candidates: dict[str, bytes | str] = field(default_factory=dict)
    """Possible PKG-INFO members: the content, or the target of a link."""
    depth: int | None = None
    """Of the candidates."""

    @property
    def target(self) -> str:
        """Where PKG-INFO has to be."""
        return posixpath.join(self.folder.path, PKG_INFO)


def read_sdist(reader: HashingReader, size: int, filename: str, options: CheckOptions) -> SdistArchive:
    """Read an sdist of ``size`` bytes: each byte once and in order, except where PKG-INFO is a link."""
    budget = min(options.unpacked_budget, _UNPACKED_FROM + _UNPACKED_RATIO * size)
    archive = SdistArchive(filename=filename, options=options, budget=budget)
    try:
        _read_members(reader, archive)
        _resolve_metadata(reader, archive)
    except TarUnreadable as error:
        archive.problem = str(error)
    except BudgetSpent as spent:
        archive.unfinished = str(spent)
        archive.metadata = _candidate(archive, archive.target)
    if archive.problem is None:
        archive.also_zip = is_zip(reader, size)
    return archive


SDIST_PERMISSIONS: Final = Rule(
    code="sdist-permissions",
    statement="Members are not writable by group or others, and not setuid or setgid.",
    source="The security considerations of the tar format; pip and Linux distributions reset such modes",
    meaning="The index accepts the file. Unpacked with these modes, other users of the machine can change the files.",
    fix="Set `umask 022` before the checkout and the build; flit and hatchling normalize the modes.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.COUNT,
)


def _read_members(reader: HashingReader, archive: SdistArchive) -> None:
    stream = unpacked(reader, archive.budget)
    tar = open_tar(stream)
    characters = 0
    for count, member in enumerate(members(tar, stream), start=1):
        characters += len(member.name)
        if count > archive.options.member_budget or characters > _MOST_CHARACTERS:
            raise BudgetSpent(f"what comes after {count - 1} members was not examined")
        archive.names.add(member.name)
        archive.folder.add(member.name)
        if archive.options.full:
            archive.member_names.add(member.name, is_folder=member.isdir())
            if member.mode & _SPECIAL_MODES and not member.issym():
                archive.member_names.count(SDIST_PERMISSIONS, f"{member.name} ({member.mode & 0o7777:o})")
        if member.issparse():
            archive.sparse.append(member.name)
        elif posixpath.basename(member.name) == PKG_INFO:
            _keep(archive, member, tar)
        elif archive.options.full and member.isfile():
            _scan(archive, member, tar)
    if archive.options.full:
        if any(stream.last):
            archive.damage = (
                f"Neither another member nor the end of the archive follows its {len(archive.names)} members."
            )
        else:
            archive.damage = damage_after_end(stream)
        archive.gzip_members = stream.gzip_members


def _keep(archive: SdistArchive, member: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
    """Keep possible PKG-INFO members: those at the top, because all members are next to or below the right one."""
    depth = len([part for part in member.name.split("/") if part not in ("", ".")])
    if archive.depth is None or depth < archive.depth:
        archive.candidates.clear()
        archive.depth = depth
    if depth > archive.depth or len(archive.candidates) >= _CANDIDATES:
        return
    if member.issym() or member.islnk():
        archive.candidates[member.name] = link_target(member)
    elif holds_content(member):
        archive.candidates[member.name] = _bounded(content(tar, member))
    else:
        archive.candidates.pop(member.name, None)


def _bounded(pieces: Iterator[bytes]) -> bytes:
    """The content, or its first bytes and one more than the limit, which shows that it is too large."""
    kept = bytearray()
    for piece in pieces:
        kept += piece
        if len(kept) > METADATA_LIMIT:
            break
    return bytes(kept[: METADATA_LIMIT + 1])


def _scan(archive: SdistArchive, member: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
    if is_source(member.name):
        scan = SourceScan()
        for piece in content(tar, member):
            scan.feed(piece)
        archive.sources.add(member.name, scan)
    elif may_contain_key(member.name) and any(contains_key(piece) for piece in content(tar, member)):
        archive.member_names.add_private_key(member.name)


def _candidate(archive: SdistArchive, name: str) -> bytes | None:
    found = archive.candidates.get(name)
    return found if isinstance(found, bytes) else None


def _resolve_metadata(reader: HashingReader, archive: SdistArchive) -> None:
    """Find the content of PKG-INFO; a link is followed by reading the archive again."""
    found = archive.candidates.get(archive.target)
    for _ in range(_HOPS):
        if not isinstance(found, str):
            break
        found = _read_again(reader, archive, found)
    archive.metadata = found if isinstance(found, bytes) else None


def _read_again(reader: HashingReader, archive: SdistArchive, name: str) -> bytes | str | None:
    """The last member of a name: its content, or where it points. All further readings share one budget."""
    reader.seek(0)
    found: bytes | str | None = None
    stream = unpacked(reader, archive.budget)
    tar = open_tar(stream)
    for member in members(tar, stream):
        if posixpath.normpath(member.name) == name:
            if member.issym() or member.islnk():
                found = link_target(member)
            elif holds_content(member) and not member.issparse():
                found = _bounded(content(tar, member))
    archive.budget -= stream.tell()
    return found


SDIST_UNREADABLE: Final = Rule(
    code="sdist-unreadable",
    statement="An sdist is a complete, gzip-compressed tar archive.",
    source=_SDIST_SPEC + "; " + OBSERVED,
    meaning="The index refuses the file and says only `Invalid distribution file. None`.",
    fix="Most often the file is empty, truncated, or compressed in another way. " + _BUILD,
)


SDIST_LICENSE_FILE_MISSING: Final = Rule(
    code="sdist-license-file-missing",
    statement="Each License-File of the metadata is in the sdist, at its path in the top folder.",
    source="PEP 639, add License-File field; " + OBSERVED,
    meaning="The index refuses the file.",
    fix="Do not exclude the license from the sdist (setuptools: `MANIFEST.in`; hatchling: `tool.hatch.build`; flit: "
    "`tool.flit.sdist`; poetry-core: `exclude`), and list in `license-files` only files that are there.",
)


SDIST_SPARSE_MEMBER: Final = Rule(
    code="sdist-sparse-member",
    statement="No member is stored as a sparse file.",
    source=OBSERVED,
    meaning="The index refuses the file.",
    fix="Do not pack with `tar --sparse`. " + _BUILD,
)


SDIST_DAMAGED: Final = Rule(
    code="sdist-damaged",
    statement="After its last member the archive ends with blocks of zeros, and the gzip stream with a correct "
    "checksum. Nothing but zeros follows.",
    source="POSIX.1-2017, pax, ustar interchange format; RFC 1952, section 2.3.1",
    meaning="The index accepts what precedes the damage, and pip installs some of these files. GNU tar, gzip and "
    "distributions reject them, and files may be missing or changed. The name of the file is used up.",
    fix="Build the sdist again, and check that it was stored and downloaded completely: this action does not "
    "publish it.",
    level=Level.DAMAGED,
    severity=Severity.WARNING,
)


SDIST_GZIP_MEMBERS: Final = Rule(
    code="sdist-several-gzip-members",
    statement="An sdist is one gzip member.",
    source="RFC 1952, section 2.2 allows several; some readers stop after the first",
    meaning="The index accepts the file. Tools that read only the first gzip member see an archive that is cut off.",
    fix="Do not pack with a parallel compressor that writes blocks (bgzip), and do not join archives. Build the sdist "
    "with `python -m build --sdist`.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)


SDIST_ALSO_ZIP: Final = Rule(
    code="sdist-also-zip",
    statement="An sdist is a tar archive and not a zip archive at the same time.",
    source=OBSERVED,
    meaning="The index refuses the file: `File is both a zip and a tar file`.",
    fix="Remove what was appended. Build the sdist with `python -m build --sdist`.",
)


def sdist_findings(archive: SdistArchive, license_files: tuple[str, ...]) -> Iterator[Finding]:
    """What is wrong with the archive; ``license_files`` are from its metadata."""
    filename = archive.filename
    if archive.problem is not None:
        yield SDIST_UNREADABLE.finding(filename, archive.problem)
        return
    if archive.unfinished is not None:
        yield unchecked_finding(filename, f"{archive.unfinished}.".capitalize())
    if archive.sparse:
        shown = listed(tuple(quoted(name) for name in archive.sparse[:3]), total=len(archive.sparse))
        yield SDIST_SPARSE_MEMBER.finding(filename, f"Stored as sparse files: {shown}.")
    if archive.also_zip:
        yield SDIST_ALSO_ZIP.finding(filename, "The end of the file is that of a zip archive.")
    if archive.damage:
        yield SDIST_DAMAGED.finding(filename, archive.damage)
    elif archive.gzip_members > 1:
        yield SDIST_GZIP_MEMBERS.finding(filename, f"The file consists of {archive.gzip_members} gzip members.")
    yield from _layout_findings(archive)
    if archive.metadata is not None and archive.unfinished is None:
        wanted = (posixpath.join(archive.folder.path, path) for path in license_files)
        for path in islice((path for path in wanted if path not in archive.names), MOST_FINDINGS):
            yield SDIST_LICENSE_FILE_MISSING.finding(filename, f"There is no {quoted(path)}.")
    yield from archive.sources.findings(filename)
    yield from archive.member_names.findings(filename)


SDIST_TOP_LEVEL: Final = Rule(
    code="sdist-top-level",
    statement="All members of an sdist are in one folder, spelled the same way in all of them: no leading `./`, no "
    "absolute paths.",
    source=_SDIST_SPEC + ", source distribution file format; " + OBSERVED,
    meaning="The index refuses the file.",
    fix=_BUILD + " (The `tar` of macOS also packs a `._` file for each file, unless `COPYFILE_DISABLE=1` is set.)",
)


SDIST_PKG_INFO_MISSING: Final = Rule(
    code="sdist-pkg-info-missing",
    statement="`PKG-INFO` is in the top folder of an sdist.",
    source=_SDIST_SPEC + "; " + OBSERVED,
    meaning="The index refuses the file.",
    fix="An archive of the repository (`git archive`, a GitHub release's source archive) is not an sdist. " + _BUILD,
)


SDIST_PKG_INFO_UNREADABLE: Final = Rule(
    code="sdist-pkg-info-unreadable",
    statement="`PKG-INFO` is a file, or a link to one in the archive.",
    source=_SDIST_SPEC,
    meaning="No client can fill in the upload form, which repeats the metadata.",
    fix=_BUILD,
)


def _layout_findings(archive: SdistArchive) -> Iterator[Finding]:
    """Top folder and PKG-INFO."""
    filename, top = archive.filename, archive.folder.path
    if archive.unfinished is not None and archive.target not in archive.names:
        yield SDIST_PKG_INFO_UNREADABLE.finding(filename, "PKG-INFO was not found in what was read of the archive.")
    elif not archive.names:
        yield SDIST_TOP_LEVEL.finding(filename, "The archive is empty.")
    elif archive.folder.problem is not None:
        yield SDIST_TOP_LEVEL.finding(filename, archive.folder.problem)
    elif top in ("", "/"):
        yield SDIST_TOP_LEVEL.finding(filename, "The members are not in a folder.")
    elif archive.target in archive.names:
        yield from _metadata_findings(archive)
    elif any(posixpath.normpath(name) == archive.target for name in archive.candidates):
        odd = next(name for name in archive.candidates if posixpath.normpath(name) == archive.target)
        yield SDIST_TOP_LEVEL.finding(
            filename, f"PKG-INFO is spelled {quoted(odd)} instead of {quoted(archive.target)}."
        )
    else:
        yield SDIST_PKG_INFO_MISSING.finding(filename, f"There is no {quoted(archive.target)}.")


def _metadata_findings(archive: SdistArchive) -> Iterator[Finding]:
    if archive.metadata is None:
        yield SDIST_PKG_INFO_UNREADABLE.finding(
            archive.filename, f"{quoted(archive.target)} is a folder, or a link to nothing in the archive."
        )
    else:
        yield from metadata_size_findings(archive.filename, PKG_INFO, len(archive.metadata))
