"""Workers find the same as a check in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from builders.archives import sdist_bytes, tampered, wheel_bytes
from builders.metadata import metadata_bytes
from pypi_trusted_publish.checks.check import check
from pypi_trusted_publish.checks.metadata import MOST_FINDINGS
from pypi_trusted_publish.checks.model import CheckOptions
from pypi_trusted_publish.io.packages_dir import survey
from pypi_trusted_publish.io.workers import process
from pypi_trusted_publish.io.workers.pool import Workers

RST = ("Description-Content-Type", "text/x-rst")
FILES = {
    "demo-1.0-py3-none-plan9_amd64.whl": wheel_bytes(metadata=metadata_bytes(("Author", "J\udcf6rg"))),
    "demo-1.0-py3-none-any.whl": wheel_bytes(metadata=metadata_bytes(("License-Expression", "LicenseRef-"))),
    "demo-1.0-py3-none-win32.whl": tampered(lambda archive: setattr(archive, "comment", b"x"), {"demo/a.pth": b""}),
    "demo-1.0.tar.gz": sdist_bytes() + b"x",
}


@pytest.mark.parametrize("options", [CheckOptions(), CheckOptions(publishing=True, strict=True)])
def test_a_check_in_workers_finds_the_same(tmp_path: Path, options: CheckOptions) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    candidates = survey([str(tmp_path)], str(tmp_path)).candidates
    here = check(candidates, options=options)
    there = Workers(most=1).check(candidates, options=options)
    assert there.findings == here.findings
    assert there.doubts == here.doubts
    assert set(there.doubts) == {"demo-1.0-py3-none-plan9_amd64.whl", "demo-1.0-py3-none-any.whl"}


def test_a_lone_title_is_distinguished_from_other_descriptions_that_show_nothing(tmp_path: Path) -> None:
    for title, rule in (("Demo\n====\n", "library-releases-differ"), (".. nothing\n", "description-not-rendered")):
        (tmp_path / "demo-1.0.tar.gz").write_bytes(sdist_bytes(metadata=metadata_bytes(RST, body=title)))
        checked = Workers(most=1).check(survey([str(tmp_path)], str(tmp_path)).candidates, options=CheckOptions())
        assert [finding.rule for finding in checked.findings] == [rule]


def test_a_version_of_any_length_is_judged_and_not_taken_for_nonsense(tmp_path: Path) -> None:
    metadata = metadata_bytes().replace(b"\nVersion: 1.0", b"\nVersion: 1" + b".1" * 20_000)
    (tmp_path / "demo-1.0-py3-none-any.whl").write_bytes(wheel_bytes(metadata=metadata))
    candidates = survey([str(tmp_path)], str(tmp_path)).candidates
    found = Workers(most=1).check(candidates, options=CheckOptions())
    assert "wheel-version-mismatch" in {finding.rule for finding in found.errors}


@pytest.mark.parametrize("build", [wheel_bytes, sdist_bytes])
def test_many_missing_license_files_are_named_up_to_a_limit(build: Callable[..., bytes], tmp_path: Path) -> None:
    metadata = metadata_bytes(*(("License-File", f"a{number}") for number in range(300)))
    name = "demo-1.0-py3-none-any.whl" if build is wheel_bytes else "demo-1.0.tar.gz"
    (tmp_path / name).write_bytes(build(metadata=metadata))
    found = check(survey([str(tmp_path)], str(tmp_path)).candidates, options=CheckOptions())
    assert sum(finding.rule.endswith("license-file-missing") for finding in found.findings) == MOST_FINDINGS


def test_an_interpreter_that_cannot_set_its_garbage_collector_checks_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyPy cannot."""
    monkeypatch.setattr(process, "_PROGRAM", f"import gc; del gc.set_threshold; {process._PROGRAM}")
    (tmp_path / "demo-1.0.tar.gz").write_bytes(sdist_bytes())
    checked = Workers(most=1).check(survey([str(tmp_path)], str(tmp_path)).candidates, options=CheckOptions())
    assert checked.findings == ()
