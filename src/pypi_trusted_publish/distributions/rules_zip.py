"""Rules about the framing of a wheel's zip archive. The checks are in ``zip_*.py`` and ``wheel_archive.py``."""

from __future__ import annotations

from typing import Final

from .rule import SEEN, Rule

_APPNOTE: Final = "Zip file format specification (PKWARE APPNOTE.TXT 6.3)"
_REFUSED: Final = (
    "The index refuses the file: tools that read the archive from the front and tools that read its directory would "
    "see "
    "different files."
)
_REBUILD: Final = (
    "Build the wheel again and upload it as it was built; if a tool changes it afterwards (signing, repairing, "
    "recompressing), "
    "let that tool write a plain archive, or unpack and pack it with `wheel unpack` and `wheel pack`."
)

ZIP_UNREADABLE: Final = Rule(
    code="zip-unreadable",
    statement="A wheel is a whole zip archive whose directory can be read.",
    source=_APPNOTE + "; " + SEEN,
    meaning="The index refuses the file. Most often it is empty, truncated, or no zip archive at all.",
    fix="Build the wheel again, and check that it was uploaded to and downloaded from the artifact store as a whole.",
)

ZIP_MULTI_DISK: Final = Rule(
    code="zip-multi-disk",
    statement="A wheel is one archive, not part of a set that spans several disks.",
    source=_APPNOTE + ", sections 4.3.16 and 4.3.15; " + SEEN,
    meaning="The index refuses the file.",
    fix="Build the wheel again with an ordinary backend; do not split it.",
)

ZIP_UNKNOWN_RECORD: Final = Rule(
    code="zip-unknown-record",
    statement="From its first byte on a wheel holds nothing but the records of a plain zip archive, in their order.",
    source=_APPNOTE + ", section 4.3.6; " + SEEN,
    meaning=_REFUSED,
    fix="Remove what stands before or between the members (a prepended script, padding, an encryption header): "
    + _REBUILD[0].lower()
    + _REBUILD[1:],
)

ZIP_TRAILING_DATA: Final = Rule(
    code="zip-trailing-data",
    statement="A wheel ends with its end record and the comment that this record announces.",
    source=_APPNOTE + ", section 4.3.16; " + SEEN,
    meaning=_REFUSED,
    fix="Remove what was appended (a signature, a second archive): " + _REBUILD[0].lower() + _REBUILD[1:],
)

ZIP_DATA_DESCRIPTOR: Final = Rule(
    code="zip-data-descriptor",
    statement="Sizes stand before each member, not in a data descriptor behind it.",
    source=_APPNOTE + ", section 4.3.9; " + SEEN,
    meaning=_REFUSED,
    fix="The archive was written as a stream. Write it to a seekable file: Python's `zipfile` then fills in the sizes.",
)

ZIP_MEMBER_NAME: Final = Rule(
    code="zip-member-name",
    statement="Names of members are UTF-8, flagged as such where they are not ASCII, and hold no control character.",
    source=_APPNOTE + ", appendix D; " + SEEN,
    meaning="The index refuses the file.",
    fix="Rename the file in the project, or pack with a tool that writes UTF-8 names (Python's `zipfile` does).",
)

ZIP_DUPLICATE_NAME: Final = Rule(
    code="zip-duplicate-name",
    statement="Each name stands once in a wheel.",
    source=_APPNOTE + "; " + SEEN,
    meaning=_REFUSED,
    fix="Find out which two parts of the build write the same file (hatchling: `force-include`; setuptools: data "
    "files that are "
    "package data too; maturin: `include`) and let only one do it.",
)

ZIP_DIRECTORY_MISMATCH: Final = Rule(
    code="zip-directory-mismatch",
    statement="The members and the central directory name the same files with the same sizes.",
    source=_APPNOTE + ", sections 4.3.7 and 4.3.12; " + SEEN,
    meaning=_REFUSED,
    fix=_REBUILD,
)

ZIP_MEMBER_COMMENT: Final = Rule(
    code="zip-member-comment",
    statement="No member carries a comment. (The archive may.)",
    source=SEEN,
    meaning="The index refuses the file.",
    fix=_REBUILD,
)

ZIP_EXTRA_FIELD: Final = Rule(
    code="zip-extra-field",
    statement="Extra fields are well formed, and those for ZIP64 sizes and Unicode paths stand at most once in a "
    "member.",
    source=_APPNOTE + ", sections 4.5.3 and 4.6.9; " + SEEN,
    meaning=_REFUSED,
    fix=_REBUILD,
)

ZIP_END_RECORD: Final = Rule(
    code="zip-end-record",
    statement="The end records tell the true number, size and place of the central directory.",
    source=_APPNOTE + ", sections 4.3.14 to 4.3.16; " + SEEN,
    meaning=_REFUSED,
    fix=_REBUILD,
)

ZIP_VERSION_NEEDED: Final = Rule(
    code="zip-version-needed",
    statement="No member asks for a zip version above 6.3.",
    source=_APPNOTE + ", section 4.4.3; " + SEEN,
    meaning="The index answers with a bare 500: its reader gives up.",
    fix=_REBUILD,
)

ZIP_ALSO_TAR: Final = Rule(
    code="zip-also-tar",
    statement="A wheel is a zip archive and not a tar archive at the same time.",
    source=SEEN,
    meaning="The index refuses the file: installers would not agree on what is in it.",
    fix=_REBUILD,
)

RULES: Final = (
    ZIP_UNREADABLE,
    ZIP_MULTI_DISK,
    ZIP_UNKNOWN_RECORD,
    ZIP_TRAILING_DATA,
    ZIP_DATA_DESCRIPTOR,
    ZIP_MEMBER_NAME,
    ZIP_DUPLICATE_NAME,
    ZIP_DIRECTORY_MISMATCH,
    ZIP_MEMBER_COMMENT,
    ZIP_EXTRA_FIELD,
    ZIP_END_RECORD,
    ZIP_VERSION_NEEDED,
    ZIP_ALSO_TAR,
)
