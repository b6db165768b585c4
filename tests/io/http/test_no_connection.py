"""Connections that fail: no server, an unknown name, or a rule of ours that forbids it."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest
from httpcore._backends.sync import SyncStream

from builders.clock import VirtualClock
from builders.network import EventLog, session
from builders.raw_server import RawServer, answering
from pypi_trusted_publish.events import Failed
from pypi_trusted_publish.io.http.backend import Stream
from pypi_trusted_publish.io.http.connections import OpenSockets
from pypi_trusted_publish.io.http.exchange import Exchange, under_way
from pypi_trusted_publish.io.http.failure import FailureKind, TransportFailure


def test_a_refused_connection_has_a_phrase_of_ours() -> None:
    with RawServer(answering()) as server:
        pass
    log = EventLog()
    with pytest.raises(TransportFailure) as caught:
        session(log).request("GET", f"{server.url}/x")
    assert (caught.value.kind, caught.value.phrase, caught.value.body_sent) == (
        FailureKind.CONNECT,
        "connection refused",
        "no",
    )
    assert log.of(Failed)[0].problem == "connection refused"


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://example.com/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "ftp://127.0.0.1/",
        "https:///path",
        "//127.0.0.1/",
        "nonsense",
        "http://[::1/",
    ],
)
def test_plain_http_goes_nowhere_but_to_this_machine(url: str) -> None:
    with pytest.raises(TransportFailure) as caught:
        session().request("GET", url)
    assert caught.value.kind is FailureKind.FORBIDDEN


def test_a_socket_that_cannot_be_made_is_a_connection_that_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """No descriptor is left, or a name has an address of a family that this machine does not support."""

    class NoSocket(socket.socket):
        def __init__(self, *_: object) -> None:
            raise OSError(errno.EMFILE, "as the system says it")

    monkeypatch.setattr(socket, "socket", NoSocket)
    with pytest.raises(TransportFailure) as caught:
        session().request("GET", "http://127.0.0.1:1/")
    assert (caught.value.kind, caught.value.phrase) == (FailureKind.CONNECT, "too many open files")


def test_a_connection_that_is_reset_before_its_options_are_set_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS then calls the option invalid."""

    class Reset(socket.socket):
        def setsockopt(self, *_: object) -> None:
            raise OSError(errno.EINVAL, "as the system says it")

    with RawServer(answering()) as server:
        monkeypatch.setattr(socket, "socket", Reset)
        with pytest.raises(TransportFailure) as caught:
            session().request("GET", server.url)
    assert (caught.value.kind, caught.value.body_sent) == (FailureKind.CONNECT, "no")


def test_a_host_name_that_no_resolver_takes_is_reported_as_such() -> None:
    with pytest.raises(TransportFailure) as caught:
        session().request("GET", f"https://{'a' * 70}.invalid/", connect_timeout=2)
    assert (caught.value.kind, caught.value.phrase) == (FailureKind.CONNECT, "the host name cannot be resolved")


def test_plain_http_connects_to_no_address_but_this_machines() -> None:
    """Whatever a name is resolved to."""
    with pytest.raises(TransportFailure) as caught:
        OpenSockets().connect("192.0.2.1", 80, time_left=lambda: 1.0, loopback_only=True)
    assert caught.value.kind is FailureKind.FORBIDDEN


def test_a_connection_whose_time_is_over_before_its_handshake_is_closed() -> None:
    clock = VirtualClock()
    ours, theirs = socket.socketpair()
    with theirs, under_way(Exchange(clock=clock, read_timeout=1, deadline=5, urgent=False)):
        stream = Stream(SyncStream(ours), OpenSockets())
        clock.advance(6)
        with pytest.raises(TransportFailure) as caught:
            stream.start_tls(ssl.create_default_context(), "localhost")
    assert caught.value.kind is FailureKind.TIMEOUT
    assert ours.fileno() == -1
