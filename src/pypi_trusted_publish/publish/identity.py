"""Verify the publishing job: the runner, the audience of the index, and the claims of an identity token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from ..core.claims import decode_unverified
from ..events import DiagnosisReported, IdentityVerified, StepStarted
from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..clock import Clock
    from ..core.claims import AcceptedClaims, ClaimsPolicy
    from ..events import Emit
    from ..secret import Audience, IdentityToken

Job = TypeVar("Job")


class Identity(Protocol):
    """Requests identity tokens."""

    def request(self, audience: Audience) -> IdentityToken:
        """A new identity token for an audience."""


class NamesAudience(Protocol):
    """Names the audience of the identity tokens."""

    def audience(self) -> Audience:
        """The audience; raises when our policy does not allow it."""


class VerifiedIdentity:
    """Identity tokens of a verified job. The claims of each one that the index will see are checked."""

    def __init__(self, identity: Identity, policy: ClaimsPolicy, clock: Clock) -> None:
        self._identity = identity
        self._policy = policy
        self._clock = clock

    def request(self, audience: Audience) -> IdentityToken:
        """A token that has not been used; raises when its claims are not accepted."""
        token = self._identity.request(audience)
        if audience == self._policy.audience:
            self.accept(token)
        return token

    def accept(self, token: IdentityToken) -> AcceptedClaims:
        """The claims of a token; raises when the policy does not accept them."""
        return self._policy.check(decode_unverified(token), self._clock.now())


@dataclass(frozen=True, kw_only=True)
class VerifiedJob:
    """A job that may publish, and what the exchange needs from it."""

    accepted: AcceptedClaims
    audience: Audience
    identity: Identity


def verify_identity(
    *,
    check_runner: Callable[[], Job],
    index: NamesAudience,
    identity: Callable[[Job, Audience], Identity],
    policy: Callable[[Audience], ClaimsPolicy],
    clock: Clock,
    emit: Emit,
) -> VerifiedJob:
    """Return the job, or raise all problems. The identity token is used for nothing else."""
    emit(StepStarted(title="Who publishes"))
    job = check_runner()
    audience = index.audience()
    tokens = identity(job, audience)
    verified = VerifiedIdentity(tokens, policy(audience), clock)
    accepted = verified.accept(tokens.request(audience))
    emit(IdentityVerified(claims=accepted.claims.shown(), environment=accepted.environment))
    for warning in accepted.warnings:
        emit(DiagnosisReported(diagnosis=warning))
    return VerifiedJob(accepted=accepted, audience=audience, identity=verified)
