"""RECORD of a wheel: every member is listed, with its true hash."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from ..errors import Severity
from ..formatting import listed, quoted
from ..readers.wheel_record import InvalidRecord, RecordEntry, read_record
from ..values import dataclass
from .model import OBSERVED, Finding, Level, Rule

_WHEEL_SPEC: Final = "Binary distribution format (packaging.python.org)"
_REPACK: Final = (
    "Build the wheel again; if it was changed after the build, use `wheel unpack` and `wheel pack`: "
    "they rewrite RECORD."
)
_STRONGER: Final = frozenset({"sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"})
_UNSIGNED: Final = ("RECORD.jws", "RECORD.p7s")
_MOST: Final = 10_000
"""Names without a member that are remembered; a RECORD may have millions of them."""


@dataclass(frozen=True, slots=True)
class MemberDigest:
    """The digest of a member's content."""

    sha256: bytes
    size: int


Rehash = Callable[[str, str], "bytes | None"]
"""Name of a member and of an algorithm -> its digest; None when it cannot be read."""

WHEEL_RECORD_MALFORMED: Final = Rule(
    code="wheel-record-malformed",
    statement="RECORD is UTF-8 text in CSV form without blank lines.",
    source="Recording installed projects, the RECORD file (packaging.python.org); " + OBSERVED,
    meaning="The index refuses the file, or answers with a bare 500.",
    fix=_REPACK,
)


WHEEL_RECORD_MEMBERS: Final = Rule(
    code="wheel-record-members",
    statement="RECORD lists exactly the files of the wheel, including itself but not its signature files.",
    source=_WHEEL_SPEC + ", signed wheel files; " + OBSERVED,
    meaning="The index accepts the file and warns the owners by mail that it will refuse such files. Files that are "
    "not listed are left behind when the project is uninstalled.",
    fix=_REPACK,
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)


WHEEL_RECORD_HASH: Final = Rule(
    code="wheel-record-hash",
    statement="RECORD states the true SHA-256 (or a stronger hash) and the true size of each file.",
    source=_WHEEL_SPEC + ", the .dist-info directory",
    meaning="The index accepts the file; installers that verify RECORD refuse it.",
    fix=_REPACK,
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)


@dataclass(frozen=True, kw_only=True)
class RecordedWheel:
    """The wheel that RECORD describes."""

    filename: str
    dist_info: str
    """The folder of RECORD."""
    names: set[str]
    """Of all files (folders are not files)."""
    digests: Mapping[str, MemberDigest]
    """Of the files that could be read."""
    rehash: Rehash


def record_findings(data: bytes, wheel: RecordedWheel) -> Iterator[Finding]:
    """Compare RECORD, whose bytes are ``data``, with the files of the wheel."""
    try:
        yield from list(_entry_findings(read_record(data), wheel))
    except InvalidRecord as invalid:
        yield WHEEL_RECORD_MALFORMED.finding(wheel.filename, f"RECORD {invalid}.")


def _entry_findings(entries: Iterable[RecordEntry], wheel: RecordedWheel) -> Iterator[Finding]:
    exempt = {f"{wheel.dist_info}/{name}" for name in _UNSIGNED}
    unchecked = exempt | {f"{wheel.dist_info}/RECORD"}
    missing, extra, wrong = wheel.names - exempt, set[str](), dict[str, str]()
    rehash = functools.cache(wheel.rehash)
    for entry in entries:
        missing.discard(entry.path)
        if entry.path not in wheel.names and len(extra) < _MOST:
            extra.add(entry.path)
        if entry.path not in wheel.digests or entry.path in unchecked or entry.path in wrong:
            continue
        if problem := " and ".join(_entry_problems(entry, wheel.digests[entry.path], rehash)):
            wrong[entry.path] = f"{quoted(entry.path)} {problem}"
    if missing:
        yield WHEEL_RECORD_MEMBERS.finding(wheel.filename, f"RECORD does not list {_names(missing)}.")
    if extra:
        more = "" if len(extra) < _MOST else ", and more"
        names = f"{_names(extra)}{more}"
        yield WHEEL_RECORD_MEMBERS.finding(wheel.filename, f"RECORD lists files that do not exist: {names}.")
    if wrong:
        yield WHEEL_RECORD_HASH.finding(wheel.filename, f"In RECORD {listed(tuple(wrong.values()))}.")


def _names(names: set[str]) -> str:
    return listed(tuple(quoted(name) for name in sorted(names)[:3]), total=len(names))


def _entry_problems(entry: RecordEntry, digest: MemberDigest, rehash: Rehash) -> Iterator[str]:
    algorithm, _, stated = entry.hash.partition("=")
    if not entry.hash:
        yield "has no hash"
    elif algorithm == "sha256":
        yield from _hash_problem(stated, digest.sha256)
    elif algorithm not in _STRONGER:
        yield f"has a hash by {quoted(algorithm)}, which is too weak or unknown"
    else:
        real = rehash(entry.path, algorithm)
        if real is not None:
            yield from _hash_problem(stated, real)
    if entry.size and entry.size != str(digest.size):
        yield f"has the size {quoted(entry.size)} instead of {digest.size}"


def _hash_problem(stated: str, real: bytes) -> Iterator[str]:
    if stated.rstrip("=") == base64.urlsafe_b64encode(real).decode("ascii").rstrip("="):
        return
    if stated.lower() == real.hex():
        yield "has its hash in hexadecimal, not in URL-safe base64"
    else:
        yield "has a wrong hash"
