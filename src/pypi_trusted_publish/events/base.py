"""The root of every event, and what everything that has something to tell is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something happened."""


Emit: TypeAlias = Callable[[Event], None]
"""What everything that has something to tell is handed."""
