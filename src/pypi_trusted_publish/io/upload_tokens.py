"""The upload tokens of one run: minted, renewed before they run out, and given back."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ..core.exchange import DEFAULT_LIFETIME, burn_request, mint_request, minted_token, possible_tokens
from ..core.mint_refusals import parse_refusal
from ..core.retry import RequestKind, RetryReason
from ..core.token_coverage import covered_projects
from ..errors import PublishError, Severity
from ..events import DiagnosisReported, Minted, Revoked
from ..secret import UploadToken
from .http.connections import ABORTED_PHRASE
from .http.failure import FailureKind, TransportFailure
from .retrying import NoAnswer, Retrier, by_status_and_document, mint_unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..clock import Clock
    from ..core.mint_refusals import Refusal
    from ..core.urls import IndexUrls
    from ..events import Emit
    from ..secret import Audience, IdentityToken, Secret
    from .http.exchange import Response
    from .http.session import Session

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


MINT_TIMEOUT: Final = 60.0
"""Seconds: minting is slow for publishers of hundreds of projects."""
_FRESH_ENOUGH: Final = 300.0
"""Seconds of life below which a token is replaced, or a third of its life where that is shorter."""
_RENEWAL_PAUSE: Final = 30.0
"""Seconds until a renewal that failed is tried again, while the old token still lives."""


class UploadTokens:
    """Hands out a living token; one mint at a time, each with an identity token of its own. Thread-safe."""

    def __init__(
        self,
        *,
        session: Session,
        urls: IndexUrls,
        audience: Audience,
        request_identity: Callable[[Audience], IdentityToken],
        explain: Callable[[Refusal], PublishError],
        register_secret: Callable[[Secret], None],
        clock: Clock,
        emit: Emit,
        random: Callable[[], float],
    ) -> None:
        self._session = session
        self._urls = urls
        self._audience = audience
        self._request_identity = request_identity
        self._explain = explain
        self._register_secret = register_secret
        self._clock = clock
        self._emit = emit
        self._retrier = Retrier(clock=clock, emit=emit, random=random)
        self._revoker = Revoker(session=session, url=urls.burn_url, retrier=self._retrier)
        self._one_at_a_time = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._minted: list[UploadToken] = []
        self._received: dict[Secret, float] = {}
        """What looked like a token in any answer of the mint endpoint, and when its request was sent."""
        self._renew_not_before = 0.0
        self._ending = False

    @property
    def minted(self) -> tuple[UploadToken, ...]:
        """Every token of this run, oldest first."""
        return tuple(self._minted)

    def mint(self) -> UploadToken:
        """Exchange a fresh identity token for an upload token.

        Raises what the index's refusal was explained as, IndexUnavailable when it gave no usable answer, and what the
        request for an identity token raises.
        """
        with self._one_at_a_time:
            return self._mint()

    def current(self) -> UploadToken:
        """A token with enough life left; an ageing one is renewed, and used on while that fails and it lives."""
        self._refuse_when_ending()
        with self._one_at_a_time:
            token = self._minted[-1] if self._minted else self._mint()
            left = self.seconds_left(token)
            if left > min(_FRESH_ENOUGH, token.lifetime / 3) or self._clock.monotonic() < self._renew_not_before:
                return token
            try:
                return self._mint()
            except PublishError as problem:
                if self.seconds_left(token) <= 0:
                    raise
                self._renew_not_before = self._clock.monotonic() + min(_RENEWAL_PAUSE, self.seconds_left(token) / 2)
                for diagnosis in problem.diagnostics():
                    self._emit(DiagnosisReported(diagnosis=replace(diagnosis, severity=Severity.WARNING)))
                return token

    def replace(self, stale: UploadToken) -> UploadToken:
        """Another token than ``stale``, which the index calls expired; the newest when somebody replaced it already."""
        with self._one_at_a_time:
            newest = self._minted[-1] if self._minted else stale
            return self._mint() if newest == stale else newest

    def seconds_left(self, token: UploadToken) -> float:
        """What is left of a token's life by the monotonic clock."""
        return token.minted_at + token.lifetime - self._clock.monotonic()

    def stop_minting(self, timeout: float) -> bool:
        """Hand out nothing any more; wait at most ``timeout`` seconds for a mint on its way, and say if there was one.

        A token that we never saw cannot be revoked. Whoever asks for one from now on gets a TransportFailure, as from
        a session that was aborted: else the token that was waited for would start the next upload.
        """
        self._ending = True
        minting = not self._idle.is_set()
        self._idle.wait(timeout)
        return minting

    def revoke_all(self, *, urgent: bool = False, within: float = URGENT_TIMEOUT) -> None:
        """Give back every token that still lives; never raises, and does nothing the second time.

        ``urgent``: all at once, within so many seconds, even after the session was aborted.
        """
        living = {token: self.seconds_left(token) for token in (*self.minted, *self._stray_tokens())}
        self._revoker.revoke(living, urgent=urgent, within=within)

    def _mint(self) -> UploadToken:
        self._idle.clear()
        try:
            answer, sent_at = self._answered()
            token = minted_token(answer.body, date_header=answer.headers.get("date"), monotonic_now=sent_at)
            if token.secret not in self._received:
                self._register_secret(token.secret)
            self._minted.append(token)
        finally:
            self._idle.set()
        self._refuse_when_ending()
        covered = covered_projects(token)
        projects = None if covered is None else len(covered)
        self._emit(Minted(lifetime=token.lifetime, projects=projects, renewal=len(self._minted) > 1))
        return token

    def _answered(self) -> tuple[Response, float]:
        """The answer 200 of the mint endpoint, and when its request was sent."""
        sent_at = 0.0

        def send(_attempt: int) -> Response:
            nonlocal sent_at
            self._refuse_when_ending()
            identity = self._request_identity(self._audience)
            self._refuse_when_ending()  # it took its time, and a mint begun now may be answered too late
            sent_at = self._clock.monotonic()
            try:
                answer = self._session.request(
                    "POST",
                    self._urls.mint_url,
                    headers={"Content-Type": "application/json", "Accept": "application/json"},
                    body=mint_request(identity),
                    read_timeout=MINT_TIMEOUT,
                )
            except TransportFailure as failure:
                self._hide_tokens(failure.partial, identity, sent_at)
                raise
            self._hide_tokens(answer.body, identity, sent_at)
            return answer

        try:
            answer = self._retrier.run(RequestKind.MINT, "mint an upload token", send, judge=_mint_trouble)
        except NoAnswer as none:
            if isinstance(none.last, TransportFailure) or none.trouble is RetryReason.HTML:
                raise mint_unanswered(self._urls, none) from None
            answer = none.last
        if answer.ok:
            return answer, sent_at
        raise self._explain(parse_refusal(answer.status, answer.body, answer.reason))

    def _hide_tokens(self, body: bytes, identity: IdentityToken, sent_at: float) -> None:
        """Register every possible token of an answer, usable or not; an index may send our identity token back."""
        for secret in possible_tokens(body):
            if secret != identity.secret and secret not in self._received:
                self._received[secret] = sent_at
                self._register_secret(secret)

    def _stray_tokens(self) -> tuple[UploadToken, ...]:
        """Possible tokens of answers that could not be used: they may be valid, so they are revoked as well."""
        minted = {token.secret for token in self._minted}
        return tuple(
            UploadToken(secret=secret, minted_at=sent_at, lifetime=DEFAULT_LIFETIME)
            for secret, sent_at in self._received.items()
            if secret not in minted
        )

    def _refuse_when_ending(self) -> None:
        if self._ending:
            raise TransportFailure(FailureKind.ABORTED, ABORTED_PHRASE)


def _mint_trouble(response: Response) -> RetryReason | None:
    """An answer that a fresh identity token may better."""
    if not response.ok and parse_refusal(response.status, response.body).heals_itself:
        return RetryReason.PENDING_PUBLISHER
    return by_status_and_document(response)
