"""Builds sound wheels and sdists with the standard library alone: one of each, or large sets."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import itertools
import random
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_EPOCH: Final = (2026, 1, 1, 0, 0, 0)
_UNIX_EPOCH: Final = 1_767_225_600
_BLOCK: Final = 1 << 20
_LICENSE: Final = "Permission is granted to rehearse with this sample, without any warranty.\n"
_PYTHONS: Final = ("cp310", "cp311", "cp312", "cp313", "cp314", "cp315")
_MACHINES: Final = ("x86_64", "aarch64", "i686", "ppc64le", "s390x")
_GLIBC_MINORS: Final = range(17, 57)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The metadata of sample distributions."""

    name: str = "rehearsal-sample"
    version: str = "1.0.0"
    padding: int = 0
    """Bytes of incompressible data to put into each wheel."""

    @property
    def stem(self) -> str:
        """The name as file names spell it."""
        return self.name.lower().replace("-", "_").replace(".", "_")

    def metadata(self) -> bytes:
        """Core metadata 2.4."""
        return (
            "Metadata-Version: 2.4\n"
            f"Name: {self.name}\n"
            f"Version: {self.version}\n"
            "Summary: A sample for rehearsing a release\n"
            "Keywords: rehearsal,release\n"
            "Author: The Rehearsal\n"
            "License-Expression: MIT\n"
            "License-File: LICENSE\n"
            "Classifier: Development Status :: 5 - Production/Stable\n"
            "Classifier: Programming Language :: Python :: 3\n"
            "Requires-Python: >=3.8\n"
            "Project-URL: Homepage, https://example.com/rehearsal-sample\n"
            "Description-Content-Type: text/markdown\n"
            "\n"
            f"# {self.name}\n\nA *sample* for rehearsing a release.\n"
        ).encode()


def build_wheel(folder: Path, sample: Sample, tag: str = "py3-none-any") -> Path:
    """Write a wheel; returns its path."""
    stem = f"{sample.stem}-{sample.version}"
    info = f"{stem}.dist-info"
    path = folder / f"{stem}-{tag}.whl"
    pure = "true" if tag.endswith("-any") else "false"
    wheel = f"Wheel-Version: 1.0\nGenerator: rehearsal\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"
    record: list[str] = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        code = f'"""A sample."""\n\n__version__ = "{sample.version}"\n'.encode()
        record.append(_add(archive, f"{sample.stem}/__init__.py", code))
        if sample.padding:
            record.append(_add_padding(archive, f"{sample.stem}/padding.bin", sample.padding, seed=path.name))
        record.append(_add(archive, f"{info}/licenses/LICENSE", _LICENSE.encode()))
        record.append(_add(archive, f"{info}/METADATA", sample.metadata()))
        record.append(_add(archive, f"{info}/WHEEL", wheel.encode()))
        _add(archive, f"{info}/RECORD", "".join([*record, f"{info}/RECORD,,\n"]).encode())
    return path


def build_sdist(folder: Path, sample: Sample) -> Path:
    """Write an sdist; returns its path."""
    top = f"{sample.stem}-{sample.version}"
    path = folder / f"{top}.tar.gz"
    project = (
        '[build-system]\nrequires = ["flit_core >=3.11,<4"]\nbuild-backend = "flit_core.buildapi"\n\n'
        f'[project]\nname = "{sample.name}"\nversion = "{sample.version}"\n'
        'description = "A sample for rehearsing a release"\n'
        'license = "MIT"\nlicense-files = ["LICENSE"]\nrequires-python = ">=3.8"\n'
    )
    members = {
        "PKG-INFO": sample.metadata(),
        "LICENSE": _LICENSE.encode(),
        "pyproject.toml": project.encode(),
        f"{sample.stem}/__init__.py": f'"""A sample."""\n\n__version__ = "{sample.version}"\n'.encode(),
    }
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=_UNIX_EPOCH) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, data in members.items():
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size, member.mtime = len(data), _UNIX_EPOCH
            archive.addfile(member, io.BytesIO(data))
    return path


def build_release(folder: Path, sample: Sample | None = None) -> tuple[Path, Path]:
    """A wheel and an sdist of one release."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = sample or Sample()
    return build_wheel(folder, chosen), build_sdist(folder, chosen)


def build_wheels(folder: Path, sample: Sample, count: int) -> tuple[Path, ...]:
    """``count`` wheels of one release, each for another platform; at most 1,200."""
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(build_wheel(folder, sample, tag) for tag in itertools.islice(_tags(), count))


def _tags() -> Iterator[str]:
    for minor, machine, python in itertools.product(_GLIBC_MINORS, _MACHINES, _PYTHONS):
        yield f"{python}-{python}-manylinux_2_{minor}_{machine}"


def _entry(name: str, method: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = method
    entry.external_attr = 0o100644 << 16
    return entry


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> str:
    """Add a member; returns its line of RECORD."""
    archive.writestr(_entry(name, zipfile.ZIP_DEFLATED), data)
    return _record_line(name, hashlib.sha256(data), len(data))


def _add_padding(archive: zipfile.ZipFile, name: str, size: int, *, seed: str) -> str:
    block = random.Random(seed).randbytes(min(size, _BLOCK))  # noqa: S311 - noise that can be repeated
    digest, left = hashlib.sha256(), size
    entry = _entry(name, zipfile.ZIP_STORED)
    entry.file_size = size
    with archive.open(entry, "w") as member:
        while left:
            piece = block[:left]
            digest.update(piece)
            member.write(piece)
            left -= len(piece)
    return _record_line(name, digest, size)


def _record_line(name: str, digest: hashlib._Hash, size: int) -> str:
    encoded = base64.urlsafe_b64encode(digest.digest()).decode("ascii").rstrip("=")
    return f"{name},sha256={encoded},{size}\n"
