"""Sending one file until the index has decided."""

from __future__ import annotations

import base64
import hashlib
import io
import math
from dataclasses import replace
from typing import Any, BinaryIO

import pytest

from builders.clock import VirtualClock
from builders.network import EventLog
from builders.raw_server import Peer, RawServer
from builders.release import distribution
from builders.scripted_index import (
    Answer,
    FixedTokens,
    LonePool,
    ScriptedIndex,
    client,
    dropped,
    html_reply,
    json_reply,
    reply,
    urls_of,
)
from pypi_trusted_publish.checks.model import Distribution
from pypi_trusted_publish.errors import Cure, DistributionError, IndexUnavailable, PublishError
from pypi_trusted_publish.events import DiagnosisReported as Reported
from pypi_trusted_publish.events import NotUploaded, Retrying, Uploaded, UploadProgress, UploadStarted
from pypi_trusted_publish.io.index_client import IndexClient
from pypi_trusted_publish.io.upload_body import BLOCK
from pypi_trusted_publish.secret import UploadToken

FILE = distribution()
EXISTS = (
    f"400 File already exists ('{FILE.filename}', with blake2_256 hash '{'0' * 64}'). See https://index.example/help/ "
    "for more information."
)
LISTED = {"filename": FILE.filename, "hashes": {"sha256": FILE.sha256}}


def upload(ours: IndexClient, file: Distribution = FILE, tokens: FixedTokens | None = None) -> Uploaded:
    return ours.upload(file, tokens=tokens or FixedTokens(), attestations=(), pool=LonePool())


def page_with(*files: dict[str, Any]) -> Answer:
    return json_reply({"meta": {"api-version": "1.0"}, "files": list(files)})


def problem(index: RawServer, events: EventLog | None = None, file: Distribution = FILE) -> PublishError:
    with pytest.raises(PublishError) as caught:
        upload(client(index, events), file)
    return caught.value


def test_a_file_is_sent_with_its_token_and_json_is_asked_for() -> None:
    events = EventLog()
    with ScriptedIndex(upload=reply("200 OK")) as index:
        receipt = upload(client(index, events))
    headers = index.requests[0].headers
    assert index.requests[0].line == "POST /legacy/ HTTP/1.1"
    assert headers["authorization"] == "Basic " + base64.b64encode(b"__token__:pypi-token-number-1").decode()
    assert headers["accept"] == "application/json"
    assert FILE.filename.encode() in index.requests[0].body
    assert (receipt.outcome, receipt.warnings, receipt.filename) == ("uploaded", (), FILE.filename)
    assert [event.attempt for event in events.of(UploadStarted)] == [1]
    assert [event.outcome for event in events.of(Uploaded)] == ["uploaded"]


def test_the_warnings_of_the_index_are_on_the_receipt() -> None:
    with ScriptedIndex(
        upload=json_reply({"message": "\n\nRECORD is wrong\n", "code": "200 OK", "title": "OK"})
    ) as index:
        assert upload(client(index)).warnings == ("RECORD is wrong",)


@pytest.mark.parametrize("content_type", ["text/html; charset=UTF-8", "text/plain", ""])
def test_warnings_are_plain_text_whatever_their_type_says(content_type: str) -> None:
    body = b"RECORD is wrong\nThe license <file> is missing\n"
    with ScriptedIndex(upload=reply("200 OK", body, Content_Type=content_type)) as index:
        assert upload(client(index)).warnings == ("RECORD is wrong", "The license <file> is missing")


@pytest.mark.parametrize("body", [b"<html><body>200 OK</body></html>", b""])
def test_a_page_of_success_causes_no_warning(body: bytes) -> None:
    with ScriptedIndex(upload=reply("200 OK", body, Content_Type="text/html")) as index:
        assert upload(client(index)).warnings == ()
    assert len(index.requests) == 1


@pytest.mark.parametrize("status", ["200 OK", "203 Non-Authoritative Information"])
def test_a_page_is_no_success_when_the_file_did_not_arrive(status: str) -> None:
    with ScriptedIndex(upload=html_reply(status), page=page_with()) as index:
        diagnosis = problem(index).diagnostics()[0]
    assert (diagnosis.code, diagnosis.cure) == ("upload-intercepted", Cure.LATER)
    assert "Hello" in diagnosis.message


def test_a_page_is_a_success_when_the_index_lists_the_file() -> None:
    with ScriptedIndex(upload=html_reply(), page=page_with(LISTED)) as index:
        assert upload(client(index)).outcome == "uploaded"


def test_a_page_is_a_success_when_the_index_lets_nobody_read_what_it_lists() -> None:
    with ScriptedIndex(upload=html_reply(), page=reply("403 Forbidden")) as index:
        assert upload(client(index)).outcome == "uploaded"


def test_a_proxy_that_answers_with_a_page_comes_before_the_settings_of_the_project() -> None:
    with ScriptedIndex(upload=html_reply("403 Forbidden"), page=page_with()) as index:
        diagnosis = problem(index).diagnostics()[0]
    assert (diagnosis.code, diagnosis.cure) == ("upload-intercepted", Cure.LATER)
    with ScriptedIndex(upload=json_reply({"message": "no"}, "403 Forbidden"), page=page_with()) as index:
        diagnosis = problem(index).diagnostics()[0]
    assert (diagnosis.code, diagnosis.cure) == ("upload-forbidden", Cure.INDEX)


@pytest.mark.parametrize("failure", [reply("500 Oops"), reply("502 Bad"), reply("503 Busy"), reply("504 Late")])
def test_a_server_error_is_reported_to_the_pool_and_retried(failure: Answer) -> None:
    pool = LonePool()
    with ScriptedIndex(upload=[failure, failure, reply("200 OK")]) as index:
        receipt = client(index).upload(FILE, tokens=FixedTokens(), attestations=(), pool=pool)
    assert receipt.outcome == "uploaded"
    assert (pool.attempts, pool.server_errors) == (3, 2)


@pytest.mark.parametrize("failure", [reply("408 Late"), reply("425 Early"), reply("429 Slow"), dropped])
def test_other_failures_are_retried_without_reducing_the_concurrency(failure: Answer) -> None:
    pool = LonePool()
    events = EventLog()
    with ScriptedIndex(upload=[failure, reply("200 OK")]) as index:
        client(index, events).upload(FILE, tokens=FixedTokens(), attestations=(), pool=pool)
    assert (pool.attempts, pool.server_errors) == (2, 0)
    assert [event.what for event in events.of(Retrying)] == [f"upload {FILE.filename}"]
    assert [event.attempt for event in events.of(UploadStarted)] == [1, 2]


def test_an_expired_token_is_replaced_once_within_a_try() -> None:
    expired = json_reply({"message": "Invalid API Token: token is expired, token is expired"}, "403 Forbidden")
    tokens = FixedTokens()
    with ScriptedIndex(upload=[expired, reply("200 OK")]) as index:
        assert upload(client(index), tokens=tokens).outcome == "uploaded"
    assert tokens.number == 2
    assert index.requests[0].headers["authorization"] != index.requests[1].headers["authorization"]


def test_a_token_that_was_renewed_for_a_try_is_not_replaced_in_it() -> None:
    class Renewed(FixedTokens):
        def current(self) -> UploadToken:
            return replace(super().current(), minted_at=math.inf)

    tokens = Renewed()
    with (
        ScriptedIndex(upload=reply("403 Invalid API Token: token is expired")) as index,
        pytest.raises(IndexUnavailable),
    ):
        upload(client(index), tokens=tokens)
    assert (tokens.number, len(index.requests)) == (1, 1)


def test_a_token_that_is_expired_twice_ends_the_upload() -> None:
    expired = reply("403 Invalid API Token: token is expired")
    tokens = FixedTokens()
    with ScriptedIndex(upload=expired) as index, pytest.raises(IndexUnavailable) as caught:
        upload(client(index), tokens=tokens)
    assert (tokens.number, len(index.requests)) == (2, 2)
    assert caught.value.diagnostics()[0].code == "upload-token-expired"


def test_a_file_that_arrived_though_its_answer_was_lost_is_a_success() -> None:
    events = EventLog()
    with ScriptedIndex(upload=[dropped, reply(EXISTS)], page=page_with(LISTED)) as index:
        receipt = upload(client(index, events))
    assert receipt.outcome == "identical"
    assert index.asked("page")[0].headers["cache-control"] == "no-cache"
    assert [event.outcome for event in events.of(Uploaded)] == ["identical"]


@pytest.mark.parametrize("status", [EXISTS, "409 Conflict", "400 Something else", "403 Not enough permissions"])
def test_identical_bytes_are_never_an_error(status: str) -> None:
    with ScriptedIndex(upload=reply(status), page=page_with(LISTED)) as index:
        assert upload(client(index)).outcome == "identical"


@pytest.mark.parametrize("refusal", [EXISTS, "409 Conflict", "400 Something else", "403 Not enough permissions"])
@pytest.mark.parametrize("before", [[], [dropped]], ids=["at once", "after a lost answer"])
def test_a_name_that_is_taken_by_other_bytes_is_a_lost_race(refusal: str, before: list[Answer]) -> None:
    page = page_with({"filename": FILE.filename, "hashes": {"sha256": "0" * 64}})
    events = EventLog()
    with ScriptedIndex(upload=[*before, reply(refusal)], page=page) as index:
        found = problem(index, events)
    (diagnosis,) = found.diagnostics()
    assert (diagnosis.code, diagnosis.cure, found.exit_code) == ("upload-lost-race", Cure.NEW_VERSION, 3)
    assert "Another run published" in diagnosis.message
    assert [event.outcome for event in events.of(NotUploaded)][:1] in (["conflict"], ["failed"])


def test_identical_bytes_of_another_run_are_reported() -> None:
    events = EventLog()
    with ScriptedIndex(upload=reply(EXISTS), page=page_with(LISTED)) as index:
        assert upload(client(index, events)).outcome == "identical"
    assert [event.diagnosis.code for event in events.of(Reported)] == ["upload-identical-by-another-run"]


def test_a_conflict_that_no_list_shows_is_perhaps_an_open_session() -> None:
    with ScriptedIndex(upload=reply("409 Conflict"), page=page_with()) as index:
        found = problem(index)
    assert (found.diagnostics()[0].code, found.exit_code) == ("upload-conflict", 4)
    assert "session" in found.diagnostics()[0].fix


@pytest.mark.parametrize(
    "page", [reply("403 Forbidden"), reply("404 Not Found"), page_with(), page_with({"filename": FILE.filename})]
)
def test_a_name_that_is_taken_after_a_lost_answer_is_not_called_a_conflict_while_no_list_shows_it(page: Answer) -> None:
    events = EventLog()
    with ScriptedIndex(upload=[dropped, reply(EXISTS)], page=page) as index:
        found = problem(index, events)
    assert (found.diagnostics()[0].code, found.exit_code) == ("upload-unverified", 5)
    assert [event.outcome for event in events.of(NotUploaded)] == ["failed"]
    for answers in ([reply(EXISTS)], [reply("429 Slow"), reply(EXISTS)]):
        with ScriptedIndex(upload=answers, page=page) as index:
            found = problem(index)
        assert (found.diagnostics()[0].code, found.exit_code) == ("upload-file-exists", 3)


def test_a_refusal_is_tried_once_and_quoted() -> None:
    message = {"message": "Something new", "code": "400 Bad Request", "title": "Bad Request"}
    with ScriptedIndex(upload=json_reply(message, "400 Bad Request")) as index:
        found = problem(index)
    assert len(index.asked("upload")) == 1
    assert (found.diagnostics()[0].code, found.exit_code) == ("upload-refused", 3)
    assert "says: 400 Something new." in found.diagnostics()[0].message


def test_an_index_in_read_only_mode_is_unavailable_and_not_asked_again() -> None:
    with ScriptedIndex(upload=reply("503 Read-only mode: Uploads are temporarily disabled.")) as index:
        found = problem(index)
    assert (found.exit_code, len(index.requests)) == (5, 1)
    assert found.diagnostics()[0].code == "upload-read-only"


def test_a_redirect_to_the_same_url_with_a_slash_is_followed() -> None:
    with ScriptedIndex(upload=[reply("308 Permanent Redirect", Location="/legacy/"), reply("200 OK")]) as index:
        urls = replace(urls_of(index), upload_url=f"{index.url}/legacy")
        assert upload(client(index, urls=urls)).outcome == "uploaded"
        upload(client(index, urls=urls))
    assert [request.line for request in index.requests][:2] == ["POST /legacy HTTP/1.1", "POST /legacy/ HTTP/1.1"]


@pytest.mark.parametrize(
    "location", ["", "/legacy", "/other/", "//other.example/legacy/", "https://[::1", "/legacy/?a"]
)
def test_no_other_redirect_is_followed(location: str) -> None:
    with ScriptedIndex(upload=reply("308 Permanent Redirect", Location=location)) as index:
        with pytest.raises(PublishError) as caught:
            upload(client(index, urls=replace(urls_of(index), upload_url=f"{index.url}/legacy")))
        assert len(index.requests) == 1
    assert (caught.value.diagnostics()[0].code, caught.value.exit_code) == ("upload-redirected", 2)


def test_a_redirect_is_not_followed_with_the_token() -> None:
    with ScriptedIndex(upload=reply("200 OK")) as other:
        location = f"{other.url}/legacy/"
        with ScriptedIndex(upload=reply("307 Temporary Redirect", Location=location)) as index:
            found = problem(index)
    assert found.diagnostics()[0].code == "upload-redirected"
    assert other.connections == 0


def test_tries_without_a_deciding_answer_end_in_a_report_that_says_how_many() -> None:
    events = EventLog()
    with ScriptedIndex(upload=reply("503 Busy")) as index:
        found = problem(index, events)
    assert (found.exit_code, len(index.requests)) == (5, 6)
    diagnosis = found.diagnostics()[0]
    assert diagnosis.code == "upload-no-answer"
    assert "6 tries" in diagnosis.likely_cause
    assert "may have succeeded anyway" in diagnosis.likely_cause
    assert [event.outcome for event in events.of(NotUploaded)] == ["failed"]


def test_an_answer_with_raw_newlines_in_its_status_line_is_a_refusal_of_its_own() -> None:
    def newlines(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Invalid attestation:\n  1 validation error\r\nContent-Length: 0\r\n\r\n")

    with ScriptedIndex(upload=newlines) as index:
        found = problem(index)
    assert (found.exit_code, len(index.requests)) == (2, 1)
    diagnosis = found.diagnostics()[0]
    assert diagnosis.code == "upload-answer-unreadable"
    assert "400 Invalid attestation" in diagnosis.message


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (b"other bytes of that len!!", 25),
        (b"short", 25),
        (b"longer than it was when it was checked", 25),
        (b"", 25),
    ],
)
def test_a_file_that_changed_never_arrives_whole(content: bytes, size: int) -> None:
    assert size == FILE.size
    changed = distribution(open=lambda: io.BytesIO(content))
    events = EventLog()
    received: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.head()
        received.append(peer.wait_until_closed())

    with RawServer(script) as index, pytest.raises(DistributionError) as caught:
        upload(client(index, events), changed)
    assert caught.value.diagnostics()[0].code == "file-changed"
    assert events.of(Uploaded) == []
    assert len(received) == 1
    assert not received[0].endswith(b"--\r\n")


def test_a_file_that_grew_behind_what_was_checked_never_arrives_whole() -> None:
    """Every byte that was checked is still there, and reading ends with it at the end of a block."""
    checked = b"x" * BLOCK
    grown = distribution(
        size=BLOCK, sha256=hashlib.sha256(checked).hexdigest(), open=lambda: io.BytesIO(checked + b"more")
    )
    received: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.head()
        received.append(peer.wait_until_closed())

    with RawServer(script) as index, pytest.raises(DistributionError) as caught:
        upload(client(index), grown)
    assert "its size differs" in caught.value.diagnostics()[0].message
    assert b"xxxx" not in received[0]


def test_a_file_that_cannot_be_opened_any_more_has_changed() -> None:
    def gone() -> BinaryIO:
        raise FileNotFoundError("/secret/path")

    with ScriptedIndex(upload=reply("200 OK")) as index, pytest.raises(DistributionError) as caught:
        upload(client(index), distribution(open=gone))
    assert caught.value.diagnostics()[0].code == "file-changed"
    assert "secret" not in str(caught.value)
    assert index.requests == []


def test_a_change_in_the_first_block_of_a_large_file_holds_the_last_block_back() -> None:
    good = b"a" * (3 << 20) + b"the end"
    changed = distribution(
        size=len(good), sha256=hashlib.sha256(good).hexdigest(), open=lambda: io.BytesIO(b"X" + good[1:])
    )
    received: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.head()
        received.append(peer.wait_until_closed())

    with RawServer(script) as index, pytest.raises(DistributionError):
        upload(client(index), changed)
    assert len(received) == 1
    assert b"the end" not in received[0]


def test_progress_is_reported_a_few_times_a_second_and_not_for_each_block() -> None:
    content = b"x" * (8 << 20)
    clock = VirtualClock()

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            clock.advance(0.2)
            return super().read(size)

    file = distribution(size=len(content), sha256=hashlib.sha256(content).hexdigest(), open=lambda: Slow(content))
    events = EventLog()
    with ScriptedIndex(upload=reply("200 OK")) as index:
        upload(client(index, events, clock=clock), file)
    sent = [event.sent for event in events.of(UploadProgress)]
    assert 2 <= len(sent) <= 4
    assert sent == sorted(sent)
