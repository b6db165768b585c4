"""The structure of a wheel's zip archive: every reader must see the same members in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from ..readers.zip_records import InvalidZip, ZipDefect
from .model import OBSERVED, Finding, Rule

_APPNOTE: Final = "Zip file format specification (PKWARE APPNOTE.TXT 6.3)"
_READERS_DISAGREE: Final = (
    "The index refuses the file: tools that read the archive from the front and tools that read its directory would "
    "see different files."
)
_REBUILD: Final = (
    "Build the wheel again and upload it unchanged. If a tool changes it afterwards (signing, repairing, "
    "recompressing), let that tool write a plain archive, or use `wheel unpack` and `wheel pack`."
)

ZIP_UNREADABLE: Final = Rule(
    code="zip-unreadable",
    statement="A wheel is a complete zip archive with a readable directory.",
    source=f"{_APPNOTE}; {OBSERVED}",
    meaning="The index refuses the file. Most often it is empty, truncated, or not a zip archive at all.",
    fix="Build the wheel again, and check that it was stored and downloaded completely.",
)
ZIP_MULTI_DISK: Final = Rule(
    code="zip-multi-disk",
    statement="A wheel is one archive, not part of a set that spans several disks.",
    source=f"{_APPNOTE}, sections 4.3.15 and 4.3.16; {OBSERVED}",
    meaning="The index refuses the file.",
    fix="Build the wheel again with an ordinary backend, and do not split it.",
)
ZIP_UNKNOWN_RECORD: Final = Rule(
    code="zip-unknown-record",
    statement="A wheel consists of the records of a plain zip archive, in order, from the first byte on.",
    source=f"{_APPNOTE}, section 4.3.6; {OBSERVED}",
    meaning=_READERS_DISAGREE,
    fix=f"Remove what precedes or separates the members (a script, padding, an encryption header). {_REBUILD}",
)
ZIP_TRAILING_DATA: Final = Rule(
    code="zip-trailing-data",
    statement="A wheel ends with its end record and the comment that this record announces.",
    source=f"{_APPNOTE}, section 4.3.16; {OBSERVED}",
    meaning=_READERS_DISAGREE,
    fix=f"Remove what was appended (a signature, a second archive). {_REBUILD}",
)
ZIP_DATA_DESCRIPTOR: Final = Rule(
    code="zip-data-descriptor",
    statement="Sizes precede each member; they do not follow it in a data descriptor.",
    source=f"{_APPNOTE}, section 4.3.9; {OBSERVED}",
    meaning=_READERS_DISAGREE,
    fix="The archive was written as a stream. Write it to a seekable file: Python's `zipfile` then fills in the sizes.",
)
ZIP_MEMBER_NAME: Final = Rule(
    code="zip-member-name",
    statement="Names of members are UTF-8, flagged as UTF-8 unless they are ASCII, and have no control characters.",
    source=f"{_APPNOTE}, appendix D; {OBSERVED}",
    meaning="The index refuses the file.",
    fix="Rename the file in the project, or pack with a tool that writes UTF-8 names (Python's `zipfile` does).",
)
ZIP_DUPLICATE_NAME: Final = Rule(
    code="zip-duplicate-name",
    statement="Each name appears once in a wheel.",
    source=f"{_APPNOTE}; {OBSERVED}",
    meaning=_READERS_DISAGREE,
    fix="Find the two parts of the build that write the same file (hatchling: `force-include`; setuptools: data files "
    "that are also package data; maturin: `include`), and remove one of them.",
)
ZIP_DIRECTORY_MISMATCH: Final = Rule(
    code="zip-directory-mismatch",
    statement="The members and the central directory list the same files with the same sizes.",
    source=f"{_APPNOTE}, sections 4.3.7 and 4.3.12; {OBSERVED}",
    meaning=_READERS_DISAGREE,
    fix=_REBUILD,
)
ZIP_MEMBER_COMMENT: Final = Rule(
    code="zip-member-comment",
    statement="No member has a comment. (The archive may have one.)",
    source=OBSERVED,
    meaning="The index refuses the file.",
    fix=_REBUILD,
)
ZIP_EXTRA_FIELD: Final = Rule(
    code="zip-extra-field",
    statement="Extra fields are well formed, and a member has at most one for ZIP64 sizes and one for a Unicode path.",
    source=f"{_APPNOTE}, sections 4.5.3 and 4.6.9; {OBSERVED}",
    meaning=_READERS_DISAGREE,
    fix=_REBUILD,
)
ZIP_END_RECORD: Final = Rule(
    code="zip-end-record",
    statement="The end records state the true number of entries, and the true size and place of the directory.",
    source=f"{_APPNOTE}, sections 4.3.14 to 4.3.16; {OBSERVED}",
    meaning=_READERS_DISAGREE,
    fix=_REBUILD,
)
ZIP_VERSION_NEEDED: Final = Rule(
    code="zip-version-needed",
    statement="No member needs a reader of a zip version above 6.3.",
    source=f"{_APPNOTE}, section 4.4.3; {OBSERVED}",
    meaning="The index answers with a bare 500: its reader gives up.",
    fix=_REBUILD,
)

_BY_DEFECT: Final[Mapping[ZipDefect, Rule]] = MappingProxyType(
    {
        ZipDefect.UNREADABLE: ZIP_UNREADABLE,
        ZipDefect.MULTI_DISK: ZIP_MULTI_DISK,
        ZipDefect.UNKNOWN_RECORD: ZIP_UNKNOWN_RECORD,
        ZipDefect.TRAILING_DATA: ZIP_TRAILING_DATA,
        ZipDefect.DATA_DESCRIPTOR: ZIP_DATA_DESCRIPTOR,
        ZipDefect.MEMBER_NAME: ZIP_MEMBER_NAME,
        ZipDefect.DUPLICATE_NAME: ZIP_DUPLICATE_NAME,
        ZipDefect.DIRECTORY_MISMATCH: ZIP_DIRECTORY_MISMATCH,
        ZipDefect.MEMBER_COMMENT: ZIP_MEMBER_COMMENT,
        ZipDefect.EXTRA_FIELD: ZIP_EXTRA_FIELD,
        ZipDefect.END_RECORD: ZIP_END_RECORD,
        ZipDefect.VERSION_NEEDED: ZIP_VERSION_NEEDED,
    }
)

ZIP_ALSO_TAR: Final = Rule(
    code="zip-also-tar",
    statement="A wheel is a zip archive and not a tar archive at the same time.",
    source=OBSERVED,
    meaning="The index refuses the file: installers would not agree on its contents.",
    fix=_REBUILD,
)


def zip_findings(filename: str, *, invalid: InvalidZip | None, also_tar: bool) -> Iterator[Finding]:
    """What the index refuses in the archive's structure; readers stop at the first defect (``invalid``)."""
    if also_tar:
        yield ZIP_ALSO_TAR.finding(filename, "The file starts with the header of a tar archive.")
    if invalid is not None:
        yield _BY_DEFECT[invalid.defect].finding(filename, invalid.message)
