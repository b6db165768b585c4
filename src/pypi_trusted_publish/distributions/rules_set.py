"""Rules about the files of a release together. The checks are in ``distribution_set.py``."""

from __future__ import annotations

from typing import Final

from ..errors import Severity
from .rule import SEEN, Level, Rule, Table, WhilePublishing

SET_TWO_SDISTS: Final = Rule(
    code="set-two-sdists",
    statement="A version has one sdist. (`1.0` and `1.0.0` are the same version.)",
    source="Source distribution format (PEP 625); " + SEEN,
    meaning="The index takes the first and refuses the second, when the release is already public.",
    fix="Keep one; clean the folder before the build.",
)

SET_SAME_CONTENT: Final = Rule(
    code="set-same-content",
    statement="No two files hold the same bytes under different names.",
    source=SEEN,
    meaning="The index takes the first and refuses the second as `File already exists`.",
    fix="Do not copy or rename built files; to support more tags, put all of them into one name (`wheel tags`) and "
    "keep one file.",
)

SET_SAME_FILENAME: Final = Rule(
    code="set-same-filename",
    statement="No two files have the same name and different bytes.",
    source=SEEN,
    meaning="The index takes the first and refuses the second as `File already exists`.",
    fix="Two builds made the same file; keep the one that you tested.",
)

SET_PROJECT_TOO_LARGE: Final = Rule(
    code="set-project-too-large",
    statement="The files of one project together have at most 10 GiB, unless the index has raised the limit.",
    source="The index's documentation, storage limits (August 2026)",
    meaning="The index refuses the file that crosses the limit, when the others are already public.",
    fix="Publish fewer wheels, or ask the index for a higher limit before the release.",
    table=Table.SIZE_LIMITS,
)

SET_SEVERAL_VERSIONS: Final = Rule(
    code="set-several-versions",
    statement="All files of a project are of one version.",
    source="Experience: the other version is usually a stale file",
    meaning="A version that nobody meant to publish would be public for good.",
    fix="Clean the folder before the build. To publish several versions on purpose, give each its own line of "
    "`packages-dir`.",
    level=Level.REGRET,
    severity=Severity.WARNING,
)

SET_METADATA_DIFFERS: Final = Rule(
    code="set-metadata-differs",
    statement="The files of a version agree on Requires-Dist, Requires-Python, Provides-Extra and licence.",
    source="The index shows the metadata of the first file of a release; installers that trust it for all files "
    "resolve wrongly",
    meaning="The index takes the files and shows what the first one says; some installers believe that of all.",
    fix="Use environment markers (`; sys_platform == 'win32'`) instead of dependencies computed at build time; build "
    "all files "
    "from one commit.",
    level=Level.REGRET,
    severity=Severity.WARNING,
)

SET_NO_SDIST: Final = Rule(
    code="set-no-sdist",
    statement="A release has an sdist beside its wheels.",
    source="Packaging flow (packaging.python.org)",
    meaning="Where no wheel fits, nobody can build the project, and Linux distributions have no source to start from.",
    fix="Build it with `python -m build --sdist`, unless the source is not to be published.",
    level=Level.NOTICE,
    severity=Severity.NOTICE,
    while_publishing=WhilePublishing.FOLD,
)

RULES: Final = (
    SET_TWO_SDISTS,
    SET_SAME_CONTENT,
    SET_SAME_FILENAME,
    SET_PROJECT_TOO_LARGE,
    SET_SEVERAL_VERSIONS,
    SET_METADATA_DIFFERS,
    SET_NO_SDIST,
)
