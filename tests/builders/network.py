"""A session as tests want it: it remembers what it told, and knows no proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import pytest

from pypi_trusted_publish.events import Event
from pypi_trusted_publish.system_clock import SystemClock
from pypi_trusted_publish.transport.proxies import Proxies
from pypi_trusted_publish.transport.session import Session
from pypi_trusted_publish.transport.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


Kind = TypeVar("Kind", bound=Event)
_MADE: Final[list[Session]] = []


class Told:
    """Every event, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Those of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


def session(told: Told | None = None, *, environ: Mapping[str, str] | None = None) -> Session:
    """A session that reads ``environ`` and nothing else. Its time-outs are real."""
    variables = environ or {}
    made = Session(
        proxies=Proxies.from_environ(variables),
        trust=Trust.from_environ(variables),
        clock=SystemClock(),
        emit=told or Told(),
        user_agent="test/1.0",
    )
    _MADE.append(made)
    return made


@pytest.fixture(autouse=True)
def _sessions_are_closed() -> Iterator[None]:
    """Close what a test leaves open."""
    yield
    while _MADE:
        _MADE.pop().close()
