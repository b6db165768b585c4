"""File names of distributions: what they say, and what the index says to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.utils import (
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from ..version_text import read_version
from . import rules_filename as rules
from .distribution import Finding, Kind
from .names import is_valid_name
from .platform_tags import PlatformVerdict, judge_platform

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """As it is spelt there."""
    version_text: str
    """As it is spelt there."""
    version: Version
    python_tag: str
    """The form's ``pyversion``, a compressed set perhaps (``py2.py3``)."""
    tags: tuple[str, ...]
    """Expanded and sorted."""
    platforms: tuple[str, ...]
    """Each platform once, sorted."""

    @property
    def dist_info(self) -> str:
        """The folder of the metadata, spelt as the file name is."""
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
        yield rules.FILENAME_CHARACTERS.finding(filename, f"The file name {filename!r} holds {listed}.")
    kind = kind_of(filename)
    if kind is None:
        yield rules.FILENAME_EXTENSION.finding(
            filename, f"The file name {filename!r} does not end in .whl or .tar.gz, in lower case."
        )
        return
    length = len(filename.encode("utf-8", "surrogateescape"))
    if length > _LONGEST[kind]:
        yield rules.FILENAME_TOO_LONG.finding(
            filename, f"The file name has {length} bytes; {_LONGEST[kind]} are the most that the index can store."
        )


def _forbidden(character: str) -> bool:
    return ord(character) < ord(" ") or ord(character) == _DELETE or character in "/\\"


def read_wheel_name(filename: str) -> WheelName | Finding:
    """Take a wheel's name apart, or say why it cannot be."""
    try:
        _, version, _, tags = parse_wheel_filename(filename)
    except ValueError:
        return rules.WHEEL_FILENAME_UNPARSABLE.finding(filename, _why_unparsable(filename))
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
            yield rules.WHEEL_PLATFORM_REFUSED.finding(filename, f"No index takes the platform tag {platform!r}.")
        elif verdict is PlatformVerdict.UNKNOWN:
            yield rules.WHEEL_PLATFORM_UNKNOWN.finding(
                filename, f"The platform tag {platform!r} is not among those that the index takes."
            )


def wheel_agreement(filename: str, wheel: WheelName, *, name: str, version: Version | None) -> Iterator[Finding]:
    """Hold a wheel's file name against the name and version of its metadata (None: not a valid version)."""
    wanted = expected_name(name)
    if canonicalize_name(wheel.name) != canonicalize_name(name):
        yield rules.WHEEL_NAME_MISMATCH.finding(
            filename, f"The file name says {wheel.name!r}, the metadata says {name!r}.", _begin_with(wanted)
        )
    elif wheel.name != wanted:
        yield rules.WHEEL_NAME_NOT_NORMALISED.finding(
            filename, f"The file name begins with {wheel.name!r} instead of {wanted!r}."
        )
    if version is not None and version != wheel.version:
        yield rules.WHEEL_VERSION_MISMATCH.finding(
            filename, f"The file name says version {wheel.version_text!r}, the metadata says {str(version)!r}."
        )


def sdist_agreement(filename: str, *, name: str, version: Version | None) -> Iterator[Finding]:
    """Hold an sdist's file name against the name and version of its metadata (None: not a valid version)."""
    stem = filename[: -len(SDIST_SUFFIX)]
    wanted = expected_name(name)
    name_part, separator, version_part = _split_sdist(stem, wanted)
    if not separator:
        yield rules.SDIST_FILENAME_UNPARSABLE.finding(
            filename, f"The file name {filename!r} has no dash between a name and a version.", _call_it(wanted, version)
        )
        return
    if canonicalize_name(name_part) != canonicalize_name(name):
        yield rules.SDIST_NAME_MISMATCH.finding(
            filename, f"The file name says {name_part!r}, the metadata says {name!r}.", _begin_with(wanted)
        )
    elif name_part != wanted:
        yield rules.SDIST_NAME_NOT_NORMALISED.finding(
            filename, f"The file name begins with {name_part!r} instead of {wanted!r}."
        )
    if version is not None and version_part != str(version):
        yield _version_finding(filename, version_part, version)


def _version_finding(filename: str, found: str, version: Version) -> Finding:
    if read_version(found) == version:
        return rules.SDIST_VERSION_NOT_NORMALISED.finding(
            filename, f"The file name spells the version {found!r} instead of {str(version)!r}."
        )
    return rules.SDIST_VERSION_MISMATCH.finding(
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
