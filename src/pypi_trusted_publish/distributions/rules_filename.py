"""Rules about the name of the file. The checks are in ``filenames.py``."""

from __future__ import annotations

from typing import Final

from .rule import SEEN, Rule

FILENAME_CHARACTERS: Final = Rule(
    code="filename-characters",
    statement="A file name holds no control character, no slash and no backslash.",
    source=SEEN,
    meaning="The index refuses the file.",
    fix="Build again and upload the file under the name that the build backend gave it.",
)

RULES: Final = (FILENAME_CHARACTERS,)
