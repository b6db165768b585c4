"""An answer, read once: its plain text, and its row in the table."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_trusted_publish.core.responses import ANSWERS, Answer, is_page, read_answer
from pypi_trusted_publish.core.retry import RequestKind, RetryReason

FILLER = "The server could not comply with the request since it is either malformed or otherwise incorrect."
PAGE = b"""<!DOCTYPE html><html><head><title>503 Backend fetch failed</title><style>p {color: red}</style>
<script>alert("<no>")</script></head><body><h1>Error 503</h1><p>Backend &amp; fetch
failed</p></body></html>"""


def read(
    body: bytes,
    reason: str = "Bad Request",
    content_type: str = "application/json",
    status: int = 400,
    kind: RequestKind = RequestKind.UPLOAD,
) -> Answer:
    return read_answer(kind, status=status, reason=reason, headers={"content-type": content_type}, body=body)


def said(body: bytes, reason: str = "Bad Request", content_type: str = "application/json", status: int = 400) -> str:
    return read(body, reason, content_type, status).text


@pytest.mark.parametrize("key", ["message", "detail", "error", "title"])
def test_the_message_of_a_json_answer_is_found(key: str) -> None:
    assert said(json.dumps({key: "File already exists"}).encode(), "Something else") == "File already exists"


def test_the_code_of_pypi_is_its_text_and_otherwise_its_message() -> None:
    text = {"message": f"{FILLER}\n\n\nsaid so\n\n", "code": "400 Said so.", "title": "Bad Request"}
    assert said(json.dumps(text).encode()) == "Said so."
    assert said(json.dumps({**text, "code": "400 Bad Request"}).encode()) == "said so"
    assert said(json.dumps({**text, "code": "403 Said so."}).encode()) == "said so"
    assert said(json.dumps({**text, "code": 400}).encode()) == "said so"
    assert said(json.dumps({"message": FILLER, "title": "Bad Request"}).encode()) == "Bad Request"


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"errors": [{"status": 403, "message": "Not enough permissions"}]}, "Not enough permissions"),
        ({"errors": [{"message": "a"}, {"message": "b"}, "c", {"x": 1}, 7]}, "a; b; c"),
        ({"errors": []}, "Bad Request"),
        ({"errors": "no"}, "no"),
        ({"message": {"name": ["is taken"]}}, '{"message": {"name": ["is taken"]}}'),
        ({"error": {"code": 403, "message": "denied", "status": "PERMISSION_DENIED"}}, "denied"),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, "field required"),
        ({"a": {"b": {"c": {"d": {"e": "too deep"}}}}}, "Bad Request"),
    ],
)
def test_errors_of_other_software_are_read(document: object, text: str) -> None:
    assert said(json.dumps(document).encode()) == text


def test_a_reason_that_says_more_than_its_status_is_the_message() -> None:
    assert said(PAGE, "File  already\texists", "text/html") == "File already exists"


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (413, "Content Too Large"),
        (413, "Request Entity Too Large"),
        (414, "Request-URI Too Long"),
        (416, "Requested Range Not Satisfiable"),
        (422, "Unprocessable Entity"),
        (422, "unprocessable content"),
    ],
)
def test_no_spelling_of_a_status_is_the_message_on_any_python(status: int, phrase: str) -> None:
    body = json.dumps({"message": "\n\nno space\n", "code": f"{status} {phrase}", "title": phrase}).encode()
    assert said(body, phrase, status=status) == "no space"
    assert said(b"no space", phrase, "text/plain", status) == "no space"
    assert said(b"no space", f"{phrase} for demo", "text/plain", status) == f"{phrase} for demo"


def test_the_phrase_of_a_status_without_any_is_the_same_on_every_python() -> None:
    assert said(b"", "", "", 422) == "Unprocessable Content"


def test_a_page_is_digested_to_its_text_and_never_dumped() -> None:
    text = said(PAGE, "Service Unavailable", "text/html", 503)
    assert text == "503 Backend fetch failed Error 503 Backend & fetch failed"


@pytest.mark.parametrize("body", [b"<![ ", b"<!", b"<", b"a<b", b"<p", b"<script>x", b"<?php", b"</", b"<![CDATA[x]]>"])
def test_a_broken_page_is_read_all_the_same(body: bytes) -> None:
    assert "<" not in said(b"<html>" + body, "Service Unavailable", "text/html", 503)


def test_plain_text_is_the_message_when_the_reason_says_nothing() -> None:
    assert said(b"no\nspace left", "Bad Request", "text/plain; charset=utf-8") == "no space left"
    assert said(b"no space", "Bad Request", "") == "no space"


@pytest.mark.parametrize("body", [b"", b"\0\1\2", b"{}", b"[]", b'{"message": 5}', b"[" * 100_000])
def test_without_any_message_there_is_the_reason_or_the_phrase_of_the_status(body: bytes) -> None:
    assert said(body, "Bad Request", "application/octet-stream") == "Bad Request"
    assert said(b"", "", "", 502) == "Bad Gateway"
    assert said(b"", "", "", 599) == ""


def test_a_long_message_is_cut() -> None:
    assert len(said(json.dumps({"message": "x" * 10_000}).encode())) <= 2000


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
    assert is_page(content_type, body)


def test_json_and_text_are_not_a_page() -> None:
    assert not is_page("application/json", b'{"a": "<html>"}')
    assert not is_page("text/plain", b"hello")


@pytest.mark.parametrize(
    ("content_type", "body", "warnings"),
    [
        ("text/plain", b"200 OK\n\n\n", ()),
        ("text/plain", b"200 OK\n\nfirst  warning\n\nsecond\n", ("first warning", "second")),
        (
            "text/html; charset=UTF-8",
            b"first  warning\nthe file <x> is odd\n",
            ("first warning", "the file <x> is odd"),
        ),
        ("application/json", b'{"message": "\\n\\n\\n", "code": "200 OK", "title": "OK"}', ()),
        (
            "application/json",
            b'{"message": "\\n\\nRECORD is wrong\\n", "code": "200 OK", "title": "OK"}',
            ("RECORD is wrong",),
        ),
        ("text/html", b"<html><body>200 OK</body></html>", ()),
        ("text/html", b" \n<!DOCTYPE html>\nText", ()),
        ("", b"", ()),
        ("application/octet-stream", b"junk", ()),
        ("application/json", b"[1]", ()),
    ],
)
def test_a_success_shows_its_warnings_and_nothing_else(
    content_type: str, body: bytes, warnings: tuple[str, ...]
) -> None:
    answer = read(body, "OK", content_type, 200)
    assert (answer.ok, answer.warnings, answer.refusals) == (True, warnings, ())


@pytest.mark.parametrize(
    ("kind", "body", "content_type", "retry"),
    [
        (RequestKind.MINT, b"<html>", "text/html", RetryReason.HTML),
        (RequestKind.MINT, b"{", "application/json", RetryReason.MALFORMED_JSON),
        (RequestKind.MINT, b"{}", "application/json", None),
        (RequestKind.AUDIENCE, b"", "", RetryReason.MALFORMED_JSON),
        (RequestKind.UPLOAD, b"<html>", "text/html", None),
        (RequestKind.REVOKE, b"<html>", "text/html", None),
    ],
)
def test_json_is_due_where_the_answer_is_used(
    kind: RequestKind, body: bytes, content_type: str, retry: RetryReason | None
) -> None:
    assert read(body, "OK", content_type, 200, kind).retry is retry


@pytest.mark.parametrize("status", [200, 201, 500, 503, 302])
@pytest.mark.parametrize("kind", [RequestKind.MINT, RequestKind.IDENTITY, RequestKind.REVOKE])
def test_an_answer_that_may_hold_a_token_is_known_by_its_reason_alone(kind: RequestKind, status: int) -> None:
    for body in (b"a text", b'{"message": "a text"}', b'{"errors": [{"code": "a text"}]}', b"<html>a text</html>"):
        assert "a text" not in repr(read(body, "A reason", "text/plain", status, kind))


def test_of_a_refused_mint_the_errors_are_quoted() -> None:
    entries = ["text", {}, {"code": 1}, {"description": "d" * 5000}, {"code": "a", "description": "b\n c"}]
    answer = read(json.dumps({"message": "m", "errors": entries}).encode(), status=422, kind=RequestKind.MINT)
    assert [len(refusal.text) for refusal in answer.refusals] == [2000, 6]
    assert answer.refusals[1].text == "a: b c"


STATUSES = st.integers(100, 999)
TYPES = st.sampled_from(["text/html", "text/plain", "application/json", "", "?"])


@given(st.binary(), st.text(), TYPES, STATUSES, st.sampled_from(RequestKind))
def test_any_answer_has_a_bounded_text_on_one_line(
    body: bytes, reason: str, content_type: str, status: int, kind: RequestKind
) -> None:
    answer = read(body, reason[:500], content_type, status, kind)
    assert len(answer.text) <= 2000
    assert len(answer.text.splitlines()) <= 1
    assert all(len(line) <= 2000 for line in answer.warnings)
    assert answer.ok is not bool(answer.refusals)


@given(st.text())
def test_no_tag_of_a_page_gets_through(text: str) -> None:
    page = b"<html><body><div class='secret-class'>" + text.encode("utf-8", "replace") + b"</div></body></html>"
    assert "secret-class" not in said(page, "", "text/html", 500)


def test_rows_of_a_status_alone_come_last() -> None:
    for position, row in enumerate(ANSWERS):
        for earlier in ANSWERS[:position]:
            hidden = earlier.request is row.request and not earlier.shapes and row.statuses <= earlier.statuses
            hidden = hidden and earlier.intercepted <= row.intercepted
            assert not hidden, (earlier.name, row.name)


@pytest.mark.parametrize(
    "page",
    [
        b"<html><![ ",
        b"<html><p>Sorry &#" + b"9" * 5000 + b";</p>",
        b"<html><p>Sorry &#x" + b"9" * 5000 + b";</p>",
        b"<html><!-- never closed <p>text",
        b"<html><style>p {}",
        b"<html>" + b"<" * 60_000,
        b"<html>" + b"<!--" * 15_000,
        b"<html>" + b"<script>" * 8_000,
    ],
    ids=["marked-section", "digits", "hexadecimal", "open-comment", "open-style", "opened", "comments", "scripts"],
)
def test_a_page_that_makes_parsers_fail_is_an_answer_all_the_same(page: bytes) -> None:
    assert len(said(page, "", "text/html", 503)) <= 2_003
