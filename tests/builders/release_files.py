"""Distributions read from files, by the standard library and ``packaging`` alone."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from pathlib import Path

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from builders.release import distribution
from pypi_trusted_publish.checks.model import Distribution
from pypi_trusted_publish.readers.core_metadata import read_core_metadata


def read_distribution(path: Path) -> Distribution:
    """A wheel or an sdist as what an upload needs to know of it."""
    content = path.read_bytes()
    if path.suffix == ".whl":
        name, version, _, _ = parse_wheel_filename(path.name)
        metadata = _in_zip(path)
    else:
        name, version = parse_sdist_filename(path.name)
        metadata = _in_tar(path)
    return distribution(
        path.name,
        path=str(path),
        project=name,
        version=version,
        size=len(content),
        name=read_core_metadata(metadata).first("Name"),
        metadata=read_core_metadata(metadata),
        sha256=hashlib.sha256(content).hexdigest(),
        blake2b_256=hashlib.blake2b(content, digest_size=32).hexdigest(),
        open=lambda: path.open("rb"),
    )


def _in_zip(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(next(entry for entry in archive.namelist() if entry.endswith("/METADATA")))


def _in_tar(path: Path) -> bytes:
    with tarfile.open(path) as archive:
        member = archive.extractfile(next(entry for entry in archive if entry.name.endswith("/PKG-INFO")))
        assert member is not None
        return member.read()
