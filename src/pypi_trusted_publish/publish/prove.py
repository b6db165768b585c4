"""Prove who we are: the runner, the audience that the index names, and an identity token whose claims hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from ..core.claims import decode_unverified
from ..events import DiagnosisReported, IdentityVerified, StepStarted

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..clock import Clock
    from ..core.claims import AcceptedClaims, ClaimsPolicy
    from ..events import Emit
    from ..secret import Audience, IdentityToken

Job = TypeVar("Job")


class Identity(Protocol):
    """Where identity tokens come from."""

    def request(self, audience: Audience) -> IdentityToken:
        """A new identity token for that audience."""


class NamesAudience(Protocol):
    """Who says what an identity token must be made for."""

    def audience(self) -> Audience:
        """The audience, within what our policy lets an index ask for."""


class ProvedIdentity:
    """Identity tokens of a job that proved who it is. Each one that the index will see is held against the policy."""

    def __init__(self, identity: Identity, policy: ClaimsPolicy, clock: Clock) -> None:
        self._identity = identity
        self._policy = policy
        self._clock = clock

    def request(self, audience: Audience) -> IdentityToken:
        """A token that nobody has used; raises what is wrong with it."""
        token = self._identity.request(audience)
        if audience == self._policy.audience:
            self.accept(token)
        return token

    def accept(self, token: IdentityToken) -> AcceptedClaims:
        """What a token proves; raises what it does not."""
        return self._policy.check(decode_unverified(token), self._clock.now())


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A job that may publish, and what an exchange needs of it."""

    accepted: AcceptedClaims
    audience: Audience
    identity: Identity


def prove(
    *,
    check_runner: Callable[[], Job],
    index: NamesAudience,
    identity: Callable[[Job, Audience], Identity],
    policy: Callable[[Audience], ClaimsPolicy],
    clock: Clock,
    emit: Emit,
) -> Proof:
    """Raise all that is wrong with the job, or return what it proved. The token is used for nothing else."""
    emit(StepStarted(title="Who publishes"))
    job = check_runner()
    audience = index.audience()
    tokens = identity(job, audience)
    proved = ProvedIdentity(tokens, policy(audience), clock)
    accepted = proved.accept(tokens.request(audience))
    emit(IdentityVerified(claims=accepted.claims.shown(), environment=accepted.environment))
    for warning in accepted.warnings:
        emit(DiagnosisReported(diagnosis=warning))
    return Proof(accepted=accepted, audience=audience, identity=proved)
