from __future__ import annotations

import base64
import csv
import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from packaging.metadata import Metadata
from packaging.utils import parse_wheel_filename

from pypi_trusted_publish.rehearsal.samples import Sample, build_release, build_sdist, build_wheel, build_wheels


def test_record_lists_exactly_the_members_with_their_hashes(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_wheel(tmp_path, Sample(padding=3 << 20))) as archive:
        record = list(csv.reader(archive.read("rehearsal_sample-1.0.0.dist-info/RECORD").decode().splitlines()))
        assert [name for name, _, _ in record] == archive.namelist()
        for name, digest, size in record[:-1]:
            data = archive.read(name)
            encoded = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            assert (digest, int(size)) == (f"sha256={encoded}", len(data))


def test_no_member_has_a_data_descriptor(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_wheel(tmp_path, Sample(padding=10))) as archive:
        assert not any(member.flag_bits & 0x08 for member in archive.infolist())


def test_the_metadata_is_valid(tmp_path: Path) -> None:
    with tarfile.open(build_sdist(tmp_path, Sample())) as archive:
        file = archive.extractfile("rehearsal_sample-1.0.0/PKG-INFO")
        assert file is not None
        metadata = Metadata.from_email(file.read(), validate=True)
    assert metadata.name == "rehearsal-sample"


def test_our_own_check_has_no_findings(tmp_path: Path) -> None:
    release = build_release(tmp_path / "release")
    large = build_wheels(tmp_path / "large", Sample(name="Other.Sample", version="2.0", padding=1_000), 2)
    sdist = build_sdist(tmp_path / "large", Sample(name="Other.Sample", version="2.0"))
    for files in (release, (*large, sdist)):
        command = [sys.executable, "-m", "pypi_trusted_publish", "check", *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("\n    ok\n") == len(files)


def test_twine_finds_no_fault_with_a_release(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, build_release(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_sample_has_the_same_bytes(tmp_path: Path) -> None:
    first, second = build_release(tmp_path / "a"), build_release(tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_a_set_of_wheels_has_different_tags_and_bytes_that_do_not_shrink(tmp_path: Path) -> None:
    wheels = build_wheels(tmp_path, Sample(padding=50_000), 150)
    assert len({parse_wheel_filename(wheel.name)[3] for wheel in wheels}) == 150
    assert len({hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels}) == 150
    assert all(wheel.stat().st_size > 50_000 for wheel in wheels)


def test_a_sample_may_have_another_name_and_version(tmp_path: Path) -> None:
    wheel, sdist = build_release(tmp_path, Sample(name="Other.Project", version="2.0rc1"))
    assert wheel.name == "other_project-2.0rc1-py3-none-any.whl"
    assert sdist.name == "other_project-2.0rc1.tar.gz"
