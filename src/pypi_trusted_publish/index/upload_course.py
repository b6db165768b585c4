"""What becomes of one upload: how far it has got, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ..errors import IndexRefused, IndexUnavailable

if TYPE_CHECKING:
    from ..errors import PublishError
    from ..transport.failure import BodySent

_JUDGED: Final = frozenset({400, 409, 413})
"""Statuses of a refusal that comes of the file or its name: it would have met an earlier try of the same bytes too."""


class UploadRefused(IndexRefused):
    """The index does not take a file, and will not take it later."""


class UploadFailed(IndexUnavailable):
    """No answer about a file that decides."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a file that is on the index now."""

    filename: str
    outcome: Literal["uploaded", "identical"]
    warnings: tuple[str, ...]
    """What the index said besides, a line each; foreign text."""
    seconds: float


@dataclass(kw_only=True)
class Course:
    """How far the sending of one file has got; filled while it goes on."""

    tries: int = 0
    begun: bool = False
    """The file has been sent, in whole or in part, at least once."""
    lost: bool = False
    """An answer was lost with which the index may have taken the file, and no later one has said what became of it."""
    was_lost: bool = False
    """The same before the last try."""

    def take_in(self, status: int | None, *, body_sent: BodySent = "wholly") -> bool:
        """One more try is over, with this status if one was heard; whether it is a server error."""
        decided = status is not None and 300 <= status < 500  # noqa: PLR2004  # redirects and refusals
        self.was_lost = self.lost
        self.lost = (self.lost or (body_sent == "wholly" and not decided)) and status not in _JUDGED
        return status is not None and status >= 500  # noqa: PLR2004  # the class of server errors

    def ended_by(self, problem: PublishError) -> Literal["refused", "failed", "not sent"]:
        """What is known of the file after ``problem``."""
        if not self.begun:
            return "not sent"
        return "refused" if isinstance(problem, UploadRefused) and not self.lost else "failed"
