"""What an answer says to people, as plain text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_trusted_publish.core.responses import is_html, message_of, warnings_of

FILLER = "The server could not comply with the request since it is either malformed or otherwise incorrect."
PAGE = b"""<!DOCTYPE html><html><head><title>503 Backend fetch failed</title><style>p {color: red}</style>
<script>alert("no")</script></head><body><h1>Error 503</h1><p>Backend &amp; fetch
failed</p></body></html>"""


def said(body: bytes, reason: str = "Bad Request", content_type: str = "application/json", status: int = 400) -> str:
    return message_of(status=status, reason=reason, content_type=content_type, body=body)


@pytest.mark.parametrize("key", ["message", "detail", "error", "title"])
def test_json_tells_its_message(key: str) -> None:
    assert said(json.dumps({key: "File already exists"}).encode(), "Something else") == "File already exists"


def test_the_sentences_that_the_framework_puts_first_are_left_out() -> None:
    assert said(json.dumps({"message": f"{FILLER}\n\n\nFile already exists\n\n"}).encode()) == "File already exists"
    assert said(json.dumps({"message": FILLER}).encode()) == FILLER


def test_a_reason_that_says_more_than_its_status_is_the_message() -> None:
    assert said(PAGE, "File  already\texists", "text/html") == "File already exists"


def test_a_page_is_digested_to_its_text_and_never_dumped() -> None:
    text = said(PAGE, "Service Unavailable", "text/html", 503)
    assert text == "503 Backend fetch failed Error 503 Backend & fetch failed"


def test_plain_text_is_the_message_when_the_reason_says_nothing() -> None:
    assert said(b"no\nspace left", "Bad Request", "text/plain; charset=utf-8") == "no space left"
    assert said(b"no space", "Bad Request", "") == "no space"


@pytest.mark.parametrize("body", [b"", b"\0\1\2", b"{}", b"[]", b'{"message": 5}'])
def test_without_any_message_there_is_the_reason_or_the_phrase_of_the_status(body: bytes) -> None:
    assert said(body, "Bad Request", "application/octet-stream") == "Bad Request"
    assert said(b"", "", "", 502) == "Bad Gateway"
    assert said(b"", "", "", 599) == ""


def test_a_long_message_is_cut() -> None:
    assert len(said(json.dumps({"message": "x" * 10_000}).encode())) == 603


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", b""),
        ("Text/HTML; charset=utf-8", b"x"),
        ("application/xhtml+xml", b""),
        ("", b"\xef\xbb\xbf\r\n <!doctype HTML>"),
        ("application/json", b"<html>"),
    ],
)
def test_a_page_is_known_by_its_type_or_its_beginning(content_type: str, body: bytes) -> None:
    assert is_html(content_type, body)


def test_json_and_text_are_no_page() -> None:
    assert not is_html("application/json", b'{"a": "<html>"}')
    assert not is_html("text/plain", b"hello")


@pytest.mark.parametrize(
    ("content_type", "body", "warnings"),
    [
        ("text/plain", b"200 OK\n\n\n", ()),
        ("text/plain", b"200 OK\n\nfirst  warning\n\nsecond\n", ("first warning", "second")),
        ("application/json", b'{"message": "\\n\\n\\n", "code": "200 OK", "title": "OK"}', ()),
        (
            "application/json",
            b'{"message": "\\n\\nRECORD is wrong\\n", "code": "200 OK", "title": "OK"}',
            ("RECORD is wrong",),
        ),
        ("text/html", b"<html><body>200 OK</body></html>", ()),
        ("", b"", ()),
        ("application/octet-stream", b"junk", ()),
        ("application/json", b"[1]", ()),
    ],
)
def test_a_success_shows_its_warnings_and_nothing_else(
    content_type: str, body: bytes, warnings: tuple[str, ...]
) -> None:
    assert warnings_of(content_type=content_type, body=body) == warnings


@given(
    st.binary(), st.text(), st.sampled_from(["text/html", "text/plain", "application/json", ""]), st.integers(0, 700)
)
def test_any_answer_has_a_bounded_message_on_one_line(body: bytes, reason: str, content_type: str, status: int) -> None:
    message = message_of(status=status, reason=reason[:500], content_type=content_type, body=body)
    assert len(message) <= 603
    assert "\n" not in message
    assert all(len(line) <= 600 for line in warnings_of(content_type=content_type, body=body))


@given(st.text())
def test_no_tag_of_a_page_gets_through(text: str) -> None:
    page = b"<html><body><div class='secret-class'>" + text.encode("utf-8", "replace") + b"</div></body></html>"
    assert "secret-class" not in message_of(status=500, reason="", content_type="text/html", body=page)
