"""File names of distributions: what they say, and what the index says to them."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.utils import (
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from ..formatting import read_version
from .core_metadata import is_valid_name
from .model import SEEN, Finding, Kind, Rule, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    code="wheel-name-not-normalized",
    statement="The project in a wheel's file name is the normalized name with underscores: lower case, no dots, no "
    "dashes.",
    source=_WHEEL_SPEC,
    meaning=_REFUSED,
    fix="Build with setuptools 75.3 or newer, or a current hatchling, flit, poetry-core, maturin or scikit-build-core: "
    "they write normalized names.",
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
    meaning="The index refuses the file unless it has learned the tag since.",
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
    code="sdist-name-not-normalized",
    statement="The project in an sdist's file name is the normalized name with underscores: lower case, no dots, no "
    "dashes.",
    source=_SDIST_SPEC,
    meaning=_REFUSED,
    fix="Build with setuptools 69.3 or newer, or a current hatchling, flit, poetry-core, maturin, meson-python or "
    "scikit-build-core: they write normalized names.",
)

SDIST_VERSION_MISMATCH: Final = Rule(
    code="sdist-version-mismatch",
    statement="The version in an sdist's file name is the one in its metadata.",
    source=_SDIST_SPEC,
    meaning=_REFUSED,
    fix="Do not rename sdists; set the version in `pyproject.toml` or the tag that it is read from, and build again.",
)

SDIST_VERSION_NOT_NORMALISED: Final = Rule(
    code="sdist-version-not-normalized",
    statement="The version in an sdist's file name is spelled in its normal form (`1.0rc1`, not `1.0-RC1`), letter for "
    "letter.",
    source=_SDIST_SPEC,
    meaning=_REFUSED,
    fix="Spell the version in its normal form in `pyproject.toml`, or build with a current backend, which normalizes "
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


_EXACT: Final = frozenset(
    {
        "any",
        "win32",
        "win_amd64",
        "win_arm64",
        "win_ia64",
        "linux_armv6l",
        "linux_armv7l",
        "manylinux1_i686",
        "manylinux1_x86_64",
        "manylinux2010_i686",
        "manylinux2010_x86_64",
        "manylinux2014_aarch64",
        "manylinux2014_armv7l",
        "manylinux2014_i686",
        "manylinux2014_ppc64",
        "manylinux2014_ppc64le",
        "manylinux2014_s390x",
        "manylinux2014_x86_64",
    }
)
_MUSL: Final = r"(?:x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)"
_GLIBC: Final = r"(?:x86_64|i686|aarch64|armv7l|ppc64le|ppc64|s390x|riscv64)"
_MACOS: Final = r"(?:x86_64|arm64|universal2|intel|i386|ppc|ppc64|fat|fat3|fat64|universal)"
MACOS_MAJORS: Final = (11, 12, 13, 14, 15, 26)
"""Of the tags ``macosx_{major}_0_{arch}``; before them ``macosx_10_N``. Apple skipped 16 to 25."""

_PATTERNS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"manylinux_\d+_\d+_{_GLIBC}",
        rf"musllinux_\d+_\d+_{_MUSL}",
        rf"macosx_10_\d+_{_MACOS}",
        rf"macosx_(?:{'|'.join(map(str, MACOS_MAJORS))})_0_{_MACOS}",
        r"ios_\d+_\d+_(?:arm64|x86_64)_(?:iphoneos|iphonesimulator)",
        r"android_\d+_(?:armeabi_v7a|arm64_v8a|x86|x86_64)",
        r"pyemscripten_\d+_\d+_wasm32",
    )
)
_FORM: Final = re.compile(r"[a-z0-9_]+")
"""Of every platform tag, those of the future included: PEP 425."""
_NEVER: Final = ("linux_", "pyodide_")
"""The first promises nothing; the second is spelled ``pyemscripten_`` on indexes, by decision (PEP 783)."""
_MACOS_VERSION: Final = re.compile(r"macosx_(\d+)_(\d+)_")


class PlatformVerdict(enum.Enum):
    """What an index makes of a platform tag."""

    TAKEN = "taken"
    UNKNOWN = "unknown"
    """Not in our table; the index may know it by now."""
    NEVER = "never"
    """No index takes it: the tag promises nothing, names a system that does not exist or otherwise, or is no tag."""


def judge_platform(tag: str) -> PlatformVerdict:
    """Judge one platform tag (not a compressed set), compared in lower case as the index does.

    Source: the index's list of August 2026; PEP 425, 513, 571, 599, 600, 656, 730, 738, 783.
    """
    tag = tag.lower()
    if tag in _EXACT or any(pattern.fullmatch(tag) for pattern in _PATTERNS):
        return PlatformVerdict.TAKEN
    if _FORM.fullmatch(tag) is None or tag == "linux" or tag.startswith(_NEVER) or _impossible_macos(tag):
        return PlatformVerdict.NEVER
    return PlatformVerdict.UNKNOWN


def _impossible_macos(tag: str) -> bool:
    """Whether the tag names a macOS that was never released: 16 to 25, or a minor version after 10."""
    found = _MACOS_VERSION.match(tag)
    if found is None or len(found[1]) > 3:  # noqa: PLR2004
        return False
    major, minor = int(found[1]), found[2]
    return MACOS_MAJORS[-2] < major < MACOS_MAJORS[-1] or (major in MACOS_MAJORS and minor.strip("0") != "")


WHEEL_SUFFIX: Final = ".whl"
SDIST_SUFFIX: Final = ".tar.gz"
ATTESTATION_SUFFIXES: Final = (".publish.attestation", ".provenance.attestation")
"""Behind the name of a distribution: the file is its attestation (PEP 740)."""
_LONGEST: Final = {Kind.WHEEL: 246, Kind.SDIST: 255}
_DELETE: Final = 0x7F


@dataclass(frozen=True, kw_only=True)
class WheelName:
    """What a wheel's file name says."""

    name: str
    """As it is spelled there."""
    version_text: str
    """As it is spelled there."""
    version: Version
    python_tag: str
    """The form's ``pyversion``, a compressed set perhaps (``py2.py3``)."""
    tags: tuple[str, ...]
    """Expanded and sorted."""
    platforms: tuple[str, ...]
    """Each platform once, sorted."""

    @property
    def dist_info(self) -> str:
        """The folder of the metadata, spelled as the file name is."""
        return f"{self.name}-{self.version_text}.dist-info"


def kind_of(filename: str) -> Kind | None:
    """The kind that the extension promises, or None. Upper case does not count: the index does not take it."""
    if filename in (WHEEL_SUFFIX, SDIST_SUFFIX):
        return None
    if filename.endswith(WHEEL_SUFFIX):
        return Kind.WHEEL
    return Kind.SDIST if filename.endswith(SDIST_SUFFIX) else None


def filename_findings(filename: str) -> Iterator[Finding]:
    """What is wrong with a name whatever is in the file: characters, extension, length."""
    strange = sorted({character for character in filename if _forbidden(character)})
    if strange:
        listed = ", ".join(repr(character) for character in strange)
        yield FILENAME_CHARACTERS.finding(filename, f"The file name {filename!r} holds {listed}.")
    kind = kind_of(filename)
    if kind is None:
        yield FILENAME_EXTENSION.finding(
            filename, f"The file name {filename!r} does not end in .whl or .tar.gz, in lower case."
        )
        return
    length = len(filename.encode("utf-8", "surrogateescape"))
    if length > _LONGEST[kind]:
        yield FILENAME_TOO_LONG.finding(
            filename, f"The file name has {length} bytes; {_LONGEST[kind]} are the most that the index can store."
        )


def _forbidden(character: str) -> bool:
    return ord(character) < ord(" ") or ord(character) == _DELETE or character in "/\\"


def read_wheel_name(filename: str) -> WheelName | Finding:
    """Take a wheel's name apart, or say why it cannot be."""
    try:
        _, version, _, tags = parse_wheel_filename(filename)
    except ValueError:
        return WHEEL_FILENAME_UNPARSABLE.finding(filename, _why_unparsable(filename))
    parts = filename[: -len(WHEEL_SUFFIX)].split("-")
    return WheelName(
        name=parts[0],
        version_text=parts[1],
        version=version,
        python_tag=parts[-3],
        tags=tuple(sorted(str(tag) for tag in tags)),
        platforms=tuple(sorted({tag.platform for tag in tags})),
    )


def _why_unparsable(filename: str) -> str:
    parts = filename[: -len(WHEEL_SUFFIX)].split("-")
    if len(parts) not in (5, 6):
        return (
            f"The file name {filename!r} has {len(parts)} parts between dashes; a wheel's has five, or six with a "
            "build tag."
        )
    if read_version(parts[1]) is None:
        return f"The version {parts[1]!r} in the file name {filename!r} is not a valid one."
    if len(parts) == 6 and not parts[2][:1].isdigit():  # noqa: PLR2004
        return f"The build tag {parts[2]!r} in the file name {filename!r} does not start with a digit."
    if not is_valid_name(parts[0]) or "__" in parts[0]:
        return f"The project's name {parts[0]!r} in the file name {filename!r} is not a valid one."
    return f"The tags {'-'.join(parts[-3:])!r} in the file name {filename!r} are not valid ones."


def platform_findings(filename: str, wheel: WheelName) -> Iterator[Finding]:
    """One finding for each platform tag that the index does not take."""
    for platform in wheel.platforms:
        verdict = judge_platform(platform)
        if verdict is PlatformVerdict.NEVER:
            yield WHEEL_PLATFORM_REFUSED.finding(filename, f"No index takes the platform tag {platform!r}.")
        elif verdict is PlatformVerdict.UNKNOWN:
            yield WHEEL_PLATFORM_UNKNOWN.finding(
                filename, f"The platform tag {platform!r} is not among those that the index takes."
            )


def wheel_agreement(filename: str, wheel: WheelName, *, name: str, version: Version | None) -> Iterator[Finding]:
    """Hold a wheel's file name against the name and version of its metadata (None: not a valid version)."""
    wanted = expected_name(name)
    if canonicalize_name(wheel.name) != canonicalize_name(name):
        yield WHEEL_NAME_MISMATCH.finding(
            filename, f"The file name says {wheel.name!r}, the metadata says {name!r}.", _begin_with(wanted)
        )
    elif wheel.name != wanted:
        yield WHEEL_NAME_NOT_NORMALISED.finding(
            filename, f"The file name begins with {wheel.name!r} instead of {wanted!r}."
        )
    if version is not None and version != wheel.version:
        yield WHEEL_VERSION_MISMATCH.finding(
            filename, f"The file name says version {wheel.version_text!r}, the metadata says {str(version)!r}."
        )


def sdist_agreement(filename: str, *, name: str, version: Version | None) -> Iterator[Finding]:
    """Hold an sdist's file name against the name and version of its metadata (None: not a valid version)."""
    stem = filename[: -len(SDIST_SUFFIX)]
    wanted = expected_name(name)
    name_part, separator, version_part = _split_sdist(stem, wanted)
    if not separator:
        yield SDIST_FILENAME_UNPARSABLE.finding(
            filename, f"The file name {filename!r} has no dash between a name and a version.", _call_it(wanted, version)
        )
        return
    if canonicalize_name(name_part) != canonicalize_name(name):
        yield SDIST_NAME_MISMATCH.finding(
            filename, f"The file name says {name_part!r}, the metadata says {name!r}.", _begin_with(wanted)
        )
    elif name_part != wanted:
        yield SDIST_NAME_NOT_NORMALISED.finding(
            filename, f"The file name begins with {name_part!r} instead of {wanted!r}."
        )
    if version is not None and version_part != str(version):
        yield _version_finding(filename, version_part, version)


def _version_finding(filename: str, found: str, version: Version) -> Finding:
    if read_version(found) == version:
        return SDIST_VERSION_NOT_NORMALISED.finding(
            filename, f"The file name spells the version {found!r} instead of {str(version)!r}."
        )
    return SDIST_VERSION_MISMATCH.finding(
        filename, f"The file name says version {found!r}, the metadata says {str(version)!r}."
    )


def _split_sdist(stem: str, wanted: str) -> tuple[str, str, str]:
    """Name, dash and version; the expected name first, then the last dash (a version may hold dashes, a name too)."""
    if stem.startswith(f"{wanted}-"):
        return wanted, "-", stem[len(wanted) + 1 :]
    try:
        name, _ = parse_sdist_filename(stem + SDIST_SUFFIX)
    except ValueError:
        name = None
    if name is None and "-" in stem:
        return stem.partition("-")
    return stem.rpartition("-") if "-" in stem else (stem, "", "")


def expected_name(name: str) -> str:
    """How file names spell a project."""
    return canonicalize_name(name).replace("-", "_")


def _begin_with(wanted: str) -> str:
    return f"The file name must begin with {wanted!r} then: build again and do not rename the file."


def _call_it(wanted: str, version: Version | None) -> str:
    return f"Build again; the file should be called {wanted}-{version or '{version}'}{SDIST_SUFFIX}."
