"""Rules about licence fields. The checks are in ``licences.py``; whether the files are there is for the archives."""

from __future__ import annotations

from typing import Final

from .rule import SEEN, Rule, Table

LICENCE_TWICE: Final = Rule(
    code="license-field-and-expression",
    statement="`License` does not stand beside `License-Expression`.",
    source=f"Core metadata specification, License (PEP 639); {SEEN}",
    meaning="The index refuses the file.",
    fix='Keep `license = "MIT"` or the like under `[project]`, and take the older table or `setup.py` argument out.',
)
LICENCE_EXPRESSION_INVALID: Final = Rule(
    code="license-expression-invalid",
    statement="`License-Expression` is a well-formed SPDX expression.",
    source="License expression specification",
    meaning="The index refuses the file, and always will.",
    fix="Write `license` under `[project]` as SPDX identifiers joined by AND, OR and WITH; another text becomes "
    "`LicenseRef-Name`.",
)
LICENCE_UNKNOWN: Final = Rule(
    code="license-identifier-unknown",
    statement="`License-Expression` names only licences and exceptions of the SPDX list that the index has.",
    source="License expression specification",
    meaning="The index refuses the file, unless its list has grown since.",
    fix="Take the identifier's spelling from the SPDX list, or write `LicenseRef-Name` for one that is not in it.",
    table=Table.LICENSES,
)
LICENCE_FILE_PATH: Final = Rule(
    code="license-file-path",
    statement="A `License-File` is a relative path with single slashes, without `..` and without `*`.",
    source="Core metadata specification, License-File (PEP 639)",
    meaning="The index refuses the file.",
    fix="Name the licence files under `license-files` in `[project]` and build with a current backend.",
)

RULES: Final = (LICENCE_TWICE, LICENCE_EXPRESSION_INVALID, LICENCE_UNKNOWN, LICENCE_FILE_PATH)
