"""What goes out and what comes back, without the library that carries it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, kw_only=True)
class Body:
    """A request's body that is made while it is sent."""

    length: int
    """Bytes in all; becomes ``Content-Length``."""
    chunks: Callable[[], Iterator[bytes]]
    """A fresh iterator for each try. Whatever it raises ends the request, and the connection is dropped."""


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer, read to its end or to our bound."""

    status: int
    reason: str
    """Foreign text, as the server spelt it."""
    headers: Mapping[str, str] = field(repr=False)
    """Names without regard to case."""
    body: bytes = field(repr=False)
    """Decoded; never longer than the request's ``limit``."""
    seconds: float
    url: str
    """Where the answer came from: the last one of a chain of redirects."""
    truncated: bool = False
    """There was more than ``limit``; the rest was not read."""

    @property
    def ok(self) -> bool:
        """A status of 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004  # the class of success codes
