"""Where to read on about a diagnosis: an address that works from a log, an annotation and a summary. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .. import __version__

if TYPE_CHECKING:
    from ..errors import Diagnosis

PROJECT: Final = "https://github.com/org/pypi-trusted-publish"
_PAGES: Final = f"{PROJECT}/blob/v{__version__}/"
"""The documentation as it was when this version was released."""


def read_on(diagnosis: Diagnosis) -> str:
    """The address of what the diagnosis names, or of its entry in ``docs/troubleshooting.md``."""
    named = diagnosis.read_on or f"docs/troubleshooting.md#{diagnosis.code}"
    return _PAGES + named if named.startswith("docs/") else named
