"""The fault table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .fault import Fault

FAULTS: Final[dict[str, Fault]] = {}
