"""The words for a fault: where it strikes, what happens, and how a good client ends."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

from .traffic import Endpoint, Handler

if TYPE_CHECKING:
    from .index import EmbeddedIndex


class Ending(enum.IntEnum):
    """How a run ends: the exit code, by who must act."""

    FINISHED = 0
    WORKFLOW = 2
    DISTRIBUTIONS = 3
    REFUSED = 4
    UNAVAILABLE = 5


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One request at the door, before anything of its body was read."""

    index: EmbeddedIndex
    request: web.Request
    endpoint: Endpoint
    handler: Handler

    async def proceed(self) -> web.StreamResponse:
        """Let the server do what it does, with all effects; the answer is not sent yet."""
        return await self.handler(self.request)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is about to be released, for faults that are a state of the index rather than a bad answer."""

    index: EmbeddedIndex
    releases: tuple[tuple[str, str], ...]
    """Name and version of each."""
    filenames: tuple[str, ...]


Play: TypeAlias = Callable[[Moment], Awaitable[web.StreamResponse]]
Setting: TypeAlias = Callable[[Scene], None]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A row of the table."""

    name: str
    statement: str
    """One sentence: what goes wrong."""
    endpoint: Endpoint
    play: Play | None = None
    """What happens to a request that it strikes; None when it is a state of the index."""
    setting: Setting | None = None
    """What is done to the index before the run; None when it is a bad answer."""
    once: Ending
    """How a good client ends when it strikes the first request of its endpoint (or is the state of the index)."""
    always: Ending | None = None
    """How a good client ends when it strikes every request; None when it cannot, or that says nothing new."""
    passing: bool = False
    """Whether it may be drawn at random: gone with the next request, and nobody has to wait for a time-out."""
    confirmed: bool = True
    """Whether a run that it struck once, and that finishes, sees its files on the index's page in the end."""
    stalls: bool = False
    """Whether a client only gets on by its own time-out."""

    @property
    def repeatable(self) -> bool:
        """Whether it may strike every request."""
        return self.always is not None
