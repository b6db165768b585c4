"""Every socket that is open, so that another thread can shut them all at once."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from .failure import FailureKind, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

ABORTED_PHRASE = "the run is ending"


class OpenSockets:
    """Thread-safe. After :meth:`abort` only urgent sockets may be added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._aborted = False
        self._users = 0
        self._ended = False

    @property
    def aborted(self) -> bool:
        """Whether :meth:`abort` was called."""
        return self._aborted

    def add(self, sock: socket.socket, *, urgent: bool) -> None:
        """Count ``sock`` among the open ones. Raises TransportFailure when the run is ending."""
        with self._lock:
            if self._aborted and not urgent:
                raise TransportFailure(FailureKind.ABORTED, ABORTED_PHRASE)
            self._open.add(sock)

    def replace(self, old: socket.socket, new: socket.socket, *, urgent: bool) -> None:
        """``new`` has taken over the descriptor of ``old``."""
        with self._lock:
            self._open.discard(old)
        self.add(new, urgent=urgent)

    def close(self, sock: socket.socket) -> None:
        """Close ``sock``, and forget it."""
        with self._lock:
            self._open.discard(sock)
        with contextlib.suppress(OSError):
            sock.close()

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Inside, sockets are opened and used; whoever is the last one to leave after :meth:`end` closes them all."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
            self._close_unused()

    def end(self) -> None:
        """Close all of them, once nobody uses any: a descriptor that is closed under a reader may soon be another."""
        with self._lock:
            self._ended = True
        self._close_unused()

    def _close_unused(self) -> None:
        with self._lock:
            if not self._ended or self._users:
                return
            left, self._open = self._open, set()
        for sock in left:
            with contextlib.suppress(OSError):
                sock.close()

    def abort(self) -> None:
        """Shut every open socket: whoever waits on one wakes up with an error, and closes it."""
        with self._lock:
            self._aborted = True
            for sock in self._open:
                with contextlib.suppress(OSError):
                    # Not SSLSocket.shutdown: that takes the TLS object away from the thread that is using it.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
