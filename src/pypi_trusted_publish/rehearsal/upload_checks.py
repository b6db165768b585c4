"""Whether the embedded index takes a file: PyPI's order of questions and, where they are known, its words.

Source: PyPI's public server code and what its upload endpoint was seen to answer (2026-08).
"""

from __future__ import annotations

import email.parser
import email.policy
import re
import tarfile
import zipfile
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from .http_errors import Refusal
from .projects import DAY, Project, ProjectStore, PublishedFile
from .upload_form import UploadForm

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)
_METADATA_VERSIONS: Final = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
_CLOSED_AFTER_DAYS: Final = 14


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A form whose own words are in order."""

    form: UploadForm
    name: str
    version: Version
    filename: str
    filetype: str


class Raced(Exception):
    """Another request created the same thing while this one was under way."""


def check_form(form: UploadForm) -> Submission:
    """What can be said without looking at the store. Raises :class:`~.answers.Refusal`."""
    _check_protocol(form)
    name, version = form.first("name"), _version(form.first("version"))
    if not _NAME.fullmatch(name):
        raise Refusal(
            400,
            f"{name!r} is an invalid value for Name. Error: Start and end with a letter or numeral containing only "
            "ASCII numeric and '.', '_' and '-'. See the core metadata specification for more information.",
        )
    filetype = form.first("filetype")
    if form.filename is None:
        raise Refusal(400, "Upload payload does not have a file.")
    if form.content_type.startswith("image/"):
        raise Refusal(400, "Invalid distribution file.")
    _check_digests(form)
    _check_filename(form.filename, filetype, name, version)
    return Submission(form=form, name=name, version=version, filename=form.filename, filetype=filetype)


def check_conflicts(submission: Submission, store: ProjectStore, project: Project, *, began: int) -> bool:
    """Whether the identical file is there already. Raises :class:`~.answers.Refusal`, or :class:`Raced`."""
    filename, digest = submission.filename, submission.form.blake2b_256
    present = store.find_file(filename)
    _check_race(submission, project, present, began)
    if present is not None and present.blake2b_256 == digest:
        return True
    twin = store.find_content(digest)
    if present is not None or twin is not None:
        taken = present or twin
        raise Refusal(
            400,
            f"File already exists ({filename!r}, with blake2_256 hash {digest!r})."
            if taken is present
            else f"File already exists ({filename!r}, with blake2_256 hash {digest!r}; the same bytes are there as "
            f"{taken.filename if taken else ''!r}).",
        )
    if filename in store.used_filenames:
        raise Refusal(
            400,
            "This filename has already been used, use a different version. See /help/#file-name-reuse",
        )
    return False


def check_release(submission: Submission, project: Project, *, now: float) -> None:
    """Whether the release may grow by this file. Raises :class:`~.answers.Refusal`."""
    release = project.releases.get(submission.version)
    if release is not None and now - release.created_at > _CLOSED_AFTER_DAYS * DAY:
        raise Refusal(
            400, f"Release {submission.version} is older than {_CLOSED_AFTER_DAYS} days: new files are not accepted."
        )
    mates = [file for file in project.files.values() if file.version == submission.version]
    if submission.filetype == "sdist" and any(file.filetype == "sdist" for file in mates):
        raise Refusal(400, "Only one sdist may be uploaded per release.")
    if submission.form.size > project.size_limit:
        raise Refusal(400, f"File too large. Limit for project {project.name!r} is {project.size_limit >> 20} MB.")
    total = sum(file.size for file in project.files.values()) + submission.form.size
    if total > project.total_limit:
        limit = project.total_limit >> 30
        raise Refusal(400, f"Project size too large. Limit for project {project.name!r} total size is {limit} GB.")


def check_status(project: Project) -> None:
    """Whether the project takes files at all. Raises :class:`~.answers.Refusal`."""
    if project.status in {"archived", "quarantined"}:
        raise Refusal(403, f"Project {project.name!r} is {project.status}: uploads are not allowed.")


def _check_race(submission: Submission, project: Project, present: PublishedFile | None, began: int) -> None:
    release = project.releases.get(submission.version)
    created = (
        release.number if release else None,
        present.number if present else None,
        project.first_file,
    )
    if any(number is not None and number > began for number in created):
        raise Raced


def _check_protocol(form: UploadForm) -> None:
    if form.first(":action") != "file_upload":
        raise Refusal(400, "Invalid upload: the action must be 'file_upload'.")
    if form.first("protocol_version") != "1":
        raise Refusal(400, "Unknown protocol version.")
    version = form.first("metadata_version")
    if version not in _METADATA_VERSIONS:
        raise Refusal(400, f"{version!r} is not a valid metadata version. Use one of {', '.join(_METADATA_VERSIONS)}.")
    filetype, pyversion = form.first("filetype"), form.first("pyversion")
    if filetype not in {"bdist_wheel", "sdist"}:
        raise Refusal(400, "Invalid value for filetype. Error: Use a known file type.")
    if filetype == "sdist" and pyversion != "source":
        raise Refusal(400, "Use 'source' as Python version for an sdist.")
    if filetype == "bdist_wheel" and not pyversion:
        raise Refusal(400, "Python version is required for binary distribution uploads.")


def _version(text: str) -> Version:
    try:
        version = Version(text)
    except ValueError as error:  # InvalidVersion, or more digits than int() reads
        raise Refusal(400, f"{text!r} is an invalid value for Version.") from error
    if version.local:
        raise Refusal(400, f"The use of local versions in {text!r} is not allowed.")
    return version


def _check_digests(form: UploadForm) -> None:
    claimed = {"sha256_digest": form.sha256, "blake2_256_digest": form.blake2b_256}
    given = {name: form.first(name) for name in claimed if form.first(name)}
    if not given:
        raise Refusal(400, "Include at least one message digest.")
    for name, value in given.items():
        if not _DIGEST.fullmatch(value):
            raise Refusal(400, f"Invalid value for {name}. Error: Use a valid, hex-encoded message digest.")
        if value.lower() != claimed[name]:
            raise Refusal(400, "The digest supplied does not match a digest calculated from the uploaded file.")


def _check_filename(filename: str, filetype: str, name: str, version: Version) -> None:
    if any(character < " " or character in "/\\\x7f" for character in filename):
        raise Refusal(400, "Cannot upload a file with '/' or '\\' or control characters in the name.")
    try:
        if filetype == "sdist":
            project, found = parse_sdist_filename(filename)
            exact = f"{canonicalize_name(name).replace('-', '_')}-{version}.tar.gz"
            fits = filename == exact
        else:
            project, found, _, _ = parse_wheel_filename(filename)
            fits = filename.split("-", maxsplit=1)[0] == canonicalize_name(name).replace("-", "_")
    except ValueError as error:
        raise Refusal(400, f"Invalid file name {filename!r} for a file of type {filetype}.") from error
    if project != canonicalize_name(name):
        raise Refusal(400, f"Start filename for {name!r} with {canonicalize_name(name).replace('-', '_')!r}.")
    if found != version:
        raise Refusal(400, f"Version in filename should be {str(version)!r} not {str(found)!r}.")
    if not fits:
        raise Refusal(400, f"Filename {filename!r} should contain the normalized project name and version.")


def check_archive(submission: Submission, path: Path) -> None:
    """Hold the form against the archive: it opens, and its metadata names the form's project and version.

    Raises :class:`~.answers.Refusal`.
    """
    try:
        data = _sdist_metadata(path) if submission.filetype == "sdist" else _wheel_metadata(path, submission.filename)
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Refusal(400, "Invalid distribution file. The archive could not be read.") from error
    message = email.parser.BytesParser(EmailMessage, policy=email.policy.compat32).parsebytes(data)
    name, version = str(message["Name"] or ""), str(message["Version"] or "")
    if canonicalize_name(name) != canonicalize_name(submission.name):
        raise Refusal(400, f"The form names project {submission.name!r}, the metadata in the file {name!r}.")
    try:
        same = Version(version) == submission.version
    except ValueError:  # InvalidVersion, or more digits than int() reads
        same = False
    if not same:
        raise Refusal(400, f"The form names version {str(submission.version)!r}, the metadata in the file {version!r}.")


def _wheel_metadata(path: Path, filename: str) -> bytes:
    folder = "-".join(filename.split("-")[:2]) + ".dist-info"
    with zipfile.ZipFile(path) as archive:
        for required in ("WHEEL", "RECORD"):
            archive.getinfo(f"{folder}/{required}")
        return archive.read(f"{folder}/METADATA")


def _sdist_metadata(path: Path) -> bytes:
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            if member.name.count("/") == 1 and member.name.endswith("/PKG-INFO"):
                file = archive.extractfile(member)
                if file is not None:
                    return file.read()
    raise KeyError("PKG-INFO")
