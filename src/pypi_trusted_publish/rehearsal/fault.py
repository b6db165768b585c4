"""The words for a fault: where it strikes, what happens, and how a good client ends."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

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
    """What is about to be released, and by which job: for faults that are a state of affairs, not a bad answer."""

    index: EmbeddedIndex
    filenames: tuple[str, ...]
    release_of: Mapping[str, tuple[str, str]]
    """Project and version by file name; a file whose name tells none is not there."""
    event: dict[str, Any]
    """The payload of the event that triggered the run; a setting may change it."""

    @property
    def releases(self) -> tuple[tuple[str, str], ...]:
        """Project and version of each release."""
        return tuple(dict.fromkeys(self.release_of.values()))

    @property
    def claims(self) -> dict[str, Any]:
        """What GitHub says of the job; a setting may change it, and the job's variables follow."""
        return self.index.github.issuer.claims


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
    """What happens to a request that it strikes; None when it is a state of affairs."""
    setting: Setting | None = None
    """What is done to the index or the job before the run; None when it is a bad answer."""
    once: Ending
    """How a good client ends when it strikes the first request of its endpoint (or is the state of affairs)."""
    always: Ending | None = None
    """How a good client ends when it strikes every request; None when it cannot, or that says nothing new."""
    passing: bool = False
    """Whether it may be drawn at random: gone with the next request, and nobody has to wait for a time-out."""
    confirmed: bool = True
    """Whether a run that it struck once, and that finishes, sees its files on the index's page in the end."""
    stalls: bool = False
    """Whether a client only gets on by its own time-out."""
    lasts: bool = False
    """Whether it is a state of affairs that is not over with the run: somebody has to change something."""
    loses_tokens: bool = False
    """Whether an upload token may be left that nobody can revoke: it never arrived, or revoking does not work."""
