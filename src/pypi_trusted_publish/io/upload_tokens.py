"""The upload tokens of one run: minted, renewed before they expire, and revoked."""

from __future__ import annotations

import threading
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ..core.exchange import DEFAULT_LIFETIME, can_be_masked, minted_token, possible_tokens, token_request
from ..core.retry import RequestKind, RetryReason
from ..core.token_coverage import covered_projects
from ..errors import PublishError, Severity, error_of
from ..events import DiagnosisReported, Minted, Revoked
from ..secret import UploadToken
from ..values import dataclass
from .http.connections import ABORTED_PHRASE
from .http.failure import FailureKind, TransportFailure
from .retrying import NoAnswer, Retrier, answer_in, unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..clock import Clock
    from ..core.responses import Answer
    from ..core.urls import IndexUrls
    from ..events import Emit
    from ..secret import Audience, IdentityToken, Secret
    from .http.session import Session

URGENT_TIMEOUT: Final = 1.5
"""Seconds for everything when the run must end immediately."""
_CALM_TIMEOUT: Final = 10.0
_UNKNOWN_TOKEN: Final = 422
"""The status of a revocation when the index does not know the token, or has revoked it already."""


@dataclass(frozen=True, kw_only=True)
class Revoker:
    """Revokes tokens on the index and remembers the result of each. Never raises. Thread-safe."""

    session: Session
    url: str
    retrier: Retrier
    _asked: set[tuple[UploadToken, bool]] = field(default_factory=set, repr=False)
    """Tokens for which a request was made, and whether it was urgent; an ordinary one may be aborted, so both may be
    made."""
    _revoked: set[UploadToken] = field(default_factory=set, repr=False)
    _unanswered: set[UploadToken] = field(default_factory=set, repr=False)
    """Tokens that the index may have revoked already: their request was sent, and no answer has decided."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def revoke(self, tokens: Mapping[UploadToken, float], *, urgent: bool, within: float = URGENT_TIMEOUT) -> None:
        """Revoke each token once (given with its remaining seconds); emit how many are revoked and how many are alive.

        ``within``: the seconds that everything may take if it is urgent.
        """
        with self._lock:
            wanted = [token for token in tokens if token not in self._revoked and (token, urgent) not in self._asked]
            self._asked.update((token, urgent) for token in wanted)
        if not wanted:
            return
        revoked = self._all_at_once(wanted, within) if urgent else sum([self._one_calmly(token) for token in wanted])
        with self._lock:
            alive = [max(0.0, left) for token, left in tokens.items() if token not in self._revoked]
            self.retrier.emit(Revoked(revoked=revoked, alive=len(alive), seconds_left=max(alive, default=0.0)))

    def _all_at_once(self, wanted: list[UploadToken], within: float) -> int:
        answers: list[bool] = []
        answered = threading.Event()

        def ask(token: UploadToken) -> None:
            answers.append(self._one_urgently(token, within))
            if len(answers) == len(wanted):
                answered.set()

        for token in wanted:
            threading.Thread(target=ask, args=(token,), daemon=True).start()
        answered.wait(within)
        return sum(answers)

    def _one_urgently(self, token: UploadToken, within: float) -> bool:
        try:
            return self._record(token, self._ask(token, timeout=within, urgent=True))
        except TransportFailure:
            return False

    def _one_calmly(self, token: UploadToken) -> bool:
        def send(_attempt: int) -> Answer:
            return self._ask(token, timeout=_CALM_TIMEOUT, urgent=False)

        try:
            return self._record(token, self.retrier.run(RequestKind.REVOKE, "revoke an upload token", send))
        except NoAnswer:
            return False

    def _ask(self, token: UploadToken, *, timeout: float, urgent: bool) -> Answer:
        with self._lock:
            asked_before = token in self._unanswered
            self._unanswered.add(token)
        try:
            response = self.session.request(
                "POST",
                self.url,
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                body=token_request(token),
                read_timeout=timeout,
                connect_timeout=timeout,
                deadline=timeout,
                urgent=urgent,
            )
        except TransportFailure as failure:
            if failure.body_sent == "no" and not asked_before:
                self._decided(token)
            raise
        answer = answer_in(RequestKind.REVOKE, response)
        if answer.retry is None and not (asked_before and answer.status == _UNKNOWN_TOKEN):
            self._decided(token)
        return answer

    def _decided(self, token: UploadToken) -> None:
        with self._lock:
            self._unanswered.discard(token)

    def _record(self, token: UploadToken, answer: Answer) -> bool:
        """Whether the token is revoked by this answer, or was by an earlier request whose answer did not arrive."""
        with self._lock:
            gone = answer.status == _UNKNOWN_TOKEN and token in self._unanswered
            revoked = (answer.ok or gone) and token not in self._revoked
            if revoked:
                self._revoked.add(token)
            return revoked


MINT_TIMEOUT: Final = 60.0
"""Seconds; minting is slow for publishers of hundreds of projects."""
_FRESH_ENOUGH: Final = 300.0
"""Remaining seconds below which a token is replaced; a third of its lifetime if that is shorter."""
_RENEWAL_PAUSE: Final = 30.0
"""Seconds until a failed renewal is tried again while the old token is still valid."""


class UploadTokens:
    """Provides valid upload tokens; mints one at a time, each with a new identity token. Thread-safe."""

    def __init__(
        self,
        *,
        session: Session,
        urls: IndexUrls,
        audience: Audience,
        request_identity: Callable[[Audience], IdentityToken],
        explain: Callable[[Answer], PublishError],
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
        self._revoker = Revoker(session=session, url=urls.revoke_url, retrier=self._retrier)
        self._one_at_a_time = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._minted: list[UploadToken] = []
        self._received: dict[Secret, float] = {}
        """Possible tokens in any answer of the mint endpoint, and when the request was sent."""
        self._renew_not_before = 0.0
        self._ending = False

    @property
    def minted(self) -> tuple[UploadToken, ...]:
        """Every token of this run, oldest first."""
        return tuple(self._minted)

    def mint(self) -> UploadToken:
        """Exchange a new identity token for an upload token.

        Raises the explained refusal of the index, IndexUnavailable when there is no usable answer, and what the request
        for an identity token raises.
        """
        with self._one_at_a_time:
            return self._mint()

    def current(self) -> UploadToken:
        """A token that is valid long enough; one that expires soon is renewed, but still used if that fails."""
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
        """A new token in place of ``stale``, which the index calls expired; the newest if it was already replaced."""
        with self._one_at_a_time:
            newest = self._minted[-1] if self._minted else stale
            return self._mint() if newest == stale else newest

    def seconds_left(self, token: UploadToken) -> float:
        """The remaining seconds of a token by the monotonic clock."""
        return token.minted_at + token.lifetime - self._clock.monotonic()

    def stop_minting(self, timeout: float) -> bool:
        """Provide no more tokens; wait at most ``timeout`` seconds for a running mint, and return whether one ran.

        A token that we never received cannot be revoked. From now on, callers get a TransportFailure, like from an
        aborted session: otherwise the new token would start the next upload.
        """
        self._ending = True
        minting = not self._idle.is_set()
        self._idle.wait(timeout)
        return minting

    def revoke_all(self, *, urgent: bool = False, within: float = URGENT_TIMEOUT) -> None:
        """Revoke every token that is still valid; never raises, and does nothing the second time.

        ``urgent``: all in parallel, within so many seconds, even after the session was aborted.
        """
        tokens = {token: self.seconds_left(token) for token in (*self.minted, *self._stray_tokens())}
        self._revoker.revoke(tokens, urgent=urgent, within=within)

    def _mint(self) -> UploadToken:
        self._idle.clear()
        try:
            answer, sent_at = self._answered()
            token = minted_token(answer.document, date_header=answer.date, monotonic_now=sent_at)
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

    def _answered(self) -> tuple[Answer, float]:
        """The answer 200 of the mint endpoint, and when its request was sent."""
        sent_at = 0.0

        def send(_attempt: int) -> Answer:
            nonlocal sent_at
            self._refuse_when_ending()
            identity = self._request_identity(self._audience)
            self._refuse_when_ending()  # it took its time, and a mint begun now may be answered too late
            sent_at = self._clock.monotonic()
            response = self._session.request(
                "POST",
                self._urls.mint_url,
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                body=token_request(identity),
                read_timeout=MINT_TIMEOUT,
                before_report=partial(self._hide_tokens, identity, sent_at),
            )
            return answer_in(RequestKind.MINT, response)

        try:
            answer = self._retrier.run(RequestKind.MINT, "mint an upload token", send)
        except NoAnswer as failure:
            if failure.reason is RetryReason.PENDING_PUBLISHER and not isinstance(failure.last, TransportFailure):
                raise self._explain(failure.last) from None
            raise error_of(
                unanswered(
                    failure,
                    code="mint-no-answer",
                    message=f"{self._urls.title} gave no usable answer to the request for an upload token",
                    url=self._urls.mint_url,
                    now=self._clock.now(),
                    fix="If it happens again, look at the status page of the index, and at the rules of the runner's "
                    "proxy.",
                )
            ) from None
        if answer.ok:
            return answer, sent_at
        raise self._explain(answer)

    def _hide_tokens(self, identity: IdentityToken, sent_at: float, headers: Sequence[str], body: bytes) -> None:
        """Register every possible token in an answer as a secret; an index may also send our identity token back."""
        for secret in possible_tokens(body, headers=headers):
            if secret != identity.secret and secret not in self._received:
                self._received[secret] = sent_at
                if can_be_masked(secret):
                    self._register_secret(secret)

    def _stray_tokens(self) -> tuple[UploadToken, ...]:
        """Possible tokens in unusable answers: they may be valid, so they are revoked too."""
        minted = {token.secret for token in self._minted}
        return tuple(
            UploadToken(secret=secret, minted_at=sent_at, lifetime=DEFAULT_LIFETIME)
            for secret, sent_at in self._received.items()
            if secret not in minted
        )

    def _refuse_when_ending(self) -> None:
        if self._ending:
            raise TransportFailure(FailureKind.ABORTED, ABORTED_PHRASE)
