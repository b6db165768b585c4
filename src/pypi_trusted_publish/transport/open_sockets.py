"""Every socket that is open, so that another thread can shut them all at once."""

from __future__ import annotations

import contextlib
import socket
import threading

from .failure import FailureKind, TransportFailure

ABORTED_PHRASE = "the run is ending"


class OpenSockets:
    """Thread-safe. After :meth:`abort` only urgent sockets may be added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._aborted = False

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

    def close_all(self) -> None:
        """Close what is left, when nobody uses it any more."""
        with self._lock:
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
