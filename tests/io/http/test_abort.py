"""Another thread can end all requests in progress."""

from __future__ import annotations

import os
import ssl
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from builders.network import EventLog, early_connections, session
from builders.polling import PATIENT
from builders.raw_server import Peer, RawServer, Script, answering
from pypi_trusted_publish.events import Failed
from pypi_trusted_publish.io.http import connections
from pypi_trusted_publish.io.http.exchange import Body
from pypi_trusted_publish.io.http.failure import FailureKind, TransportFailure

if TYPE_CHECKING:
    from pypi_trusted_publish.io.http.session import Session


def in_background(ours: Session, url: str, body: Body | None = None) -> tuple[threading.Thread, list[TransportFailure]]:
    failures: list[TransportFailure] = []

    def run() -> None:
        try:
            ours.request("POST", url, body=body, connect_timeout=PATIENT, read_timeout=PATIENT)
        except TransportFailure as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, failures


def silent(arrived: threading.Event) -> Script:
    """Read a request, say that it has arrived, and never answer."""

    def script(peer: Peer) -> None:
        peer.request()
        arrived.set()
        peer.wait_until_closed()

    return script


def test_a_request_that_waits_for_its_answer_ends_at_once() -> None:
    arrived = threading.Event()
    log = EventLog()
    with RawServer(silent(arrived)) as server:
        ours = session(log)
        thread, failures = in_background(ours, server.url)
        assert arrived.wait(PATIENT)
        ours.abort()
        thread.join(PATIENT)
    assert [failure.kind for failure in failures] == [FailureKind.ABORTED]
    assert log.of(Failed)[0].problem == "the run is ending"


def test_the_end_of_requests_is_reported_before_a_session_counts_as_idle() -> None:
    arrived = threading.Event()
    log = EventLog()
    with RawServer(silent(arrived)) as server:
        ours = session(log)
        thread, _ = in_background(ours, server.url)
        assert arrived.wait(PATIENT)
        ours.wait_until_idle(0.01)
        assert log.of(Failed) == []  # it is not: the wait was too short
        ours.abort()
        ours.wait_until_idle(PATIENT)
        assert len(log.of(Failed)) == 1
        thread.join(PATIENT)


def test_a_request_in_the_middle_of_its_body_ends_at_once() -> None:
    arrived, stop = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.head()
        arrived.set()
        stop.wait(PATIENT)

    with RawServer(script) as server:
        ours = session()
        body = Body(length=1 << 28, chunks=lambda: iter([b"x" * (1 << 20)] * 256))
        thread, failures = in_background(ours, server.url, body)
        assert arrived.wait(PATIENT)
        ours.abort()
        thread.join(PATIENT)
        stop.set()
    assert [(failure.kind, failure.body_sent) for failure in failures] == [(FailureKind.ABORTED, "partly")]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_nothing_that_comes_late_is_lost_where_a_wait_has_many_pieces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tls: bool
) -> None:
    """On Windows, where a socket that another thread shuts does not end a wait."""
    monkeypatch.setattr(connections, "_PIECE", 0.005)
    authority, serving = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    environ = {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
    content = os.urandom(1 << 20) * 8  # more than a connection holds

    def late(peer: Peer) -> None:
        time.sleep(0.02)
        peer.request()
        for part in (b"HTTP/1.1 200 OK\r\nConten", b"t-Length: 4\r\n\r\nla", b"te"):
            time.sleep(0.02)
            peer.send(part)

    def silent(peer: Peer) -> None:
        peer.request()
        peer.wait_until_closed()

    body = Body(length=len(content), chunks=lambda: iter([content]))
    with RawServer(late, silent, tls=serving if tls else None) as server:
        assert session(environ=environ).request("POST", server.url, body=body).body == b"late"
        with pytest.raises(TransportFailure) as caught:
            session(environ=environ).request("GET", server.url, read_timeout=0.01)
    assert server.requests[0].body == content
    assert caught.value.kind is FailureKind.TIMEOUT


def test_a_tls_handshake_that_never_ends_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_TIMEOUT", PATIENT)
    begun = threading.Semaphore(0)

    def script(peer: Peer) -> None:
        peer.sock.recv(1)
        begun.release()
        peer.wait_until_closed()

    with RawServer(script) as server:
        start = early_connections()
        ours = session(start=start)
        url = server.url.replace("http:", "https:")
        warming = threading.Thread(target=start.warm, args=(url,))
        warming.start()
        thread, failures = in_background(ours, url)
        assert begun.acquire(timeout=PATIENT)
        assert begun.acquire(timeout=PATIENT)
        ours.abort()
        for ending in (thread, warming):
            ending.join(PATIENT / 2)
            assert not ending.is_alive()
    assert [failure.kind for failure in failures] == [FailureKind.ABORTED]


def test_a_tls_handshake_that_drips_ends_in_time() -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.send(b"\x16\x03\x03\x40\x00")
        while not closed.wait(0.02):
            peer.send(b"\x02")

    with RawServer(script) as server:
        with pytest.raises(TransportFailure) as caught:
            session().request("GET", server.url.replace("http:", "https:"), connect_timeout=0.3)
        closed.set()
    assert (caught.value.kind, caught.value.phrase) == (FailureKind.TLS, "the TLS handshake took too long")


def test_afterwards_only_urgent_requests_are_sent() -> None:
    with RawServer(answering(body=b"x")) as server:
        ours = session()
        ours.request("GET", server.url)
        ours.abort()
        with pytest.raises(TransportFailure) as caught:
            ours.request("GET", server.url)
        assert ours.request("GET", server.url, urgent=True).body == b"x"
        assert ours.request("GET", server.url, urgent=True).body == b"x"
    assert caught.value.kind is FailureKind.ABORTED
    assert len(server.requests) == 3


def test_ending_twice_is_as_good_as_once() -> None:
    ours = session()
    ours.abort()
    ours.abort()
    with pytest.raises(TransportFailure) as caught:
        ours.request("GET", "http://127.0.0.1:1/")
    assert caught.value.kind is FailureKind.ABORTED


def test_a_session_that_is_closed_opens_nothing_more_not_even_early() -> None:
    ended = threading.Semaphore(0)

    def script(peer: Peer) -> None:
        peer.wait_until_closed()
        ended.release()

    with RawServer(script, script) as server:
        start = early_connections()
        ours = session(start=start)
        start.warm(server.url)
        ours.close()
        assert ended.acquire(timeout=PATIENT)
        start.warm(server.url)
        with pytest.raises(TransportFailure):
            ours.request("GET", server.url)
        assert not ended.acquire(blocking=False)


def test_a_request_that_is_still_in_flight_when_the_session_is_closed_closes_its_connection_itself() -> None:
    arrived, ended = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        arrived.set()
        peer.wait_until_closed()
        ended.set()

    with RawServer(script) as server:
        ours = session()
        thread, failures = in_background(ours, server.url)
        assert arrived.wait(PATIENT)
        ours.close()
        thread.join(PATIENT)
        assert ended.wait(PATIENT)
    assert [failure.kind for failure in failures] == [FailureKind.ABORTED]
