"""Gives upload tokens back."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..events import Revoked
from ..transport.failure import TransportFailure
from ..trusted_publishing.exchange import burn_request
from .attempts import NoAnswer, Retrier
from .retry import RequestKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..transport.message import Response
    from ..transport.session import Session
    from ..trusted_publishing.tokens import UploadToken

URGENT_TIMEOUT: Final = 1.5
"""Seconds for everything, when the run must end at once."""
_CALM_TIMEOUT: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Revoker:
    """Asks the index to revoke tokens, and remembers what became of each. Never raises. Thread-safe."""

    session: Session
    url: str
    retrier: Retrier
    _asked: set[tuple[UploadToken, bool]] = field(default_factory=set, repr=False)
    """Tokens, and whether it was asked for urgently: who asks calmly may be cut off, so both may ask."""
    _gone: set[UploadToken] = field(default_factory=set, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def revoke(self, living: Mapping[UploadToken, float], *, urgent: bool, within: float = URGENT_TIMEOUT) -> None:
        """Ask once for each token of ``living`` (token and seconds left); tell how many are gone by it, and alive.

        ``within``: seconds that everything may take when it is urgent.
        """
        with self._lock:
            wanted = [token for token in living if token not in self._gone and (token, urgent) not in self._asked]
            self._asked.update((token, urgent) for token in wanted)
        if not wanted:
            return
        gone = self._all_at_once(wanted, within) if urgent else sum([self._one_calmly(token) for token in wanted])
        with self._lock:
            alive = [max(0.0, left) for token, left in living.items() if token not in self._gone]
            self.retrier.emit(Revoked(revoked=gone, alive=len(alive), seconds_left=max(alive, default=0.0)))

    def _all_at_once(self, wanted: list[UploadToken], within: float) -> int:
        gone: list[bool] = []
        answered = threading.Event()

        def ask(token: UploadToken) -> None:
            gone.append(self._one_urgently(token, within))
            if len(gone) == len(wanted):
                answered.set()

        for token in wanted:
            threading.Thread(target=ask, args=(token,), daemon=True).start()
        answered.wait(within)
        return sum(gone)

    def _one_urgently(self, token: UploadToken, within: float) -> bool:
        try:
            return self._noted(token, self._ask(token, timeout=within, urgent=True))
        except TransportFailure:
            return False

    def _one_calmly(self, token: UploadToken) -> bool:
        def send(_attempt: int) -> Response:
            return self._ask(token, timeout=_CALM_TIMEOUT, urgent=False)

        try:
            return self._noted(token, self.retrier.run(RequestKind.REVOKE, "revoke an upload token", send))
        except NoAnswer:
            return False

    def _ask(self, token: UploadToken, *, timeout: float, urgent: bool) -> Response:
        return self.session.request(
            "POST",
            self.url,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            body=burn_request(token),
            read_timeout=timeout,
            connect_timeout=timeout,
            deadline=timeout,
            urgent=urgent,
        )

    def _noted(self, token: UploadToken, answer: Response) -> bool:
        """Whether the token is gone by this answer, and was not before."""
        with self._lock:
            news = answer.ok and token not in self._gone
            if news:
                self._gone.add(token)
            return news
