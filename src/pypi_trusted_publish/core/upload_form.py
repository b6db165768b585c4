"""The form of an upload, as the bytes before and after the file.

Source: PyPI's documentation of its upload API, and its server, August 2026: an unknown field name is
answered 200 and ignored, so a test reads each of these names back from the wire.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from ..readers.core_metadata import FIELDS, known_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..checks.model import Distribution
    from ..readers.core_metadata import CoreMetadata

_PLURAL: Final = {"classifier": "classifiers", "project-url": "project_urls"}
"""The two fields of core metadata whose form name is not simply the field's name."""
_FROM_FORM: Final = frozenset({"metadata-version", "name", "version"})
"""Fields that every form has, before all others."""


def form_name(field: str) -> str:
    """The form's name for a field of core metadata."""
    lower = field.lower()
    return _PLURAL.get(lower, lower.replace("-", "_"))


def form_fields(distribution: Distribution, attestations: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    """Every text field of the form, name and value, in the order in which they are sent.

    Values are those of the file, byte for byte. Fields that the file's metadata version does not define are left out,
    because the index would refuse the form. ``attestations`` are JSON texts.
    """
    metadata = distribution.metadata
    fields = [
        (":action", "file_upload"),
        ("protocol_version", "1"),
        ("filetype", distribution.kind.value),
        ("pyversion", distribution.pyversion),
        ("sha256_digest", distribution.sha256),
        *([("blake2_256_digest", distribution.blake2b_256)] if distribution.blake2b_256 else []),
        ("metadata_version", metadata.version),
        ("name", distribution.name),
        ("version", metadata.first("Version") or str(distribution.version)),
        *_metadata_fields(metadata),
    ]
    if attestations:
        fields.append(("attestations", "[" + ",".join(attestations) + "]"))
    return tuple(fields)


def encode(fields: Iterable[tuple[str, str]], filename: str, size: int) -> tuple[str, bytes, bytes]:
    """The form as ``(content_type, head, tail)``, to be sent as ``head``, the file of ``size`` bytes, ``tail``.

    Texts are UTF-8; other bytes of the core metadata are kept. The boundary is a digest of everything before the file,
    including the file's digest, so that no file can be made to contain it.
    """
    parts = [(_disposition(name), _bytes(value)) for name, value in fields]
    content = _disposition("content", filename) + b"\r\nContent-Type: application/octet-stream"
    digest = hashlib.sha256(str(size).encode())
    for header, value in (*parts, (content, b"")):
        digest.update(b"%d:%b%d:%b" % (len(header), header, len(value), value))
    boundary = digest.hexdigest()[:48].encode("ascii")
    head = b"".join(b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, header, value) for header, value in parts)
    head += b"--%b\r\n%b\r\n\r\n" % (boundary, content)
    return f"multipart/form-data; boundary={boundary.decode()}", head, b"\r\n--%b--\r\n" % boundary


def _metadata_fields(metadata: CoreMetadata) -> Iterator[tuple[str, str]]:
    for name, value in metadata.fields:
        field = FIELDS.get(name.lower())
        if field is not None and name.lower() not in _FROM_FORM and known_in(field, metadata.version):
            yield form_name(name), value


def _disposition(name: str, filename: str | None = None) -> bytes:
    header = b'Content-Disposition: form-data; name="%b"' % _quoted(name)
    return header if filename is None else header + b'; filename="%b"' % _quoted(filename)


def _quoted(text: str) -> bytes:
    """A parameter as browsers write it: UTF-8, with quotes and line ends percent-encoded (RFC 7578, HTML standard)."""
    return _bytes(text).replace(b'"', b"%22").replace(b"\r", b"%0D").replace(b"\n", b"%0A")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
