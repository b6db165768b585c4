"""Rules about the name of the file. The checks are in ``filenames.py``."""

from __future__ import annotations

from typing import Final

from .rule import SEEN, Rule, Table

_WHEEL_SPEC: Final = "Binary distribution format, file name convention (packaging.python.org); " + SEEN
_SDIST_SPEC: Final = "Source distribution format, file name (PEP 625); " + SEEN
_REFUSED: Final = "The index refuses the file."
_REBUILD: Final = (
    "Build again with a current backend and upload the file under the name that it gets; do not rename it."
)

FILENAME_CHARACTERS: Final = Rule(
    code="filename-characters",
    statement="A file name holds no control character, no slash and no backslash.",
    source=SEEN,
    meaning=_REFUSED,
    fix=_REBUILD,
)

FILENAME_EXTENSION: Final = Rule(
    code="filename-extension",
    statement="A distribution ends in `.whl` or `.tar.gz`, in lower case.",
    source="PEP 625 and the binary distribution format; " + SEEN,
    meaning="The index refuses the file: eggs, zip and bzip2 archives are no longer taken.",
    fix="Build a wheel and a `.tar.gz` sdist (`python -m build`), or keep other files out of `packages-dir`.",
)

FILENAME_TOO_LONG: Final = Rule(
    code="filename-too-long",
    statement="A wheel's name has at most 246 bytes, an sdist's at most 255.",
    source="The index stores the file, and a wheel's metadata beside it, under names of at most 255 bytes; " + SEEN,
    meaning=_REFUSED,
    fix="Shorten the project's name or the version, or name fewer platform tags in one wheel.",
)

WHEEL_FILENAME_UNPARSABLE: Final = Rule(
    code="wheel-filename-unparsable",
    statement="A wheel is named `{name}-{version}[-{build}]-{python}-{abi}-{platform}.whl`.",
    source=_WHEEL_SPEC,
    meaning="The index refuses the file, and no installer would find it.",
    fix=_REBUILD,
)

WHEEL_NAME_MISMATCH: Final = Rule(
    code="wheel-name-mismatch",
    statement="The project in a wheel's file name is the one in its metadata.",
    source=_WHEEL_SPEC,
    meaning=_REFUSED,
    fix="Do not rename wheels; change `name` in `pyproject.toml` (`[project]`) and build again.",
)

WHEEL_NAME_NOT_NORMALISED: Final = Rule(
    code="wheel-name-not-normalised",
    statement="The project in a wheel's file name is the normalised name with underscores: lower case, no dots, no "
    "dashes.",
    source=_WHEEL_SPEC,
    meaning=_REFUSED,
    fix="Build with setuptools 75.3 or newer, or a current hatchling, flit, poetry-core, maturin or scikit-build-core: "
    "they write normalised names.",
)

WHEEL_VERSION_MISMATCH: Final = Rule(
    code="wheel-version-mismatch",
    statement="The version in a wheel's file name equals the version in its metadata.",
    source=_WHEEL_SPEC,
    meaning=_REFUSED,
    fix="Do not rename wheels; set the version in `pyproject.toml` or the tag that it is read from, and build again.",
)

WHEEL_PLATFORM_REFUSED: Final = Rule(
    code="wheel-platform-refused",
    statement="A wheel's platform tags are letters, digits and underscores, and say what it needs in a way that an "
    "index can promise; `linux_x86_64` does not.",
    source="Platform compatibility tags (packaging.python.org, PEP 425, 513 and 600); " + SEEN,
    meaning="No index takes such a wheel: it would be installed where it cannot run, or nowhere.",
    fix="Repair Linux wheels with auditwheel (cibuildwheel does it), or let maturin build with `--compatibility`; on "
    "macOS set `MACOSX_DEPLOYMENT_TARGET` to a version that exists; build for Pyodide with tools that write "
    "`pyemscripten_X_Y_wasm32`; a pure Python wheel should be built as `py3-none-any`; do not rename wheels.",
)

WHEEL_PLATFORM_UNKNOWN: Final = Rule(
    code="wheel-platform-unknown",
    statement="Every platform tag of a wheel is one that the index takes.",
    source="Platform compatibility tags (packaging.python.org); " + SEEN,
    meaning="The index refuses the file unless it has learnt the tag since.",
    fix="Build for a platform that the index takes: `any`, `win32`, `win_amd64`, `win_arm64`, `manylinux_X_Y_<arch>`, "
    "`musllinux_X_Y_<arch>`, `macosx_X_0_<arch>`, `ios_...`, `android_...`, `pyemscripten_X_Y_wasm32`.",
    table=Table.PLATFORM_TAGS,
)

SDIST_FILENAME_UNPARSABLE: Final = Rule(
    code="sdist-filename-unparsable",
    statement="An sdist is named `{name}-{version}.tar.gz`.",
    source=_SDIST_SPEC,
    meaning=_REFUSED,
    fix=_REBUILD,
)

SDIST_NAME_MISMATCH: Final = Rule(
    code="sdist-name-mismatch",
    statement="The project in an sdist's file name is the one in its metadata.",
    source=_SDIST_SPEC,
    meaning=_REFUSED,
    fix="Do not rename sdists; change `name` in `pyproject.toml` (`[project]`) and build again.",
)

SDIST_NAME_NOT_NORMALISED: Final = Rule(
    code="sdist-name-not-normalised",
    statement="The project in an sdist's file name is the normalised name with underscores: lower case, no dots, no "
    "dashes.",
    source=_SDIST_SPEC,
    meaning=_REFUSED,
    fix="Build with setuptools 69.3 or newer, or a current hatchling, flit, poetry-core, maturin, meson-python or "
    "scikit-build-core: they write normalised names.",
)

SDIST_VERSION_MISMATCH: Final = Rule(
    code="sdist-version-mismatch",
    statement="The version in an sdist's file name is the one in its metadata.",
    source=_SDIST_SPEC,
    meaning=_REFUSED,
    fix="Do not rename sdists; set the version in `pyproject.toml` or the tag that it is read from, and build again.",
)

SDIST_VERSION_NOT_NORMALISED: Final = Rule(
    code="sdist-version-not-normalised",
    statement="The version in an sdist's file name is spelt in its normal form (`1.0rc1`, not `1.0-RC1`), letter for "
    "letter.",
    source=_SDIST_SPEC,
    meaning=_REFUSED,
    fix="Spell the version in its normal form in `pyproject.toml`, or build with a current backend, which normalises "
    "it.",
)

RULES: Final = (
    FILENAME_CHARACTERS,
    FILENAME_EXTENSION,
    FILENAME_TOO_LONG,
    WHEEL_FILENAME_UNPARSABLE,
    WHEEL_NAME_MISMATCH,
    WHEEL_NAME_NOT_NORMALISED,
    WHEEL_VERSION_MISMATCH,
    WHEEL_PLATFORM_REFUSED,
    WHEEL_PLATFORM_UNKNOWN,
    SDIST_FILENAME_UNPARSABLE,
    SDIST_NAME_MISMATCH,
    SDIST_NAME_NOT_NORMALISED,
    SDIST_VERSION_MISMATCH,
    SDIST_VERSION_NOT_NORMALISED,
)
