"""Every field arrives under its documented name, byte for byte: read back from the wire by two other parsers."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_multipart import multipart

from builders.network import session
from builders.raw_server import RawServer, Request, answering
from builders.release import distribution
from pypi_trusted_publish.checks.model import Kind
from pypi_trusted_publish.core.upload_form import encode, form_fields, form_name
from pypi_trusted_publish.io.http.exchange import Body
from pypi_trusted_publish.readers.core_metadata import FIELDS, VERSIONS, CoreMetadata

DOCUMENTED = {
    "Metadata-Version": ("metadata_version", "1.0"),
    "Name": ("name", "1.0"),
    "Version": ("version", "1.0"),
    "Platform": ("platform", "1.0"),
    "Summary": ("summary", "1.0"),
    "Description": ("description", "1.0"),
    "Keywords": ("keywords", "1.0"),
    "Home-page": ("home_page", "1.0"),
    "Author": ("author", "1.0"),
    "Author-email": ("author_email", "1.0"),
    "License": ("license", "1.0"),
    "Supported-Platform": ("supported_platform", "1.1"),
    "Download-URL": ("download_url", "1.1"),
    "Classifier": ("classifiers", "1.1"),
    "Requires": ("requires", "1.1"),
    "Provides": ("provides", "1.1"),
    "Obsoletes": ("obsoletes", "1.1"),
    "Maintainer": ("maintainer", "1.2"),
    "Maintainer-email": ("maintainer_email", "1.2"),
    "Requires-Dist": ("requires_dist", "1.2"),
    "Provides-Dist": ("provides_dist", "1.2"),
    "Obsoletes-Dist": ("obsoletes_dist", "1.2"),
    "Requires-Python": ("requires_python", "1.2"),
    "Requires-External": ("requires_external", "1.2"),
    "Project-URL": ("project_urls", "1.2"),
    "Description-Content-Type": ("description_content_type", "2.1"),
    "Provides-Extra": ("provides_extra", "2.1"),
    "Dynamic": ("dynamic", "2.2"),
    "License-Expression": ("license_expression", "2.4"),
    "License-File": ("license_file", "2.4"),
    "Import-Name": ("import_name", "2.5"),
    "Import-Namespace": ("import_namespace", "2.5"),
}
"""Field of core metadata -> name in the form, and the metadata version that introduced it; a second copy, from PyPI's
documentation of its upload API and the core metadata specification."""

CONTENT = b"PK\x03\x04 the file\r\n--boundary\r\n\0\xff"


def all_fields(version: str) -> CoreMetadata:
    """Metadata with every field, some of them twice, regardless of its version."""
    fields = [("Metadata-Version", version), ("Name", "demo"), ("Version", "1.0")]
    for name in list(DOCUMENTED)[3:]:
        fields.append((name, f"value of {name} é"))
        if FIELDS[name.lower()].repeats:
            fields.append((name.upper(), f"second of {name}"))
    return CoreMetadata(version=version, fields=(*fields, ("X-Unknown", "nobody knows it")))


def sent(fields: tuple[tuple[str, str], ...], filename: str = "demo-1.0-py3-none-any.whl") -> Request:
    """What arrives at a server."""
    content_type, head, tail = encode(fields, filename, len(CONTENT))
    body = Body(length=len(head) + len(CONTENT) + len(tail), chunks=lambda: iter((head, CONTENT, tail)))
    with RawServer(answering()) as server:
        session().request("POST", f"{server.url}/legacy/", headers={"Content-Type": content_type}, body=body)
    return server.requests[0]


def by_python_multipart(request: Request) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    header: dict[bytes, bytes] = {}
    parts: list[bytes] = []
    names: list[bytes] = []

    def end() -> None:
        _, options = multipart.parse_options_header(header[b"content-disposition"])
        found.append((options[b"name"].decode(), b"".join(parts)))
        header.clear()
        parts.clear()

    def on_name(data: bytes, start: int, stop: int) -> None:
        names.append(data[start:stop].lower())

    def on_value(data: bytes, start: int, stop: int) -> None:
        header[names[-1]] = data[start:stop]

    _, options = multipart.parse_options_header(request.headers["content-type"])
    parser = multipart.MultipartParser(
        options[b"boundary"],
        {
            "on_header_field": on_name,
            "on_header_value": on_value,
            "on_part_data": lambda data, start, stop: parts.append(data[start:stop]),
            "on_part_end": end,
        },
    )
    parser.write(request.body)
    parser.finalize()
    return found


def by_email(request: Request) -> list[tuple[str, bytes]]:
    raw = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + request.body
    message = email.message_from_bytes(raw, policy=email.policy.HTTP)
    found = []
    for part in message.iter_parts():
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        found.append((str(part.get_param("name", header="content-disposition")), payload))
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_that_a_metadata_version_knows_arrives_under_its_name_and_no_other_does(version: str) -> None:
    metadata = all_fields(version)
    request = sent(form_fields(distribution(metadata=metadata)))
    known = [DOCUMENTED[name] for name in DOCUMENTED if float(DOCUMENTED[name][1]) <= float(version)]
    expected = {name for name, _ in known} | {
        ":action", "protocol_version", "filetype", "pyversion", "sha256_digest", "blake2_256_digest", "content"
    }  # fmt: skip
    for parsed in (by_python_multipart(request), by_email(request)):
        assert {name for name, _ in parsed} == expected
        for field, (name, since) in list(DOCUMENTED.items())[3:]:
            values = [value.decode() for found, value in parsed if found == name]
            wanted = [value for key, value in metadata.fields if key.lower() == field.lower()]
            assert values == (wanted if float(since) <= float(version) else [])


def test_the_table_of_names_covers_every_field() -> None:
    assert {name.lower() for name in DOCUMENTED} == set(FIELDS)
    assert {name: form_name(name) for name in DOCUMENTED} == {name: form for name, (form, _) in DOCUMENTED.items()}


def test_a_metadata_version_newer_than_the_table_keeps_every_field() -> None:
    names = {name for name, _ in form_fields(distribution(metadata=all_fields("9.9")))}
    assert {form for form, _ in DOCUMENTED.values()} <= names


def test_the_file_its_kind_and_its_digests_are_named() -> None:
    for kind, filename, pyversion in (
        (Kind.WHEEL, "demo-1.0-py3-none-any.whl", "py3"),
        (Kind.SDIST, "demo-1.0.tar.gz", "source"),
    ):
        file = distribution(filename)
        fields = dict(form_fields(file))
        assert fields[":action"] == "file_upload"
        assert fields["protocol_version"] == "1"
        assert (fields["filetype"], fields["pyversion"]) == (kind.value, pyversion)
        assert (fields["sha256_digest"], fields["blake2_256_digest"]) == (file.sha256, file.blake2b_256)


def test_a_digest_that_this_machine_refuses_to_compute_is_not_sent() -> None:
    fields = dict(form_fields(dataclasses.replace(distribution(), blake2b_256="")))
    assert "blake2_256_digest" not in fields
    assert fields["sha256_digest"] == distribution().sha256


def test_the_version_is_spelled_as_in_the_file() -> None:
    metadata = CoreMetadata(version="2.1", fields=(("Name", "demo"), ("Version", "1.0.0-RC1")))
    assert dict(form_fields(distribution(metadata=metadata)))["version"] == "1.0.0-RC1"
    without = CoreMetadata(version="2.1", fields=(("Name", "demo"),))
    assert dict(form_fields(distribution(metadata=without)))["version"] == "1.0"


def test_attestations_are_one_json_array() -> None:
    texts = ('{"version": 1}', '{"version":2}')
    field = dict(form_fields(distribution(), texts))["attestations"]
    assert json.loads(field) == [{"version": 1}, {"version": 2}]
    assert "attestations" not in dict(form_fields(distribution()))


def test_only_the_content_is_a_file_and_it_arrives_whole() -> None:
    request = sent(form_fields(distribution(metadata=all_fields("2.4"))))
    assert dict(by_python_multipart(request))["content"] == CONTENT
    assert request.body.count(b"filename=") == request.body.count(b"Content-Type:") == 1
    assert b"Content-Type: application/octet-stream" in request.body
    assert request.headers["content-length"] == str(len(request.body))


@pytest.mark.parametrize("value", ["", "UNKNOWN", "a\r\nb\nc\rd", "  blanks  ", "\udcff\udc80 bytes", "--\r\n--", "\0"])
def test_a_value_arrives_byte_for_byte(value: str) -> None:
    metadata = CoreMetadata(version="2.1", fields=(("Summary", value), ("Description", value)))
    parsed = dict(by_python_multipart(sent(form_fields(distribution(metadata=metadata)))))
    assert parsed["summary"] == parsed["description"] == value.encode("utf-8", "surrogateescape")


def test_a_file_name_that_is_not_ascii_and_one_with_quotes_stay_inside_their_header() -> None:
    body = sent((), 'größe"; name="x\r\nX-Header: y.whl').body
    assert 'filename="größe%22; name=%22x%0D%0AX-Header: y.whl"'.encode() in body


def test_the_boundary_follows_from_what_is_sent_and_so_cannot_be_foreseen_by_a_file() -> None:
    one = encode((("sha256_digest", "a" * 64),), "a.whl", 1)
    again = encode((("sha256_digest", "a" * 64),), "a.whl", 1)
    other = encode((("sha256_digest", "b" * 64),), "a.whl", 1)
    assert one == again
    assert one[0] != other[0]


@given(
    st.lists(st.tuples(st.sampled_from(["summary", "description", "keywords"]), st.text(st.characters(codec="utf-8"))))
)
def test_any_texts_come_back_as_they_went(fields: list[tuple[str, str]]) -> None:
    content_type, head, tail = encode(fields, "a.whl", 3)
    request = Request("", {"content-type": content_type}, head + b"abc" + tail)
    assert by_python_multipart(request) == [*((name, value.encode()) for name, value in fields), ("content", b"abc")]
