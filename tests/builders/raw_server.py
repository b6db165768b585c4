"""A server on loopback that does exactly what a script says with each connection, right or wrong."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .polling import PATIENT

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

from typing_extensions import Self


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    line: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, seen: list[Request]) -> None:
        self.sock = sock
        self._seen = seen
        self._pending = b""

    def head(self) -> Request:
        """Read a request up to its body."""
        while b"\r\n\r\n" not in self._pending:
            self._pending += self._more()
        raw, _, self._pending = self._pending.partition(b"\r\n\r\n")
        line, *rest = raw.decode("latin-1").split("\r\n")
        fields = (field.partition(":") for field in rest)
        return Request(line, {name.lower(): value.strip() for name, _, value in fields}, b"")

    def request(self) -> Request:
        """Read a whole request, and remember it."""
        head = self.head()
        length = int(head.headers.get("content-length", "0"))
        while len(self._pending) < length:
            self._pending += self._more()
        body, self._pending = self._pending[:length], self._pending[length:]
        request = Request(head.line, head.headers, body)
        self._seen.append(request)
        return request

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, status: str = "200 OK", body: bytes = b"", **headers: str) -> None:
        """A well-formed answer; underscores in header names become dashes."""
        named = {"Content-Length": str(len(body))} | {key.replace("_", "-"): value for key, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self.send(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body)

    def reset(self) -> None:
        """End the connection with a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_until_closed(self) -> bytes:
        """Read until the client closes; what came until then."""
        received = bytearray(self._pending)
        with contextlib.suppress(OSError):
            while data := self.sock.recv(1 << 16):
                received += data
        return bytes(received)

    def _more(self) -> bytes:
        data = self.sock.recv(1 << 16)
        if not data:
            raise ConnectionError("the client closed")
        return data


Script: TypeAlias = Callable[[Peer], None]


class RawServer:
    """Serves the n-th connection with the n-th script, and further ones with the last."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = scripts
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._last: object = None
        self.connections = 0
        self.requests: list[Request] = []
        self.crashes: list[BaseException] = []
        self.port: int = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket() as last, self._socket:
            last.bind(("127.0.0.1", 0))
            self._last = last.getsockname()
            last.connect(("127.0.0.1", self.port))
            self._accepting.join(PATIENT)
        for sock in self._open:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
                if sys.platform == "win32":  # a thread that waits there goes on until the handle is closed
                    socket.close(socket.socket.detach(sock))
        for thread in self._threads:
            thread.join(PATIENT)
        if self.crashes and value is None:
            raise self.crashes[0]

    def _accept(self) -> None:
        """Serve every connection up to the one that marks the end."""
        while True:
            sock, address = self._socket.accept()
            if address == self._last:
                sock.close()
                return
            sock.settimeout(PATIENT)
            script = self._scripts[min(self.connections, len(self._scripts) - 1)]
            self.connections += 1
            self._open.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock, script), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, sock: socket.socket, script: Script) -> None:
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._open.append(sock)
            with sock:
                script(Peer(sock, self.requests))
        except OSError:  # the client went away, as many tests want it to
            return
        except BaseException as crash:  # noqa: BLE001 - raised in the thread of the test
            self.crashes.append(crash)


def answering(status: str = "200 OK", body: bytes = b"", **headers: str) -> Script:
    """Answer every request of a connection alike."""

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.answer(status, body, **headers)

    return script


def in_turn(*answers: tuple[str, bytes]) -> Script:
    """Answer the requests of a connection one after the other, each with its status line and body."""

    def script(peer: Peer) -> None:
        for status, body in answers:
            peer.request()
            peer.answer(status, body, Content_Type="application/json")
        peer.wait_until_closed()

    return script


def sending(data: bytes) -> Script:
    """Read a request, send exactly these bytes, and wait for the client to close."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(data)
        peer.wait_until_closed()

    return script
