"""Rules about what is in an sdist. The checks are in ``tar_members.py`` and ``sdist_archive.py``."""

from __future__ import annotations

from typing import Final

from ..errors import Severity
from .rule import SEEN, Level, Rule, WhilePublishing

_SDIST_SPEC: Final = "Source distribution format (packaging.python.org, PEP 625)"
_BUILD: Final = "Build the sdist with `python -m build --sdist` instead of packing it by hand."

SDIST_UNREADABLE: Final = Rule(
    code="sdist-unreadable",
    statement="An sdist is a whole, gzip-compressed tar archive.",
    source=_SDIST_SPEC + "; " + SEEN,
    meaning="The index refuses the file and says no more than `Invalid distribution file. None`.",
    fix="Most often the file is empty, truncated, or compressed in another way. " + _BUILD,
)

SDIST_TOP_LEVEL: Final = Rule(
    code="sdist-top-level",
    statement="All members of an sdist are in one folder, spelt alike in all of them: no `./` in front, no absolute "
    "paths.",
    source=_SDIST_SPEC + ", source distribution file format; " + SEEN,
    meaning="The index refuses the file.",
    fix=_BUILD,
)

SDIST_PKG_INFO_MISSING: Final = Rule(
    code="sdist-pkg-info-missing",
    statement="`PKG-INFO` is in the top folder of an sdist.",
    source=_SDIST_SPEC + "; " + SEEN,
    meaning="The index refuses the file.",
    fix="An archive of the repository (`git archive`, a GitHub release's source archive) is not an sdist. " + _BUILD,
)

SDIST_PKG_INFO_UNREADABLE: Final = Rule(
    code="sdist-pkg-info-unreadable",
    statement="`PKG-INFO` is a file, or a link to one in the archive.",
    source=_SDIST_SPEC,
    meaning="No client can fill in the upload form, which repeats the metadata.",
    fix=_BUILD,
)

SDIST_LICENSE_FILE_MISSING: Final = Rule(
    code="sdist-license-file-missing",
    statement="Each License-File of the metadata is in the sdist, at its path in the top folder.",
    source="PEP 639, add License-File field; " + SEEN,
    meaning="The index refuses the file.",
    fix="Do not exclude the licence from the sdist (setuptools: `MANIFEST.in`; hatchling: `tool.hatch.build`; flit: "
    "`tool.flit.sdist`; poetry-core: `exclude`), and list in `license-files` only files that are there.",
)

SDIST_SPARSE_MEMBER: Final = Rule(
    code="sdist-sparse-member",
    statement="No member is stored as a sparse file.",
    source=SEEN,
    meaning="The index refuses the file.",
    fix="Do not pack with `tar --sparse`. " + _BUILD,
)

SDIST_CUT_OFF: Final = Rule(
    code="sdist-cut-off",
    statement="After its last member the archive ends with blocks of zeros, and its gzip stream with a true checksum.",
    source="POSIX.1-2017, pax, ustar interchange format; RFC 1952, section 2.3.1",
    meaning="The index takes what stands before the damage; other tools refuse the archive, and files may be missing "
    "or not what was packed.",
    fix="Build the sdist again, and check that it was stored and fetched as a whole.",
    level=Level.REGRET,
    severity=Severity.WARNING,
)

SDIST_PERMISSIONS: Final = Rule(
    code="sdist-permissions",
    statement="Members are not writable by group or others, and not setuid or setgid.",
    source="The security considerations of the tar format; pip and Linux distributions reset such modes",
    meaning="The index takes the file. Unpacked with its modes it leaves files that others on the machine may change.",
    fix="Set `umask 022` before the checkout and the build; flit and hatchling normalise modes by themselves.",
    level=Level.REGRET,
    severity=Severity.WARNING,
    while_publishing=WhilePublishing.FOLD,
)

RULES: Final = (
    SDIST_UNREADABLE,
    SDIST_TOP_LEVEL,
    SDIST_PKG_INFO_MISSING,
    SDIST_PKG_INFO_UNREADABLE,
    SDIST_LICENSE_FILE_MISSING,
    SDIST_SPARSE_MEMBER,
    SDIST_CUT_OFF,
    SDIST_PERMISSIONS,
)
