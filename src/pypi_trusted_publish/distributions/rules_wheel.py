"""Rules about what is in a wheel. The checks are in ``wheel_*.py``, ``record.py`` and ``entry_points.py``."""

from __future__ import annotations

from typing import Final

from ..errors import Severity
from .rule import SEEN, Level, Rule, WhilePublishing

_WHEEL_SPEC: Final = "Binary distribution format (packaging.python.org)"
_REPACK: Final = (
    "Build the wheel again; if it was changed after the build, use `wheel unpack` and `wheel pack`: "
    "they write RECORD anew."
)

WHEEL_COMPRESSION_METHOD: Final = Rule(
    code="wheel-compression-method",
    statement="Members are stored or deflated.",
    source=SEEN,
    meaning="The index refuses the file; installers need not know other methods.",
    fix="Pack with deflate (Python: `zipfile.ZIP_DEFLATED`); do not recompress wheels with bzip2, LZMA or Zstandard.",
)

WHEEL_COMPRESSION_RATIO: Final = Rule(
    code="wheel-compression-ratio",
    statement="Above 64 MiB unpacked, a wheel is not more than 50 times as large unpacked as packed.",
    source=SEEN,
    meaning="The index takes it for a decompression bomb and refuses it.",
    fix="Leave out large files that are mostly empty or repetitive, or keep them compressed inside the wheel.",
)

WHEEL_FILE_MISSING: Final = Rule(
    code="wheel-file-missing",
    statement="`{name}-{version}.dist-info/WHEEL` is there, with name and version spelt as in the file name.",
    source=_WHEEL_SPEC + ", file contents; " + SEEN,
    meaning="The index refuses the file, and installers cannot install it.",
    fix="Build with a current backend, which spells the folder and the file name alike; do not rename wheels.",
)

WHEEL_METADATA_MISSING: Final = Rule(
    code="wheel-metadata-missing",
    statement="`{name}-{version}.dist-info/METADATA` is there, with name and version spelt as in the file name.",
    source=_WHEEL_SPEC + ", the .dist-info directory; " + SEEN,
    meaning="The index refuses the file.",
    fix="Build with a current backend, which spells the folder and the file name alike; do not rename wheels.",
)

WHEEL_RECORD_MISSING: Final = Rule(
    code="wheel-record-missing",
    statement="`{name}-{version}.dist-info/RECORD` is there, with name and version spelt as in the file name.",
    source=_WHEEL_SPEC + ", the .dist-info directory; " + SEEN,
    meaning="The index refuses the file.",
    fix=_REPACK,
)

WHEEL_RECORD_MALFORMED: Final = Rule(
    code="wheel-record-malformed",
    statement="RECORD is UTF-8 text in CSV form without blank lines.",
    source="Recording installed projects, the RECORD file (packaging.python.org); " + SEEN,
    meaning="The index refuses the file, or answers with a bare 500.",
    fix=_REPACK,
)

WHEEL_RECORD_MEMBERS: Final = Rule(
    code="wheel-record-members",
    statement="RECORD lists exactly the files of the wheel, itself included, its signature files not.",
    source=_WHEEL_SPEC + ", signed wheel files; " + SEEN,
    meaning="The index takes the file, mails the owners that it will be refused one day, and files that are not "
    "listed stay behind "
    "when the project is uninstalled.",
    fix=_REPACK,
    level=Level.REGRET,
    severity=Severity.WARNING,
)

WHEEL_RECORD_HASH: Final = Rule(
    code="wheel-record-hash",
    statement="RECORD tells the true SHA-256 (or a stronger hash) and the true size of each file.",
    source=_WHEEL_SPEC + ", the .dist-info directory",
    meaning="The index takes the file; installers that verify RECORD refuse it.",
    fix=_REPACK,
    level=Level.REGRET,
    severity=Severity.WARNING,
)

WHEEL_LICENSE_FILE_MISSING: Final = Rule(
    code="wheel-license-file-missing",
    statement="Each License-File of the metadata is in the wheel, under `.dist-info/licenses/`, at the path that it "
    "names.",
    source="PEP 639, add License-File field; " + SEEN,
    meaning="The index refuses the file.",
    fix="Build with setuptools 77, hatchling 1.27, flit-core 3.12 or newer, whose `license-files` puts them there; "
    "do not rename or drop the files after the build.",
)

WHEEL_ENTRY_POINTS_MALFORMED: Final = Rule(
    code="wheel-entry-points-malformed",
    statement="`entry_points.txt` is UTF-8 without a byte-order mark, an INI file with `=` as its only delimiter and "
    "no name twice.",
    source="Entry points specification, file format (packaging.python.org); " + SEEN,
    meaning="The index refuses the file and says no more than `invalid entry points`.",
    fix="Declare entry points as `[project.scripts]`, `[project.gui-scripts]` and `[project.entry-points]` in "
    "`pyproject.toml`; "
    "the backend then writes the file.",
)

WHEEL_ENTRY_POINT_NAME: Final = Rule(
    code="wheel-entry-point-name",
    statement="Names of console and GUI scripts are made of letters, digits, underscores, dots and dashes.",
    source="Entry points specification, data model (packaging.python.org); " + SEEN,
    meaning="The index refuses the file and says no more than `invalid entry points`.",
    fix="Rename the script in `[project.scripts]` (a blank, a slash or an extra in the name is not allowed) and build "
    "again.",
)

WHEEL_MEMBER_UNREADABLE: Final = Rule(
    code="wheel-member-unreadable",
    statement="The members that the index reads (Python source, WHEEL, METADATA, RECORD, entry points, licences) can "
    "be read: "
    "not encrypted, with sound data and a true checksum.",
    source=SEEN,
    meaning="The index refuses the file, or answers with a bare 500.",
    fix="The archive is damaged or encrypted. Build the wheel again.",
)

WHEEL_MEMBER_DAMAGED: Final = Rule(
    code="wheel-member-damaged",
    statement="Every member can be read: not encrypted, with sound data and a true checksum.",
    source="Zip file format specification (PKWARE APPNOTE.TXT 6.3)",
    meaning="The index takes the file without a look at these members; pip cannot install it.",
    fix="The archive is damaged or encrypted. Build the wheel again.",
    level=Level.REGRET,
    severity=Severity.WARNING,
)

WHEEL_DISK_NUMBERS: Final = Rule(
    code="wheel-disk-numbers",
    statement="The end record says that the archive is on disk 0.",
    source="Zip file format specification (PKWARE APPNOTE.TXT 6.3), section 4.3.16",
    meaning="The index takes the file; `unzip` and others refuse it as part of a larger set.",
    fix="Build the wheel again with an ordinary backend; do not split it.",
    level=Level.REGRET,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.FOLD,
)

RULES: Final = (
    WHEEL_COMPRESSION_METHOD,
    WHEEL_COMPRESSION_RATIO,
    WHEEL_FILE_MISSING,
    WHEEL_METADATA_MISSING,
    WHEEL_RECORD_MISSING,
    WHEEL_RECORD_MALFORMED,
    WHEEL_RECORD_MEMBERS,
    WHEEL_RECORD_HASH,
    WHEEL_LICENSE_FILE_MISSING,
    WHEEL_ENTRY_POINTS_MALFORMED,
    WHEEL_ENTRY_POINT_NAME,
    WHEEL_MEMBER_UNREADABLE,
    WHEEL_MEMBER_DAMAGED,
    WHEEL_DISK_NUMBERS,
)
