"""Malformed answers: each ends in a failure that says what is wrong, and nothing hangs."""

from __future__ import annotations

import errno
import itertools
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from builders.network import EventLog, session
from builders.polling import PATIENT
from builders.raw_server import Peer, RawServer, Script, answering, sending
from pypi_trusted_publish.errors import Diagnosis, DistributionError
from pypi_trusted_publish.events import Failed
from pypi_trusted_publish.io.http.exchange import Body
from pypi_trusted_publish.io.http.failure import FailureKind, TransportFailure
from pypi_trusted_publish.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = 0.3
"""Seconds, for a server that never answers; other servers get ``PATIENT``."""


def failure_of(script: Script, *, read_timeout: float = PATIENT) -> TransportFailure:
    """How a POST with a body of five bytes fails when it is served like that."""
    with RawServer(script) as server, pytest.raises(TransportFailure) as caught:
        session().request("POST", server.url, body=b"hello", read_timeout=read_timeout)
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Invalid attestation:\n  1 validation error\n  for Attestation\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 400 a\0b\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_status_line_that_breaks_http_fails_and_gives_its_status_away(data: bytes) -> None:
    failure = failure_of(sending(data))
    assert (failure.kind, failure.status, failure.body_sent) == (FailureKind.MALFORMED, 400, "wholly")
    assert failure.received_start[:1] in {"I", "a"}


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n",
        b"HTTP/1.1 999999 What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n",
    ],
)
def test_what_is_not_http_is_malformed(data: bytes) -> None:
    assert failure_of(sending(data)).kind is FailureKind.MALFORMED


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nxxxx",
    ],
)
def test_an_answer_whose_encoding_cannot_be_undone_has_a_status_and_no_body(data: bytes) -> None:
    with RawServer(sending(data)) as server:
        response = session().request("POST", server.url, body=b"12345")
    assert (response.status, response.body, response.truncated) == (200, b"", False)


def test_a_head_without_end_is_malformed() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        for number in itertools.count():
            peer.send(b"X-Header-%d: " % number + b"x" * 1000 + b"\r\n")

    assert failure_of(script).kind is FailureKind.MALFORMED


def test_a_body_without_end_is_cut_at_the_limit() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            peer.send(b"400\r\n" + b"x" * 1024 + b"\r\n")

    with RawServer(script) as server:
        response = session().request("GET", server.url, limit=10_000)
    assert (len(response.body), response.truncated) == (10_000, True)


def test_no_answer_at_all_is_a_timeout() -> None:
    failure = failure_of(sending(b""), read_timeout=SHORT)
    assert (failure.kind, failure.body_sent) == (FailureKind.TIMEOUT, "wholly")


def test_an_answer_that_stops_in_its_middle_is_a_timeout() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
    assert failure_of(sending(data), read_timeout=SHORT).kind is FailureKind.TIMEOUT


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
def test_an_answer_that_drips_ends_though_each_drop_is_in_time(head: bytes) -> None:
    closing = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head)
        while not closing.wait(SHORT / 6):
            peer.send(b"H" if not head else b"x")

    failure = failure_of(script, read_timeout=SHORT)
    assert failure.kind is FailureKind.TIMEOUT


def test_provisional_answers_without_end_do_not_hold_a_request_for_ever() -> None:
    closing = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        while not closing.wait(SHORT / 6):
            peer.send(b"HTTP/1.1 102 Processing\r\n\r\n")

    failure = failure_of(script, read_timeout=SHORT)
    assert failure.kind is FailureKind.TIMEOUT


def test_a_deadline_ends_a_request_before_its_read_timeout() -> None:
    with RawServer(sending(b"")) as server, pytest.raises(TransportFailure) as caught:
        session().request("GET", server.url, read_timeout=60, deadline=0.2)
    assert caught.value.kind is FailureKind.TIMEOUT


def test_a_server_that_stops_reading_is_stalled() -> None:
    stop = threading.Event()

    def script(peer: Peer) -> None:
        peer.head()
        stop.wait(PATIENT)

    body = Body(length=1 << 28, chunks=lambda: iter([b"x" * (1 << 20)] * 256))
    with RawServer(script) as server:
        with pytest.raises(TransportFailure) as caught:
            session().request("POST", server.url, body=body, read_timeout=SHORT)
        stop.set()
    assert (caught.value.kind, caught.value.body_sent) == (FailureKind.STALLED, "partly")


def test_the_answer_of_a_server_that_stops_reading_is_read() -> None:
    answered, stop = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.head()
        peer.answer("403 Forbidden", b"no")
        answered.set()
        stop.wait(PATIENT)

    def chunks() -> Iterator[bytes]:
        yield b"x"
        assert answered.wait(PATIENT)
        yield b"x" * ((1 << 28) - 1)

    body = Body(length=1 << 28, chunks=chunks)
    with RawServer(script) as server:
        response = session().request("POST", server.url, body=body, read_timeout=SHORT)
        stop.set()
    assert (response.status, response.body) == (403, b"no")


def test_a_reset_after_the_body_was_sent_is_ambiguous() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.reset()

    failure = failure_of(script)
    assert (failure.kind, failure.body_sent) == (FailureKind.RESET, "wholly")


def test_an_answer_is_read_whatever_the_system_calls_a_write_to_a_server_that_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """macOS may say that the type of the socket is wrong."""

    class Ending(socket.socket):
        def send(self, *_: object) -> int:
            raise OSError(errno.EPROTOTYPE, "as the system says it")

    def script(peer: Peer) -> None:
        peer.answer("403 Forbidden", b"no")
        peer.wait_until_closed()

    with RawServer(script) as server:
        monkeypatch.setattr(socket, "socket", Ending)
        response = session().request("POST", server.url, body=b"x")
    assert (response.status, response.body) == (403, b"no")


def test_a_close_without_an_answer_is_a_reset() -> None:
    def script(peer: Peer) -> None:
        peer.request()

    assert failure_of(script).kind is FailureKind.RESET


def test_a_reset_in_the_middle_of_the_body_says_so() -> None:
    def script(peer: Peer) -> None:
        peer.head()
        peer.reset()

    body = Body(length=1 << 26, chunks=lambda: iter([b"x" * (1 << 20)] * 64))
    with RawServer(script) as server, pytest.raises(TransportFailure) as caught:
        session().request("POST", server.url, body=body)
    assert (caught.value.kind, caught.value.body_sent) == (FailureKind.RESET, "partly")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf",
    ],
)
@pytest.mark.parametrize("hard", [False, True])
def test_an_answer_that_ends_too_early_is_truncated(data: bytes, hard: bool) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(data)
        if hard:
            read.wait(SHORT / 2)
            peer.reset()

    read = threading.Event()
    failure = failure_of(script)
    assert failure.kind is FailureKind.TRUNCATED


def test_a_body_that_raises_ends_the_request_and_the_connection() -> None:
    received: list[bytes] = []
    done = threading.Event()

    def script(peer: Peer) -> None:
        peer.head()
        received.append(peer.wait_until_closed())
        done.set()

    def chunks() -> Iterator[bytes]:
        yield b"first"
        raise DistributionError(Diagnosis(code="x", message="it changed"))

    log = EventLog()
    with RawServer(script) as server:
        with pytest.raises(DistributionError):
            session(log).request("POST", server.url, body=Body(length=100, chunks=chunks))
        assert done.wait(PATIENT)
    assert received == [b"first"]
    assert log.of(Failed)[0].problem == "stopped on our side"


@pytest.mark.parametrize("length", [4, 6])
def test_a_body_of_another_length_than_declared_is_our_mistake_and_is_not_completed(length: int) -> None:
    with RawServer(answering()) as server, pytest.raises(ValueError, match="declared"):
        session().request("POST", server.url, body=Body(length=length, chunks=lambda: iter([b"12345"])))
    assert server.requests == []


def test_a_failure_never_quotes_a_secret() -> None:
    log = EventLog()
    with RawServer(sending(b"nonsense\r\n\r\n")) as server, pytest.raises(TransportFailure) as caught:
        session(log).request("POST", server.url, headers={"Authorization": Secret("s3cret")}, body=Secret("s3cret"))
    assert "s3cret" not in f"{caught.value!r} {caught.value} {vars(caught.value)} {log.events}"
    assert caught.value.__cause__ is None
