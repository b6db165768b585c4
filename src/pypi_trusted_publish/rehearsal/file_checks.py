"""What PyPI checks in the name and the contents of an uploaded file.

Order and texts follow its public server code (2026-08); file names are parsed by ``packaging.utils``, as there.
"""

from __future__ import annotations

import configparser
import re
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.metadata import Metadata
from packaging.tags import Tag
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from .http_errors import Refusal

_EXTENSIONS: Final = {"sdist": (".tar.gz", ".zip"), "bdist_wheel": (".whl",)}
_EXTENSION: Final = re.compile(r".+?(?P<extension>\.(?:tar\.gz|zip|whl))", re.IGNORECASE)
_LONGEST_NAME: Final = 255
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")
_OBJECT: Final = re.compile(r"[\w.]+\s*(?::\s*[\w.]+\s*)?(?:\[.*\])?\s*")
"""The value of an entry point."""
_WITH_LICENSE_FILES: Final = (2, 4)
"""The first metadata version whose license files must be in the archive."""

_LINUX: Final = "(?:x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)"
_MACOS: Final = "(?:ppc|ppc64|i386|x86_64|arm64|intel|fat|fat32|fat64|universal|universal2)"
_PLATFORMS: Final = re.compile(
    "|".join(
        (
            "any",
            "win32|win_(?:arm64|amd64|ia64)",
            r"manylinux(?:1|2010)_(?:x86_64|i686)",
            r"manylinux2014_(?:x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)",
            "linux_armv[67]l",
            rf"macosx_10_\d+_{_MACOS}|macosx_(?:11|12|13|14|15|26)_\d+_{_MACOS}",
            rf"(?:many|musl)linux_\d+_\d+_{_LINUX}|manylinux_\d+_\d+_ppc64",
            r"ios_\d+_\d+_(?:arm64|x86_64)_(?:iphoneos|iphonesimulator)",
            r"android_\d+_(?:armeabi_v7a|arm64_v8a|x86|x86_64)",
            r"(?:pyodide|pyemscripten)_\d+_\d+_wasm32",
        )
    )
)
"""Platform tags of wheels that PyPI accepts."""


@dataclass(frozen=True, kw_only=True)
class UploadedFile:
    """A file that was received, and what its form says of it."""

    filename: str
    filetype: str
    """``bdist_wheel`` or ``sdist``."""
    path: Path
    metadata: Metadata
    """Of the form."""

    @property
    def normalized_name(self) -> str:
        """The project's name as file names spell it."""
        return canonicalize_name(self.metadata.name).replace("-", "_")


def check_filename(filename: str, filetype: str) -> None:
    """Check characters and extension. Raises :class:`~.http_errors.Refusal`."""
    if _UNPRINTABLE.search(filename):
        raise Refusal(
            400,
            "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL character (ordinal 127) in "
            "the name.",
        )
    if "/" in filename or "\\" in filename:
        raise Refusal(400, r"Cannot upload a file with '/' or '\' in the name.")
    if len(filename) > _LONGEST_NAME:
        raise Refusal(400, f"Filename is too long: {filename!r}")
    found = _EXTENSION.fullmatch(filename)
    if found is None:
        raise Refusal(
            400,
            "Invalid file extension: Use .tar.gz, .whl or .zip extension. See https://www.python.org/dev/peps/pep-0527 "
            "and https://peps.python.org/pep-0715/ for more information",
        )
    if found["extension"] not in _EXTENSIONS[filetype]:
        raise Refusal(
            400,
            f"Invalid file extension: Extension {found['extension']} is invalid for filetype {filetype}. "
            "See https://www.python.org/dev/peps/pep-0527 for more information.",
        )


def check_archive(file: UploadedFile) -> None:
    """Check that the file is an archive of its kind with its file of metadata.

    Raises :class:`~.http_errors.Refusal`.
    """
    try:
        problem = _zip_problem(file) if not file.filename.endswith(".tar.gz") else _tar_problem(file.path)
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        problem = str(error) or "The archive could not be read"
    if problem:
        raise Refusal(400, f"Invalid distribution file. {problem}")


def check_contents(file: UploadedFile) -> bytes | None:
    """Check the file's name against its metadata, and its contents. Returns the bytes of a wheel's METADATA.

    Raises :class:`~.http_errors.Refusal`.
    """
    if file.filetype == "sdist":
        _check_sdist(file)
        return None
    tags = _check_wheel_name(file)
    with zipfile.ZipFile(file.path) as archive:
        return _check_wheel(file, archive, tags)


def _zip_problem(file: UploadedFile) -> str:
    if not zipfile.is_zipfile(file.path):
        return "File is not a zipfile"
    if tarfile.is_tarfile(file.path):
        return "File is both a zip and a tar file"
    with zipfile.ZipFile(file.path) as archive:
        names = archive.namelist()
    if file.filetype == "sdist":
        return "" if any(_is_pkg_info(name) for name in names) else "PKG-INFO not found"
    parts = file.filename.split("-", maxsplit=2)
    if len(parts) < 3:  # noqa: PLR2004 - name, version and the rest
        return "Unable to parse name and version from wheel filename"
    wheel = f"{parts[0]}-{parts[1]}.dist-info/WHEEL"
    return "" if wheel in names else f"WHEEL not found at {wheel}"


def _tar_problem(path: Path) -> str:
    if not tarfile.is_tarfile(path):
        return "File is not a tarfile"
    with tarfile.open(path, "r:gz") as archive:
        names = [member.name for member in archive]
    if any(_is_pkg_info(name) for name in names):
        return ""
    top = names[0].split("/")[0] if names else ""
    return f"PKG-INFO not found at {top}/PKG-INFO"


def _is_pkg_info(name: str) -> bool:
    return name.count("/") == 1 and name.endswith("/PKG-INFO")


def _check_sdist(file: UploadedFile) -> None:
    name, version = file.metadata.name, file.metadata.version
    try:
        project, _ = parse_sdist_filename(file.filename)
    except InvalidSdistFilename:
        raise Refusal(400, f"Invalid source distribution filename: {file.filename}") from None
    if project != canonicalize_name(name):
        raise Refusal(400, f"Start filename for {name!r} with {file.normalized_name!r}.")
    extension = ".zip" if file.filename.endswith(".zip") else ".tar.gz"
    expected = f"{file.normalized_name}-{version}{extension}"
    if file.filename != expected:
        raise Refusal(400, f"Filename {file.filename!r} is invalid, should be {expected!r}.")
    if _has_license_files(file.metadata):
        top = expected.removesuffix(extension)
        _check_license_files(file, _names(file.path), f"{top}/")


def _check_wheel_name(file: UploadedFile) -> frozenset[Tag]:
    try:
        project, version, _, tags = parse_wheel_filename(file.filename)
    except InvalidWheelFilename as error:
        raise Refusal(400, str(error)) from None
    name, wanted = file.metadata.name, file.metadata.version
    if project != canonicalize_name(name):
        raise Refusal(400, f"Start filename for {name!r} with {file.normalized_name!r}.")
    given = file.filename.split("-", maxsplit=1)[0]
    if given != file.normalized_name:
        raise Refusal(
            400,
            f"Filename {file.filename!r} should contain the normalized project name {file.normalized_name!r}, "
            f"not {given!r}.",
        )
    if version != wanted:
        raise Refusal(400, f"Version in filename should be {str(wanted)!r} not {str(version)!r}.")
    return tags


def _check_wheel(file: UploadedFile, archive: zipfile.ZipFile, tags: frozenset[Tag]) -> bytes:
    folder = "-".join(file.filename.split("-", maxsplit=2)[:2]) + ".dist-info"
    names = frozenset(archive.namelist())
    if _has_license_files(file.metadata):
        _check_license_files(file, names, f"{folder}/licenses/")
    for platform in sorted({tag.platform for tag in tags}):
        if not _PLATFORMS.fullmatch(platform):
            raise Refusal(400, f"Binary wheel {file.filename!r} has an unsupported platform tag {platform!r}.")
    if f"{folder}/RECORD" not in names:
        raise Refusal(400, f"Wheel {file.filename!r} does not contain the required RECORD file: {folder}/RECORD")
    if f"{folder}/entry_points.txt" in names and not _are_entry_points(archive.read(f"{folder}/entry_points.txt")):
        raise Refusal(400, f"Wheel {file.filename!r} has invalid entry points defined in the entry_points.txt file")
    if f"{folder}/METADATA" not in names:
        raise Refusal(400, f"Wheel {file.filename!r} does not contain the required METADATA file: {folder}/METADATA")
    return archive.read(f"{folder}/METADATA")


def _has_license_files(metadata: Metadata) -> bool:
    return Version(metadata.metadata_version).release >= _WITH_LICENSE_FILES and bool(metadata.license_files)


def _check_license_files(file: UploadedFile, names: frozenset[str], folder: str) -> None:
    for name in file.metadata.license_files or ():
        if folder + name not in names:
            raise Refusal(
                400, f"License-File {name} does not exist in distribution file {file.filename} at {folder}{name}"
            )


def _names(path: Path) -> frozenset[str]:
    """The members of an sdist."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return frozenset(archive.namelist())
    with tarfile.open(path, "r:gz") as packed:
        return frozenset(packed.getnames())


def _are_entry_points(data: bytes) -> bool:
    """Whether it is an INI file whose values are object references."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(data.decode())
    except (configparser.Error, UnicodeDecodeError):
        return False
    return all(_OBJECT.fullmatch(value) for section in parser.sections() for _, value in parser.items(section))
