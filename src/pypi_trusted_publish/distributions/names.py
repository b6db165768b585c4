"""The form of a name: of a project and of an extra alike.

Source: https://packaging.python.org/specifications/name-normalization/, read November 2026.
"""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)


def is_valid_name(name: str) -> bool:
    """Whether it has only ASCII letters, digits, ``.``, ``_`` and ``-``, letters or digits at both ends."""
    return _NAME.fullmatch(name) is not None
