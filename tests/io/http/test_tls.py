"""Certificates are always verified, with the configured trust store."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import socket
import ssl
import sys
import threading
from pathlib import Path

import certifi
import pytest
import trustme
from cryptography import x509

from builders.network import early_connections, session
from builders.polling import PATIENT
from builders.raw_server import Peer, RawServer, answering
from pypi_trusted_publish.errors import WorkflowError
from pypi_trusted_publish.io.http.exchange import Body
from pypi_trusted_publish.io.http.failure import FailureKind, TransportFailure
from pypi_trusted_publish.io.http.trust import Trust
from pypi_trusted_publish.secret import Secret


def serving(authority: trustme.CA, *names: str, expired: bool = False) -> ssl.SSLContext:
    """A server's TLS with a certificate for these names."""
    end = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=1)
    begin = end - dt.timedelta(days=1)
    issued = authority.issue_cert(*names, not_before=begin, not_after=end) if expired else authority.issue_cert(*names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """An environment that trusts only the authority."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return {"SSL_CERT_FILE": str(path)}


def failure(url: str, environ: dict[str, str]) -> TransportFailure:
    with pytest.raises(TransportFailure) as caught:
        session(environ=environ).request("GET", url, connect_timeout=PATIENT)
    return caught.value


def test_an_authority_in_ssl_cert_file_is_trusted(authority: trustme.CA, trusting: dict[str, str]) -> None:
    with RawServer(answering(body=b"safe"), tls=serving(authority, "127.0.0.1")) as server:
        ours = session(environ=trusting)
        assert ours.request("GET", server.url).body == b"safe"
        assert ours.request("GET", server.url).body == b"safe"
    assert server.connections == 1


def test_an_authority_in_ssl_cert_dir_is_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    pem = authority.cert_pem.bytes()
    folder = tmp_path / "hashed"
    folder.mkdir()
    (folder / f"{subject_hash(pem)}.0").write_bytes(pem)
    with RawServer(answering(body=b"safe"), tls=serving(authority, "127.0.0.1")) as server:
        assert session(environ={"SSL_CERT_DIR": str(folder)}).request("GET", server.url).body == b"safe"


def subject_hash(pem: bytes) -> str:
    """OpenSSL's name of a certificate in a hashed folder: SHA-1 over the canonical encoding of its subject."""
    parts = b""
    for relative in x509.load_pem_x509_certificate(pem).subject.rdns:
        attribute = next(iter(relative))
        text = " ".join(str(attribute.value).lower().split()).encode()
        oid = b"\x06\x03\x55\x04" + bytes([int(attribute.oid.dotted_string.removeprefix("2.5.4."))])
        value = b"\x0c" + bytes([len(text)]) + text
        pair = b"\x30" + bytes([len(oid + value)]) + oid + value
        parts += b"\x31" + bytes([len(pair)]) + pair
    digest = hashlib.sha1(parts).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def test_an_unknown_authority_is_not_trusted(authority: trustme.CA) -> None:
    with RawServer(answering(), tls=serving(authority, "127.0.0.1")) as server:
        found = failure(server.url, {})
    assert found.kind is FailureKind.CERTIFICATE
    assert "trust store" in found.phrase
    assert server.requests == []


def test_a_certificate_for_another_host_is_not_accepted(authority: trustme.CA, trusting: dict[str, str]) -> None:
    with RawServer(answering(), tls=serving(authority, "127.0.0.2", "example.com")) as server:
        found = failure(server.url, trusting)
    assert (found.kind, found.phrase) == (
        FailureKind.CERTIFICATE,
        "the certificate was not accepted: it is for another address",
    )


def test_an_expired_certificate_is_not_accepted(authority: trustme.CA, trusting: dict[str, str]) -> None:
    with RawServer(answering(), tls=serving(authority, "127.0.0.1", expired=True)) as server:
        found = failure(server.url, trusting)
    assert (found.kind, found.phrase) == (
        FailureKind.CERTIFICATE,
        "the certificate was not accepted: it has expired",
    )


def test_a_server_that_speaks_no_tls_fails_the_handshake(trusting: dict[str, str]) -> None:
    def plain(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RawServer(plain) as server:
        found = failure(server.url.replace("http:", "https:"), trusting)
    assert found.kind is FailureKind.TLS


def test_a_handshake_that_never_ends_fails(trusting: dict[str, str]) -> None:
    def silent(peer: Peer) -> None:
        peer.wait_until_closed()

    with RawServer(silent) as server, pytest.raises(TransportFailure) as caught:
        session(environ=trusting).request("GET", server.url.replace("http:", "https:"), connect_timeout=0.2)
    assert caught.value.kind is FailureKind.TLS


def test_a_large_body_goes_through_tls(authority: trustme.CA, trusting: dict[str, str]) -> None:
    body = Body(length=1 << 22, chunks=lambda: iter([b"x" * (1 << 20)] * 4))
    with RawServer(answering(), tls=serving(authority, "127.0.0.1")) as server:
        assert session(environ=trusting).request("POST", server.url, body=body).status == 200
    assert len(server.requests[0].body) == 1 << 22


def test_a_connection_with_tls_that_was_opened_early_is_the_one_that_is_used(
    authority: trustme.CA, trusting: dict[str, str]
) -> None:
    """TLS 1.3 sends session tickets unasked, which must not look like the end of the connection."""
    tickets_sent = threading.Event()

    def script(peer: Peer) -> None:
        tickets_sent.set()
        answering(body=b"x")(peer)

    with RawServer(script, tls=serving(authority, "127.0.0.1")) as server:
        start = early_connections(trusting)
        ours = session(start=start)
        start.warm(server.url)
        assert tickets_sent.wait(PATIENT)
        ours.request("GET", server.url)
    assert server.connections == 1


def test_a_connection_opened_early_that_the_server_has_closed_is_not_used(
    authority: trustme.CA, trusting: dict[str, str]
) -> None:
    closed = threading.Event()

    def closing(peer: Peer) -> None:
        peer.sock.close()
        closed.set()

    with RawServer(closing, answering(body=b"x"), tls=serving(authority, "127.0.0.1")) as server:
        start = early_connections(trusting)
        ours = session(start=start)
        start.warm(server.url)
        assert closed.wait(PATIENT)
        assert ours.request("GET", server.url).body == b"x"
    assert server.connections == 2


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_trust_store_that_cannot_be_read_is_named(variable: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate\n")
    with pytest.raises(WorkflowError) as caught:
        Trust.from_environ({variable: str(broken)}).context()
    assert variable in caught.value.diagnostics()[0].message
    start = early_connections({variable: str(broken)})
    ours = session(start=start)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        start.warm(f"https://127.0.0.1:{server.getsockname()[1]}/")
        with pytest.raises(BlockingIOError):  # nobody has connected
            server.accept()
    with pytest.raises(WorkflowError):
        ours.request("GET", "https://127.0.0.1:1/")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in a folder")
def test_a_pipe_in_place_of_a_trust_store_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WorkflowError):
        Trust.from_environ({"SSL_CERT_FILE": str(tmp_path / "pipe")}).context()


def test_without_variables_the_context_trusts_somebody_and_verifies() -> None:
    trust = Trust.from_environ({"SSL_CERT_FILE": ""})
    context = trust.context()
    assert trust.context() is context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a store of its own")
def test_a_machine_without_an_authority_uses_certifis_whatever_else_is_in_the_folder(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """OpenSSL reads these two variables itself when it looks for the system's store."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    def authorities() -> int:
        return Trust.from_environ({}).context().cert_store_stats()["x509_ca"]

    assert authorities() > 50
    (tmp_path / "java").mkdir()
    (tmp_path / "java" / "cacerts").write_bytes(b"x")
    (tmp_path / "0123abcd.0").write_text("damaged\n")
    (tmp_path / "89abcdef.0").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "12345678.0")
    server = authority.issue_cert("machine.invalid").cert_chain_pems[0].bytes()
    (tmp_path / "ssl-cert-snakeoil.pem").write_bytes(server)
    (tmp_path / f"{subject_hash(server)}.0").write_bytes(server)
    assert authorities() > 50
    pem = authority.cert_pem.bytes()
    (tmp_path / "not-hashed.pem").write_bytes(pem)
    assert authorities() > 50, "OpenSSL does not find it by that name"
    (tmp_path / f"{subject_hash(pem)}.0").write_bytes(pem)
    assert authorities() == 0, "a folder with an authority is the machine's own store"


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows fetches authorities when they are needed")
def test_windows_trusts_the_authorities_that_it_has_not_fetched_yet() -> None:
    bundled = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bundled.load_verify_locations(cafile=certifi.where())
    assert {*bundled.get_ca_certs(binary_form=True)} <= {
        *Trust.from_environ({}).context().get_ca_certs(binary_form=True)
    }


def test_a_trust_store_that_may_not_be_listed_counts_as_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    def refused(_folder: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", refused)
    assert Trust.from_environ({}).context().cert_store_stats()["x509_ca"] > 50


def test_a_request_over_tls_ends_at_once_when_the_run_does(authority: trustme.CA, trusting: dict[str, str]) -> None:
    arrived = threading.Event()
    failures: list[TransportFailure] = []

    def script(peer: Peer) -> None:
        peer.request()
        arrived.set()
        peer.wait_until_closed()

    with RawServer(script, tls=serving(authority, "127.0.0.1")) as server:
        ours = session(environ=trusting)

        def run() -> None:
            try:
                ours.request("POST", server.url, body=b"x")
            except TransportFailure as failure:
                failures.append(failure)

        thread = threading.Thread(target=run)
        thread.start()
        assert arrived.wait(PATIENT)
        ours.abort()
        thread.join(PATIENT)
    assert [failure.kind for failure in failures] == [FailureKind.ABORTED]


def test_a_server_whose_certificate_has_expired_is_asked_for_its_date_without_credentials(
    authority: trustme.CA, trusting: dict[str, str]
) -> None:
    said = "Tue, 01 Sep 2026 10:00:00 GMT"
    with RawServer(answering(Date=said), tls=serving(authority, "127.0.0.1", expired=True)) as server:
        with pytest.raises(TransportFailure) as caught:
            session(environ=trusting).request(
                "POST", f"{server.url}/legacy/", headers={"Authorization": Secret("Basic c2VjcmV0")}, body=b"secret"
            )
        (asked,) = server.requests
    assert caught.value.server_date == said
    assert (asked.line, asked.body) == ("HEAD / HTTP/1.1", b"")
    assert "authorization" not in asked.headers


def test_a_server_of_an_unknown_authority_is_not_even_asked_for_its_date(authority: trustme.CA) -> None:
    with RawServer(answering(), tls=serving(authority, "127.0.0.1", expired=True)) as server:
        found = failure(server.url, {})
        assert (found.server_date, server.requests) == ("", [])


def test_an_expired_certificate_for_another_host_is_not_accepted_for_a_date_either(
    authority: trustme.CA, trusting: dict[str, str]
) -> None:
    with RawServer(answering(), tls=serving(authority, "127.0.0.2", expired=True)) as server:
        found = failure(server.url, trusting)
        assert (found.kind, found.server_date, server.requests) == (FailureKind.CERTIFICATE, "", [])
