"""A release with unusual folders: on another, full, read-only or case-insensitive file system, or behind a link."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from odd.conftest import Action, Mount, Run, skip_without
from pypi_trusted_publish.rehearsal.samples import Sample, build_release
from pypi_trusted_publish.rehearsal.sandbox import Sandbox


class Described(Sample):
    """Its description is reStructuredText, which is rendered."""

    def metadata(self) -> bytes:
        return super().metadata().replace(b"text/markdown", b"text/x-rst")


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


def test_folders_behind_links_as_on_macos(tmp_path: Path, action: Action) -> None:
    """There ``/tmp`` and ``/var`` are links to ``/private``: to the packages, the workspace and the distributions."""
    (tmp_path / "private").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "private")
    files = build_release(tmp_path / "linked" / "dist", Described())
    (tmp_path / "linked" / "temp").mkdir()
    with Sandbox(tmp_path / "linked" / "sandbox", distributions=files) as sandbox:
        ended = action("publish", environ={**sandbox.environ, "RUNNER_TEMP": str(tmp_path / "linked" / "temp")})
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log
    assert "not checked" not in ended.log, ended.log


def test_a_home_that_cannot_be_written(tmp_path: Path, action: Action, dist: Path, mount: Mount) -> None:
    ended = action("check", str(dist), behind=mount(tmp_path / "home", "ro"))
    assert ended.code == 0, ended.log


def test_a_temporary_folder_on_another_file_system(tmp_path: Path, action: Action, dist: Path, mount: Mount) -> None:
    ended = action("check", str(dist), behind=mount(tmp_path / "temp", "size=200m"))
    assert ended.code == 0, ended.log


@pytest.mark.parametrize(
    ("options", "code"),
    [("size=64k", 2), ("size=2m", 2), ("size=4m", 0), ("nr_inodes=4", 2), ("nr_inodes=60", 2), ("nr_inodes=300", 0)],
)
def test_a_nearly_full_temporary_folder_is_named_before_anything_is_sent_or_suffices(
    tmp_path: Path, action: Action, mount: Mount, options: str, code: int
) -> None:
    """No room for the first package, for the last one, and for all of them but not for those of descriptions."""
    files = build_release(tmp_path / "dist", Described())
    behind = mount(tmp_path / "temp", options)
    with Sandbox(tmp_path / "sandbox", distributions=files) as sandbox:
        environ = {**sandbox.environ, "RUNNER_TEMP": str(tmp_path / "temp")}
        ended = action("publish", behind=behind, environ=environ)
        assert (ended.code, len(sandbox.published()), len(sandbox.live_tokens())) == (code, 0 if code else 2, 0), (
            ended.log
        )
    assert ("runner-disk-full" in ended.log) == bool(code)
    assert ("The description was not checked" in ended.log) == (not code)
    assert "Traceback" not in ended.log


def test_a_temporary_folder_from_which_nothing_may_be_run(
    tmp_path: Path, action: Action, dist: Path, mount: Mount
) -> None:
    """Compiled modules cannot be loaded from it; what needs none is checked."""
    ended = action("check", str(dist), behind=mount(tmp_path / "temp", "noexec,size=200m"))
    assert ended.code == 0, ended.log
    assert "Traceback" not in ended.log


def test_a_machine_without_certificates_trusts_what_comes_with_the_action(
    tmp_path: Path, action: Action, mount: Mount
) -> None:
    """A slim image has none. An authority in ``SSL_CERT_FILE`` is still trusted, and no other."""
    behind = mount(Path("/etc/ssl/certs"), "ro")
    environ = dict.fromkeys(("SSL_CERT_FILE", "SSL_CERT_DIR"))
    with Sandbox(tmp_path / "sandbox", tls=True) as sandbox:
        stranger = action("publish", behind=behind, environ={**sandbox.environ, **environ})
        assert (stranger.code, sandbox.published()) == (2, ()), stranger.log
        assert "Traceback" not in stranger.log
        ended = action("publish", behind=behind, environ=sandbox.environ)
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log


def test_a_machine_without_proc(tmp_path: Path, publish: Run, mount: Mount) -> None:
    behind = mount(Path("/proc"), "ro")
    with Sandbox(tmp_path) as sandbox:
        ended = publish(sandbox, behind=behind)
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A file system that ignores case, as those of macOS and Windows: FAT, or NTFS where the kernel has no FAT."""
    image, place = tmp_path / "image", tmp_path / "volume"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    choices = (
        (["mkfs.vfat"], ["mount", "-o", "loop"]),
        (["mkfs.ntfs", "--quiet", "--fast", "--force"], ["lowntfs-3g", "-o", "ignore_case"]),
    )
    if not any(_succeeds(*make, image) and _succeeds(*mount, image, place) for make, mount in choices):
        skip_without("root, a loop device or /dev/fuse, and FAT or NTFS", "dosfstools ntfs-3g")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def _succeeds(program: str, *arguments: object) -> bool:
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    command = [found or program, *map(str, arguments)]
    return bool(found) and not subprocess.run(command, check=False, capture_output=True).returncode


def test_two_spellings_of_a_folder_are_one_where_the_file_system_ignores_case(
    tmp_path: Path, publish: Run, volume: Path
) -> None:
    files = build_release(volume / "Dist")
    with Sandbox(tmp_path / "sandbox", distributions=files) as sandbox:
        ended = publish(sandbox, environ={"INPUT_PACKAGES_DIR": f"{volume}/dist\n{volume}/DIST\n"})
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log


def test_the_workspace_is_the_workspace_in_every_spelling(action: Action, dist: Path, volume: Path) -> None:
    for folder in ("Workspace/certs", "Workspace-certs"):
        (volume / folder).mkdir(parents=True)
    workspace = {"GITHUB_WORKSPACE": str(volume / "Workspace")}
    beside = action("check", str(dist), environ={**workspace, "SSL_CERT_DIR": str(volume / "WORKSPACE-CERTS")})
    assert beside.code == 0, beside.log
    inside = action("check", str(dist), environ={**workspace, "SSL_CERT_DIR": str(volume / "WORKSPACE" / "Certs")})
    assert inside.code == 2, inside.log
    assert "trust-store-in-workspace" in inside.log


@pytest.mark.parametrize("place", ["/dev/full", "folder", "pipe", "missing/file", "/dev/null"])
def test_files_of_the_job_that_cannot_be_read_or_written_cost_no_release(
    tmp_path: Path, publish: Run, place: str
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    names = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH")
    with Sandbox(tmp_path / "sandbox") as sandbox:
        ended = publish(sandbox, environ=dict.fromkeys(names, str(tmp_path / place)))
        assert (ended.code, len(sandbox.published()), sandbox.live_tokens()) == (0, 2, ()), ended.log
    assert ("could not be written" in ended.log) == (place != "/dev/null")
