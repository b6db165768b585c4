"""The messages between the parent and a worker: frames of JSON, and the values in them.

A frame is a length of four bytes, big-endian, and that many bytes of ASCII JSON. A worker reads untrusted files, so its
answers are untrusted too: the type and length of every value are checked before it is used.
"""

from __future__ import annotations

import json
import re
import struct
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ...checks.description import Rendering, RenderStatus
from ...checks.model import Candidate, Distribution, Finding, Kind
from ...errors import Severity
from ...readers.contents import MOST_MEMBERS, Contents, MissingBytes
from ...readers.core_metadata import CoreMetadata, is_valid_name
from ...values import dataclass

if TYPE_CHECKING:
    from ...checks.check import Inspection

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a frame. The metadata of a file has at most 8 MiB, and JSON needs up to six bytes for one of them."""
MOST_FINDINGS: Final = 1000
"""Of one file."""
LONGEST_TEXT: Final = 20_000
"""Characters of a message, a hint or a name."""
_MOST_TAGS: Final = 200_000
_LENGTH: Final = struct.Struct(">I")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")

Message: TypeAlias = "dict[str, object]"


class Malformed(ValueError):
    """The bytes are not a frame, or a value in it is invalid."""


def write_frame(stream: BinaryIO, message: Message) -> None:
    """Send a message. Raises Malformed for one that is too large, and OSError when the pipe is closed."""
    body = json.dumps(message).encode("ascii")
    if len(body) > LARGEST:
        raise Malformed("the message is too large")
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: BinaryIO) -> Message | None:
    """The next message; None when the other side has closed. Raises Malformed."""
    head = stream.read(_LENGTH.size)
    if not head:
        return None
    if len(head) != _LENGTH.size or _LENGTH.unpack(head)[0] > LARGEST:
        raise Malformed("no frame")
    body = stream.read(_LENGTH.unpack(head)[0])
    if len(body) != _LENGTH.unpack(head)[0]:
        return None
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("no JSON") from None
    if not isinstance(message, dict):
        raise Malformed("no object")
    return message


def encode_inspection(inspection: Inspection) -> Message:
    """The answer about one file; findings that exceed the limit are dropped."""
    found = [
        [
            finding.rule,
            finding.severity.value,
            finding.message[:LONGEST_TEXT],
            finding.hint[:LONGEST_TEXT],
            "" if finding.doubt is None else finding.doubt.value[:LONGEST_TEXT],
        ]
        for finding in inspection.findings[:MOST_FINDINGS]
    ]
    file = inspection.distribution
    return {"findings": found, "distribution": None if file is None else _encode_distribution(file)}


def _encode_distribution(file: Distribution) -> Message:
    return {
        "kind": file.kind.value,
        "name": file.name,
        "version": str(file.version),
        "pyversion": file.pyversion,
        "tags": list(file.tags),
        "metadata_version": file.metadata.version,
        "fields": list(file.metadata.fields),
        "sha256": file.sha256,
        "blake2b_256": file.blake2b_256,
    }


def decode_inspection(message: Message, candidate: Candidate) -> Inspection:
    """The inspection of ``candidate`` by a worker. Raises Malformed."""
    found = message.get("findings")
    if not isinstance(found, list) or len(found) > MOST_FINDINGS:
        raise Malformed("not a list of findings")
    given = message.get("distribution")
    from ...checks.check import Inspection  # imported while a worker reads the first file

    return Inspection(
        candidate=candidate,
        distribution=None if given is None else _decode_distribution(given, candidate),
        findings=tuple(_decode_finding(each, candidate.filename) for each in found),
    )


def _decode_finding(value: object, filename: str) -> Finding:
    if not isinstance(value, list) or len(value) != 5:  # noqa: PLR2004
        raise Malformed("no finding")
    from ...checks.registry import RULES

    code, severity, message, hint, doubted = (_text(each) for each in value)
    if code not in RULES or severity not in {each.value for each in Severity}:
        raise Malformed("an unknown rule")
    return Finding(
        rule=code,
        severity=Severity(severity),
        filename=filename,
        message=message,
        hint=hint,
        doubt=RULES[code].doubt(doubted),
    )


def _decode_distribution(value: object, candidate: Candidate) -> Distribution:
    if not isinstance(value, dict):
        raise Malformed("no distribution")
    name = _text(value.get("name"))
    kind, sha256, blake2b = (_text(value.get(key)) for key in ("kind", "sha256", "blake2b_256"))
    tags = value.get("tags")
    if not is_valid_name(name) or kind not in {each.value for each in Kind}:
        raise Malformed("no name or kind")
    if not _SHA256.fullmatch(sha256) or (blake2b and not _SHA256.fullmatch(blake2b)):
        raise Malformed("no digest")
    if not isinstance(tags, list) or len(tags) > _MOST_TAGS:
        raise Malformed("no tags")
    return Distribution(
        path=candidate.path,
        filename=candidate.filename,
        line=candidate.line,
        identity=candidate.identity,
        kind=Kind(kind),
        name=name,
        project=canonicalize_name(name),
        version=_version(_any_text(value.get("version"))),
        pyversion=_text(value.get("pyversion")),
        tags=tuple(map(_text, tags)),
        metadata=CoreMetadata(version=_any_text(value.get("metadata_version")), fields=_fields(value.get("fields"))),
        sha256=sha256,
        blake2b_256=blake2b,
        open=candidate.open,
    )


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        raise Malformed("no version") from None


def _fields(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        raise Malformed("no fields")
    fields = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:  # noqa: PLR2004
            raise Malformed("no field")
        fields.append((_any_text(pair[0]), _any_text(pair[1])))
    return tuple(fields)


def encode_rendering(rendering: Rendering) -> Message:
    """The answer about one description."""
    return {
        "status": rendering.status.value,
        "problem": rendering.problem[:LONGEST_TEXT],
        "line": rendering.line,
        "only_title": rendering.only_title,
    }


def decode_rendering(message: Message) -> Rendering:
    """The result of rendering a description. Raises Malformed."""
    status, line = _text(message.get("status")), message.get("line")
    if status not in {each.value for each in RenderStatus} or not (line is None or type(line) is int):
        raise Malformed("no status")
    return Rendering(
        status=RenderStatus(status),
        problem=_text(message.get("problem")),
        line=line,
        only_title=message.get("only_title") is True,
    )


def number(message: Message, key: str) -> float:
    """A number in a message that is not negative. Raises Malformed."""
    value = message.get(key)
    if type(value) not in (int, float) or not 0 <= float(str(value)) < float("inf"):
        raise Malformed(f"no {key}")
    return float(str(value))


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise Malformed("no text")
    return value


def _any_text(value: object) -> str:
    """A text that is limited only by the frame."""
    if not isinstance(value, str):
        raise Malformed("no text")
    return value


@dataclass(frozen=True, kw_only=True)
class InspectionTask:
    """Read and check one file."""

    path: str
    filename: str
    device: int
    inode: int
    size: int
    mtime_ns: int
    full: bool
    content: bool
    unpacked_budget: int
    member_budget: int
    seconds: float
    """Of processor time."""


@dataclass(frozen=True, kw_only=True)
class RenderingTask:
    """Render one description."""

    text: str
    folders: list[str]
    """Where the libraries are, when they were installed after the worker was started."""
    seconds: float
    """Of processor time."""


@dataclass(frozen=True, kw_only=True)
class ContentsTask:
    """List the members of a distribution and read its core metadata, from a file or from downloaded pieces of one."""

    kind: str
    """``wheel``, ``sdist``, or ``metadata`` for the core metadata alone; of a wheel ``wheel-members`` leaves out
    metadata, and ``wheel-entry-points`` all of them but the entry points."""
    path: str
    """Empty when ``pieces`` are given."""
    size: int
    """Bytes of the whole file."""
    pieces: list[tuple[int, str]]
    """Offset and Base64 of each."""
    seconds: float
    """Of processor time."""


@dataclass(frozen=True, kw_only=True)
class PageTask:
    """Render one description as HTML for a web page."""

    text: str
    content_type: str
    """Without parameters."""
    seconds: float
    """Of processor time."""


Task: TypeAlias = "InspectionTask | RenderingTask | ContentsTask | PageTask"
_TASKS: Final = (InspectionTask, RenderingTask, ContentsTask, PageTask)


def decode_page(message: Message) -> str | None:
    """The HTML; None when the description does not render. Raises Malformed."""
    page = message.get("html")
    return None if page is None else _any_text(page)


def encode_contents(contents: Contents) -> Message:
    """The answer about the contents of one file."""
    return {"members": contents.members, "metadata": contents.metadata}


def encode_missing(missing: MissingBytes) -> Message:
    """The answer when bytes of the file are needed that were not sent."""
    return {"missing": [missing.start, missing.length]}


def decode_contents(message: Message) -> Contents:
    """The contents of a file. Raises Malformed, and MissingBytes when more of it is needed."""
    missing = message.get("missing")
    if isinstance(missing, list) and [type(value) for value in missing] == [int, int] and min(missing) >= 0:
        raise MissingBytes(*missing)
    members, metadata = message.get("members"), message.get("metadata")
    if not isinstance(members, list) or len(members) > MOST_MEMBERS or not isinstance(metadata, dict):
        raise Malformed("no contents")
    return Contents(members=tuple(map(_decode_member, members)), metadata=metadata)


def _decode_member(value: object) -> tuple[str, int, int | None]:
    match value:
        case [str(name), int(size), int() | None as crc] if len(name) <= LONGEST_TEXT:
            return name, size, crc
    raise Malformed("no member")


def encode_task(task: Task) -> Message:
    """A task, with the name of its kind."""
    return {"task": type(task).__name__, **vars(task)}


def decode_task(message: Message) -> Task:
    """The task of a message, which comes from our own parent."""
    kinds: dict[object, type[Task]] = {kind.__name__: kind for kind in _TASKS}
    fields = dict(message)
    return kinds[fields.pop("task")](**fields)  # type: ignore[arg-type]  # what encode_task wrote
