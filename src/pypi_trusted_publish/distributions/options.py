"""How strictly distributions are checked, and within which bounds they are read."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

UNPACKED_BUDGET: Final = 4 * 1024 * 1024 * 1024
"""Bytes of unpacked content that are read of one file."""
MEMBER_BUDGET: Final = 500_000
"""Members of one file that are looked at."""
METADATA_LIMIT: Final = 8 * 1024 * 1024
"""Bytes of METADATA or PKG-INFO that are read at most; a larger one is an error, because the form repeats it."""
KEPT_LIMIT: Final = 128 * 1024 * 1024
"""Bytes of RECORD that are read at most; it grows with the number of members."""
SMALL_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of ``entry_points.txt`` that are read at most."""
FILE_SIZE_LIMIT: Final = 100 * 1024 * 1024
"""Bytes of a file, unless the index has raised the limit for the project. Source: its documentation, August 2026."""
PROJECT_SIZE_LIMIT: Final = 10 * 1024 * 1024 * 1024
"""Bytes of all files of a project, unless the index has raised the limit. Source: its documentation, August 2026."""


class SeveralVersions(enum.Enum):
    """What two versions of one project in one run are."""

    WARN = "warn"
    """A warning, as in ``check``."""
    REFUSE = "refuse"
    """An error, unless each version stands on its own line of ``packages-dir``, as when publishing."""


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """The options of one run."""

    lenient_tables: bool = False
    """Findings that hang on a table of ours that ages are warnings: the index decides."""
    full: bool = True
    """Without it only names, archives and the readability of the metadata are checked."""
    strict: bool = False
    """What users regret is an error."""
    ignore: frozenset[str] = frozenset()
    """Codes of rules that are silenced; what the index would refuse is never silenced."""
    several_versions: SeveralVersions = SeveralVersions.WARN
    unpacked_budget: int = UNPACKED_BUDGET
    member_budget: int = MEMBER_BUDGET
