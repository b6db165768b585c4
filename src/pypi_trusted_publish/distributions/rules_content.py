"""Rules about any member, and sizes. The checks: ``content_scan.py``, ``member_names.py``, ``inspect.py``."""

from __future__ import annotations

from typing import Final

from ..errors import Severity
from .rule import SEEN, Level, Rule, Table, WhilePublishing

_EXCLUDE: Final = (
    "Leave it out of the build (setuptools: `tool.setuptools.packages.find` and `MANIFEST.in`; hatchling: `exclude` in "
    "`tool.hatch.build`; flit: `tool.flit.sdist`; poetry-core: `exclude`; maturin: `exclude`)."
)
_TAKEN: Final = "The index takes the file. "

PROTECTED_SOURCE: Final = Rule(
    code="content-protected-source",
    statement="No Python source in the distribution is encrypted by PyArmor or SourceDefender.",
    source=SEEN + "; the marks that it looks for in `.py` and `.pye` files of up to 5 MiB may become more",
    meaning="The index refuses the file: its terms of use do not allow encrypted source.",
    fix="Publish the plain source, or distribute the protected build elsewhere.",
)

FILE_TOO_LARGE: Final = Rule(
    code="file-too-large",
    statement="A file has at most 100 MiB, unless the index has raised the limit for the project.",
    source="The index's documentation, storage limits (August 2026)",
    meaning="The index refuses the file unless the project has a higher limit.",
    fix="Leave out debug symbols and test data, split the wheel, or ask the index for a higher limit before the "
    "release.",
    table=Table.SIZE_LIMITS,
)

METADATA_TOO_LARGE: Final = Rule(
    code="metadata-too-large",
    statement="The metadata file has at most 8 MiB.",
    source="A bound of this project: nothing larger is read, and no upload form could carry it",
    meaning="The file cannot be published by this project.",
    fix="Shorten the description (`readme` in `[project]`): link to a page with the rest.",
)

FILE_UNREADABLE: Final = Rule(
    code="file-unreadable",
    statement="The file can be opened and read, and stays what it was while it is read.",
    source="The operating system",
    meaning="Nothing in the file was checked.",
    fix="Check the file's permissions, and let no step of the job write to the folder while it is read.",
)

SECRET_FILE: Final = Rule(
    code="content-secret-file",
    statement="No file looks like a secret: `.env`, `.pypirc`, `.netrc`, a private key, a `.git` folder.",
    source="Experience; what is on the index is public for good",
    meaning=_TAKEN + "Everybody can read the secret, and robots do within minutes.",
    fix=_EXCLUDE + " If it was ever published, replace the secret itself.",
    level=Level.REGRET,
    severity=Severity.WARNING,
)

INDEX_TOKEN: Final = Rule(
    code="content-index-token",
    statement="No Python source holds an API token of the index.",
    source="The form of the tokens is documented by the index (August 2026)",
    meaning="Whoever reads the file can upload in your name until the token is revoked.",
    fix="Revoke the token in the account settings of the index, take it out of the source, and build again.",
    level=Level.REGRET,
    severity=Severity.WARNING,
)

PATH_ESCAPES: Final = Rule(
    code="content-path-escapes",
    statement="Names of members are relative and hold no `..`.",
    source="Binary and source distribution formats (packaging.python.org)",
    meaning=_TAKEN + "Installers refuse to unpack such a member or, worse, write outside their folder.",
    fix="Do not pack by hand with absolute or parent paths; build with a backend.",
    level=Level.REGRET,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.FOLD,
)

CASE_COLLISION: Final = Rule(
    code="content-case-collision",
    statement="No two members differ only in upper and lower case.",
    source="macOS and Windows file systems ignore case",
    meaning=_TAKEN + "On macOS and Windows one of the two overwrites the other.",
    fix="Rename one of the two files in the project.",
    level=Level.REGRET,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.FOLD,
)

PTH_FILE: Final = Rule(
    code="content-pth-file",
    statement="A wheel puts no `.pth` file at the top of site-packages.",
    source="Python's `site` module: lines of such a file that start with `import` run at every start of Python",
    meaning=_TAKEN + "Its code runs whenever Python starts, whether the project is used or not.",
    fix="Unless the project needs it to work (editable installs, start-up hooks), take the file out of the wheel.",
    level=Level.REGRET,
    severity=Severity.WARNING,
)

BYTECODE: Final = Rule(
    code="content-bytecode",
    statement="No `__pycache__` folder and no compiled `.pyc` file is in the distribution.",
    source="Installers compile the source themselves",
    meaning=_TAKEN + "The compiled files fit one Python only, may be stale, and make the file larger.",
    fix=_EXCLUDE,
    level=Level.REGRET,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.FOLD,
)

TOP_LEVEL_TESTS: Final = Rule(
    code="content-top-level-tests",
    statement="A wheel puts no `tests` or `docs` package at the top of site-packages.",
    source="Experience: such packages of different projects overwrite each other",
    meaning=_TAKEN + "`import tests` finds yours in everybody's environment, and two projects that do it collide.",
    fix="setuptools: name the packages in `tool.setuptools.packages.find` (`include` or `where = ['src']`); "
    "poetry-core: list "
    "tests with `format = 'sdist'`; hatchling: name the package in `tool.hatch.build.targets.wheel`.",
    level=Level.REGRET,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.FOLD,
)

NOT_FULLY_CHECKED: Final = Rule(
    code="not-fully-checked",
    statement="A distribution is small enough to be read as a whole: 4 GiB unpacked, 500,000 members.",
    source="Budgets of this project",
    meaning="What lies beyond the budget was not looked at; the index decides.",
    fix="Nothing has to be done. A smaller distribution can be checked as a whole.",
    level=Level.NOTICE,
    severity=Severity.WARNING,
)

RULES: Final = (
    PROTECTED_SOURCE,
    FILE_TOO_LARGE,
    METADATA_TOO_LARGE,
    FILE_UNREADABLE,
    SECRET_FILE,
    INDEX_TOKEN,
    PATH_ESCAPES,
    CASE_COLLISION,
    PTH_FILE,
    BYTECODE,
    TOP_LEVEL_TESTS,
    NOT_FULLY_CHECKED,
)
