"""Rules about what is in a wheel. The checks are in ``wheel_*.py``, ``record.py`` and ``entry_points.py``."""

from __future__ import annotations

import base64
import csv
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import Severity
from ..formatting import quoted, told
from .content import listed
from .model import SEEN, Finding, Level, Rule, WhilePublishing

if TYPE_CHECKING:
    import configparser

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
    statement="`{name}-{version}.dist-info/WHEEL` is there, with name and version spelled as in the file name.",
    source=_WHEEL_SPEC + ", file contents; " + SEEN,
    meaning="The index refuses the file, and installers cannot install it.",
    fix="Build with a current backend, which spells the folder and the file name alike; do not rename wheels.",
)

WHEEL_METADATA_MISSING: Final = Rule(
    code="wheel-metadata-missing",
    statement="`{name}-{version}.dist-info/METADATA` is there, with name and version spelled as in the file name.",
    source=_WHEEL_SPEC + ", the .dist-info directory; " + SEEN,
    meaning="The index refuses the file.",
    fix="Build with a current backend, which spells the folder and the file name alike; do not rename wheels.",
)

WHEEL_RECORD_MISSING: Final = Rule(
    code="wheel-record-missing",
    statement="`{name}-{version}.dist-info/RECORD` is there, with name and version spelled as in the file name.",
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
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)

WHEEL_RECORD_HASH: Final = Rule(
    code="wheel-record-hash",
    statement="RECORD tells the true SHA-256 (or a stronger hash) and the true size of each file.",
    source=_WHEEL_SPEC + ", the .dist-info directory",
    meaning="The index takes the file; installers that verify RECORD refuse it.",
    fix=_REPACK,
    level=Level.DISCOURAGED,
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
    statement="The members that the index reads (Python source, WHEEL, METADATA, RECORD, entry points, licenses) can "
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
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)

WHEEL_DISK_NUMBERS: Final = Rule(
    code="wheel-disk-numbers",
    statement="The end record says that the archive is on disk 0.",
    source="Zip file format specification (PKWARE APPNOTE.TXT 6.3), section 4.3.16",
    meaning="The index takes the file; `unzip` and others refuse it as part of a larger set.",
    fix="Build the wheel again with an ordinary backend; do not split it.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.COUNT,
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


_STRONGER: Final = frozenset({"sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"})
_UNSIGNED: Final = ("RECORD.jws", "RECORD.p7s")
_LINE_END: Final = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""The line ends of ``str.splitlines``."""
_PIECE: Final = 64 * 1024
"""Characters of RECORD that are split into lines at once."""
_MOST: Final = 10_000
"""Of names that are not there, how many are remembered; a RECORD may have millions of them."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a member turned out to hold."""

    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of RECORD."""

    path: str
    hash: str
    size: str


Rehash = Callable[[str, str], "bytes | None"]
"""Name of a member and of an algorithm -> its digest; None when it cannot be read."""


class RecordMalformed(Exception):
    """The index cannot read RECORD; the argument is a phrase that says why."""


def read_record(data: bytes) -> Iterator[Row]:
    """The rows of RECORD, one by one: memory does not grow with their number. Raises RecordMalformed.

    The index splits the text at every line end that Unicode knows before it reads it as CSV.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordMalformed(f"is not UTF-8 (byte 0x{data[error.start]:02x} at offset {error.start})") from None
    try:
        for number, fields in enumerate(csv.reader(_lines(text)), start=1):
            if not fields:
                raise RecordMalformed(f"has a blank line ({number})")
            path, hash_, size, *_ = *fields, "", ""
            yield Row(path.replace("\\", "/"), hash_, size)
    except csv.Error:
        raise RecordMalformed("is not CSV: a field of it is longer than 128 KiB or its quoting is broken") from None


def _lines(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        end = _LINE_END.search(text, position + _PIECE)
        after = end.end() if end else len(text)
        yield from text[position:after].splitlines()
        position = after


def record_findings(
    filename: str,
    rows: Iterable[Row],
    *,
    dist_info: str,
    names: set[str],
    contents: Mapping[str, Content],
    rehash: Rehash,
) -> Iterator[Finding]:
    """Hold the rows against the members. Raises RecordMalformed, as ``rows`` does, before anything is found.

    ``names`` are those of all files of the wheel (folders are not files), ``contents`` what could be read of them.
    """
    exempt = {f"{dist_info}/{name}" for name in _UNSIGNED}
    unchecked = exempt | {f"{dist_info}/RECORD"}
    missing, strange, wrong = names - exempt, set[str](), dict[str, str]()
    known = functools.cache(rehash)
    for row in rows:
        missing.discard(row.path)
        if row.path not in names and len(strange) < _MOST:
            strange.add(row.path)
        if row.path not in contents or row.path in unchecked or row.path in wrong:
            continue
        if problem := " and ".join(_row_problems(row, contents[row.path], known)):
            wrong[row.path] = f"{quoted(row.path)} {problem}"
    naming = "names what is not there:" if len(strange) < _MOST else "names what is not there, among much else:"
    for verb, difference in (("lacks", missing), (naming, strange)):
        if difference:
            shown = listed(sorted(difference), len(difference))
            yield WHEEL_RECORD_MEMBERS.finding(filename, f"RECORD {verb} {shown}.")
    if wrong:
        yield WHEEL_RECORD_HASH.finding(filename, f"In RECORD {told(tuple(wrong.values()))}.")


def _row_problems(row: Row, content: Content, rehash: Rehash) -> Iterator[str]:
    algorithm, _, digest = row.hash.partition("=")
    if not row.hash:
        yield "has no hash"
    elif algorithm == "sha256":
        yield from _digest_problem(digest, content.sha256)
    elif algorithm not in _STRONGER:
        yield f"has a hash by {quoted(algorithm)}, which is too weak or unknown"
    else:
        real = rehash(row.path, algorithm)
        if real is not None:
            yield from _digest_problem(digest, real)
    if row.size and row.size != str(content.size):
        yield f"has the size {quoted(row.size)} instead of {content.size}"


def _digest_problem(told: str, real: bytes) -> Iterator[str]:
    if told.rstrip("=") == _encoded(real):
        return
    if told.lower() == real.hex():
        yield "has its hash in hexadecimal, not in URL-safe base64"
    else:
        yield "has a wrong hash"


def _encoded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


_SCRIPT_NAME: Final = re.compile(r"[\w.-]+")
_SCRIPT_SECTIONS: Final = ("console_scripts", "gui_scripts")


def entry_point_findings(filename: str, data: bytes) -> Iterator[Finding]:
    """What is wrong with the bytes of the file.

    Keys of a ``[DEFAULT]`` section count as scripts when there is a section of scripts: that is how INI files work.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield _malformed(filename, f"is not UTF-8 (byte 0x{data[error.start]:02x} at offset {error.start})")
        return
    parser = _parse(text)
    if isinstance(parser, str):
        yield _malformed(filename, parser)
        return
    for section in _SCRIPT_SECTIONS:
        for name in _keys(parser, section):
            if _SCRIPT_NAME.fullmatch(name) is None:
                yield WHEEL_ENTRY_POINT_NAME.finding(filename, f"The script {quoted(name)} in [{section}].")


def _keys(parser: configparser.ConfigParser, section: str) -> tuple[str, ...]:
    return tuple(parser[section]) if parser.has_section(section) else ()


def _malformed(filename: str, phrase: str) -> Finding:
    return WHEEL_ENTRY_POINTS_MALFORMED.finding(filename, f"entry_points.txt {phrase}.")


def _parse(text: str) -> configparser.ConfigParser | str:
    """The file's sections, or the phrase that says why it cannot be read."""
    import configparser

    class Parser(configparser.ConfigParser):
        """Names keep their case."""

        def optionxform(self, optionstr: str) -> str:
            return optionstr

    parser = Parser(delimiters=("=",))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        return _why(error, text)
    return parser


def _why(error: configparser.Error, text: str) -> str:
    import configparser

    if isinstance(error, configparser.MissingSectionHeaderError):
        first = f"has no [section] before line {error.lineno}"
        return "starts with a byte-order mark" if text.startswith("\ufeff") else first
    if isinstance(error, configparser.DuplicateSectionError):
        return f"has the section [{error.section}] twice (line {error.lineno})"
    if isinstance(error, configparser.DuplicateOptionError):
        return f"has {quoted(error.option)} twice in [{error.section}] (line {error.lineno})"
    lines = ", ".join(str(number) for number, *_ in getattr(error, "errors", ())[:3])
    return f"cannot be read: no `name = value` in line {lines or '?'}"
