"""What a distribution says of itself: just enough to hold the form against it, read with the standard library alone."""

from __future__ import annotations

import email.parser
import email.policy
import tarfile
import zipfile
from email.message import EmailMessage
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from .acceptance import Submission
from .answers import Refusal


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
