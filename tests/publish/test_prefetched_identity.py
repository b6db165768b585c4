from __future__ import annotations

import pytest

from builders.clock import VirtualClock
from pypi_trusted_publish.errors import Diagnosis, IndexUnavailable
from pypi_trusted_publish.events import Event
from pypi_trusted_publish.publish.background import Background
from pypi_trusted_publish.publish.prefetch import FRESH, PrefetchedIdentity
from pypi_trusted_publish.secret import Audience, IdentityToken, Secret

PYPI = Audience("pypi")


class GitHub:
    """Numbers its tokens; the first ``deaf`` requests fail."""

    def __init__(self, deaf: int = 0) -> None:
        self.deaf = deaf
        self.asked: list[str] = []

    def request(self, audience: Audience) -> IdentityToken:
        self.asked.append(audience)
        if len(self.asked) <= self.deaf:
            raise IndexUnavailable(Diagnosis(code="deaf", message="no answer"))
        return IdentityToken(secret=Secret(f"token-{len(self.asked)}"), audience=audience)


def ahead(github: GitHub) -> tuple[PrefetchedIdentity, VirtualClock]:
    clock = VirtualClock()
    return PrefetchedIdentity(github, Background(list[Event]().append), clock), clock


def test_the_first_exchange_gets_the_token_that_was_asked_for_ahead_and_the_next_a_new_one() -> None:
    github = GitHub()
    identity, _ = ahead(github)
    identity.prefetch(PYPI)
    tokens = [identity.request(PYPI).secret.reveal() for _ in range(2)]
    assert tokens == ["token-1", "token-2"]


def test_each_of_several_tokens_asked_for_ahead_is_handed_out_once() -> None:
    github = GitHub()
    identity, _ = ahead(github)
    for _ in range(2):
        identity.prefetch(PYPI)
    tokens = {identity.request(PYPI).secret.reveal() for _ in range(3)}
    assert tokens == {"token-1", "token-2", "token-3"}


@pytest.mark.parametrize(
    ("passed", "audience", "given"),
    [(FRESH - 1, "pypi", "token-1"), (FRESH, "pypi", "token-2"), (0.0, "testpypi", "token-2")],
    ids=["still fresh", "old", "for another audience"],
)
def test_a_token_that_is_old_or_for_another_audience_is_not_used(passed: float, audience: str, given: str) -> None:
    github = GitHub()
    identity, clock = ahead(github)
    identity.prefetch(PYPI)
    clock.advance(passed)
    token = identity.request(Audience(audience))
    assert (token.secret.reveal(), token.audience) == (given, audience)
    assert github.asked == ["pypi"] + [audience] * (given == "token-2")


def test_nothing_is_asked_ahead_unless_it_is_expected() -> None:
    github = GitHub()
    identity, _ = ahead(github)
    identity.request(PYPI)
    assert github.asked == ["pypi"]


def test_what_asking_ahead_raised_is_raised_by_the_first_and_the_next_asks_anew() -> None:
    identity, _ = ahead(GitHub(deaf=1))
    identity.prefetch(PYPI)
    with pytest.raises(IndexUnavailable):
        identity.request(PYPI)
    assert identity.request(PYPI).secret.reveal() == "token-2"
