"""A release whose folders lie oddly: on another, full, read-only or case-blind file system, or behind a link."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from odd.conftest import Ended, Mount, Run
from pypi_trusted_publish.rehearsal.samples import build_release
from pypi_trusted_publish.rehearsal.sandbox import Sandbox

Action = Callable[..., Ended]


@pytest.fixture
def dist(tmp_path: Path, action: Action) -> Path:
    """A sound release in the workspace of the action."""
    folder = tmp_path / "workspace" / "dist"
    build_release(folder)
    return folder


def test_a_temporary_folder_with_blanks_and_letters_beyond_ascii(tmp_path: Path, action: Action, dist: Path) -> None:
    odd = tmp_path / "temp ö 'x' $HOME 蓝莓"
    odd.mkdir()
    ended = action("check", str(dist), environ={"RUNNER_TEMP": str(odd)})
    assert ended.code == 0, ended.log
    assert list(odd.iterdir()) == []


def test_a_temporary_folder_behind_a_link_as_on_macos(tmp_path: Path, publish: Run) -> None:
    """There ``/tmp`` is a link to ``/private/tmp``."""
    (tmp_path / "private").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "private")
    with Sandbox(tmp_path / "linked" / "sandbox") as sandbox:
        ended = publish(sandbox)
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log


def test_a_home_that_cannot_be_written(tmp_path: Path, action: Action, dist: Path, mount: Mount) -> None:
    ended = action("check", str(dist), behind=mount(tmp_path / "home", "ro"))
    assert ended.code == 0, ended.log


def test_a_temporary_folder_on_another_file_system(tmp_path: Path, action: Action, dist: Path, mount: Mount) -> None:
    ended = action("check", str(dist), behind=mount(tmp_path / "temp", "size=200m"))
    assert ended.code == 0, ended.log


def test_a_full_temporary_folder_is_named_and_not_the_package_index(
    tmp_path: Path, action: Action, dist: Path, mount: Mount
) -> None:
    ended = action("check", str(dist), behind=mount(tmp_path / "temp", "size=256k"))
    assert ended.code == 2, ended.log
    assert "RUNNER_TEMP" in ended.log or str(tmp_path / "temp") in ended.log
    assert "Traceback" not in ended.log


def test_a_temporary_folder_from_which_nothing_may_be_run(
    tmp_path: Path, action: Action, dist: Path, mount: Mount
) -> None:
    """Compiled modules cannot be loaded from it; what needs none is checked."""
    ended = action("check", str(dist), behind=mount(tmp_path / "temp", "noexec,size=200m"))
    assert ended.code == 0, ended.log
    assert "Traceback" not in ended.log


def test_a_machine_without_proc(tmp_path: Path, publish: Run, mount: Mount) -> None:
    behind = mount(Path("/proc"), "ro")
    with Sandbox(tmp_path) as sandbox:
        ended = publish(sandbox, behind=behind)
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log


def test_a_file_system_that_ignores_case(tmp_path: Path, publish: Run) -> None:
    """macOS and Windows have such: two spellings of a folder are one, and a file is found by either."""
    image, place = tmp_path / "image", tmp_path / "volume"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    made = subprocess.run(["mkfs.vfat", str(image)], check=False, capture_output=True) if _has_vfat() else None
    if made is None or made.returncode or os.geteuid() != 0:
        pytest.skip("not tried: no file system that ignores case can be made here (mkfs.vfat and root are needed)")
    if subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=False, capture_output=True).returncode:
        pytest.skip("not tried: this kernel mounts no vfat")
    try:
        files = build_release(place / "Dist")
        with Sandbox(tmp_path / "sandbox", distributions=files) as sandbox:
            ended = publish(sandbox, environ={"INPUT_PACKAGES_DIR": f"{place}/dist\n{place}/DIST\n"})
            assert (ended.code, len(sandbox.published())) == (0, 2), ended.log
    finally:
        subprocess.run(["umount", str(place)], check=True)


def _has_vfat() -> bool:
    return any(Path(folder, "mkfs.vfat").exists() for folder in ("/sbin", "/usr/sbin"))
