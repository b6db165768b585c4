"""Text as a value in lines of YAML that somebody will paste into a workflow. Pure."""

from __future__ import annotations

import json
import re
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z_][\w./-]*(?: [\w./-]+)*")
_OTHER_VALUES: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that are no text, in YAML 1.2 or in the 1.1 of some editors; in lower case."""


def yaml_text(text: str) -> str:
    """``text`` plain where it stays the same text, else in double quotes: ``1.10`` is a number, ``a #b`` a comment."""
    if _PLAIN.fullmatch(text) and text.lower() not in _OTHER_VALUES:
        return text
    return json.dumps(text, ensure_ascii=False)
