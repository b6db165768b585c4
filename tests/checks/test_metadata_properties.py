from __future__ import annotations

import email.parser
import email.policy

from hypothesis import given, settings
from hypothesis import strategies as st

from builders.metadata import found, metadata_bytes
from builders.second_opinion import takes
from pypi_trusted_publish.checks.contacts import PLAIN_URL, follows_rfc_3986
from pypi_trusted_publish.errors import Severity
from pypi_trusted_publish.readers.core_metadata import FIELDS, VERSIONS, read_core_metadata

PIECES = st.sampled_from(["A", "b-", ":", ": ", " ", "\t", "\n", "\r\n", "\r", "\u00e9", "\u2028", "\x00"])
NAMES = st.sampled_from([field.name for field in FIELDS.values()] + ["X-Other", "home-PAGE"])

GOOD_AND_BAD = {
    "Summary": ["fine", "", "two\n  lines", "x" * 512, "x" * 513, "UNKNOWN", "a\u2028b", "J\udcf6rg"],
    "Author": ["J\udcf6rg"],
    "Author-email": [
        "a@example.org",
        "A <a@example.org>",
        "J\udcf6 <a@example.org>",
        "a\udcf6@example.org",
        "a@b",
        "a@b.local",
        "nobody",
        "<>",
        "\u00e4@example.org",
    ],
    "Home-page": [
        *("https://example.org", "http://a b/c d", "example.org", "ftp://example.org", "http://", "https:x", "//a"),
        *("http://[::1]/", "http://[::g]/", "http://a:99999/", "http://a:x/", "http://a/?[]", "http://a/#[]", "x\n y"),
        *("http://a/%zz", "http://\u00e4/", "http://300.1.1.1/", "HTTPS://A", "http://a/?%", "http://a@b@c/"),
    ],
    "Project-URL": ["A, https://example.org", "B,https://example.org", "A,http://b", "A", ",http://a", "A,", "x" * 40],
    "Classifier": ["Typing :: Typed", "Typing :: typed", "Nothing", "Framework :: Django", ""],
    "Requires-Dist": ["six", "six ;", "six>=1.0,", "six @ https://a", "six[x,]", "six>=1.*", "six; a == 'b'", ""],
    "Provides-Dist": ["six", "six six", "six @ file:///a", "six (1)"],
    "Requires-Python": [">=3", "3", ">=3.*", "==3.*", "~=3", ">=3,", "", ",", ">= 3 , < 4"],
    "Provides-Extra": ["a", "A_b", "a b", "-a", "", "\u00e4"],
    "Dynamic": ["Summary", "summary", "Name", "Import-Name", "X", ""],
    "License": ["MIT", "", "two\n  lines"],
    "License-Expression": [
        "MIT",
        "mit or (bsd-3-clause)",
        "MIT OR",
        "Nope",
        "MIT WITH",
        "LicenseRef-a",
        "MIT+",
        "()",
        "LicenseRef-",
        "(MIT) WITH a",
    ],
    "License-File": ["LICENSE", "a/b", "a//b", "/a", "../a", "a*", "a\\b", "a/", "./a", "C:/a", "", "a b"],
    "Description-Content-Type": [
        *("text/plain", "text/markdown; variant=GFM", "text/markdown; variant=gfm", "text/html", "TEXT/X-RST", "x"),
        *(
            "text/plain; charset=UTF-8",
            "text/plain; charset=utf-8",
            "text/plain;; charset=UTF-8",
            "text/plain; charset=latin1",
            "text/plain;",
            "text/plain; charset",
            "text/a*",
        ),
        *('text/markdown; variant="CommonMark"', "text/x-rst; charset*=utf-8''utf-8", " text/plain", "text /plain"),
    ],
    "Import-Name": ["a", "a.b", "a;private", "a ; private", "a; x", "1a", "if", "", "a.", "a;"],
    "Import-Namespace": ["a", "if", "a b"],
    "Metadata-Version": [*VERSIONS, "2.0", "2.6", "3.0", "", "x"],
    "Name": ["demo", "De.mo_1-x", "-x", "x-", "\u00e4", "a b", "", "UNKNOWN"],
    "Version": ["1.0", "1.0+a", "x", "v1!2.0.post1.dev3", " 1 ", "", "1.0-1"],
    "Keywords": ["a,b", "a"],
    "Platform": ["any", "UNKNOWN"],
    "X-Other": ["x"],
}
KNOWN_FIELDS = st.sampled_from(
    [(name, value) for name, values in GOOD_AND_BAD.items() for value in values if name != "Metadata-Version"]
)


def mail_fields(text: str) -> list[tuple[str, str]]:
    """Headers and body of a text by the standard library."""
    message = email.parser.Parser(policy=email.policy.compat32).parsestr(text)
    fields = [(name, str(value).lstrip(" \t\r\n")) for name, value in message.raw_items()]
    body = str(message.get_payload())
    return [*fields, ("Description", body)] if body else fields


@given(st.lists(PIECES, max_size=40).map("".join))
def test_metadata_is_read_as_the_standard_mail_parser_reads_it(text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    assert list(read_core_metadata(data).fields) == mail_fields(text)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_and_judged(data: bytes) -> None:
    read_core_metadata(data)
    assert any(finding.severity is Severity.ERROR for finding in found(data))


@settings(max_examples=40)
@given(st.lists(st.tuples(NAMES, st.text(max_size=60)), max_size=6), st.sampled_from([*VERSIONS, "2.9", ""]))
def test_any_values_are_judged_without_an_accident(fields: list[tuple[str, str]], version: str) -> None:
    data = "".join(f"{name}: {value}\n" for name, value in [("Metadata-Version", version), *fields])
    for finding in found(data.encode("utf-8", "surrogatepass")):
        assert len(finding.message) < 1000


@given(st.lists(KNOWN_FIELDS, max_size=3), st.sampled_from(GOOD_AND_BAD["Metadata-Version"]))
def test_errors_are_found_exactly_where_the_reference_library_and_the_index_find_them(
    fields: list[tuple[str, str]], version: str
) -> None:
    data = metadata_bytes(*fields, version=version)
    errors = [finding for finding in found(data) if finding.severity is Severity.ERROR]
    if "library-releases-differ" not in {finding.rule for finding in found(data)}:
        assert (errors == []) == takes(data), (fields, version, errors)


@given(st.from_regex(PLAIN_URL, fullmatch=True))
def test_what_is_accepted_at_first_sight_follows_the_rfc_too(url: str) -> None:
    assert follows_rfc_3986(url)
