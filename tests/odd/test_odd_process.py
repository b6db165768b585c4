"""A release in a process with fewer resources than usual, or with an unusual setup."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from builders.interpreter import interpreter_of, interpreter_without
from builders.polling import until
from builders.started import ROOT
from odd.conftest import Action, Run, possible, skip_without, started
from pypi_trusted_publish.rehearsal.samples import Sample, build_wheels
from pypi_trusted_publish.rehearsal.sandbox import Sandbox

IN_A_SHELL = ("sh", "-c")


@pytest.mark.parametrize(
    "environ",
    [
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"HOME": None},
        {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"},
        {"TZ": "Pacific/Kiritimati"},
        {"PATH": ""},
    ],
    ids=["the C locale", "no HOME", "a HOME that is not there", "another time zone", "no PATH"],
)
def test_a_release_needs_nothing_of_the_environment_but_the_job(
    tmp_path: Path, publish: Run, environ: dict[str, str | None]
) -> None:
    with Sandbox(tmp_path) as sandbox:
        ended = publish(sandbox, environ=environ)
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log


def test_a_umask_that_lets_no_other_user_read_changes_nothing(tmp_path: Path, publish: Run) -> None:
    with Sandbox(tmp_path) as sandbox:
        ended = publish(sandbox, behind=[*IN_A_SHELL, 'umask 077 && exec "$@"', "sh"])
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log


def test_sixty_four_descriptors_are_enough_for_forty_files(tmp_path: Path, publish: Run) -> None:
    wheels = build_wheels(tmp_path / "dist", Sample(), 40)
    with Sandbox(tmp_path / "sandbox", distributions=wheels) as sandbox:
        ended = publish(sandbox, behind=[*IN_A_SHELL, 'ulimit -n 64 && exec "$@"', "sh"])
        assert (ended.code, len(sandbox.published())) == (0, 40), ended.log


def test_half_a_gigabyte_of_memory_is_enough(tmp_path: Path, publish: Run) -> None:
    wheels = build_wheels(tmp_path / "dist", Sample(padding=5_000_000), 8)
    with Sandbox(tmp_path / "sandbox", distributions=wheels) as sandbox:
        ended = publish(sandbox, behind=[*IN_A_SHELL, 'ulimit -v 524288 && exec "$@"', "sh"])
        assert (ended.code, len(sandbox.published())) == (0, 8), ended.log


@pytest.mark.parametrize(("kilobytes", "code"), [(327680, 0), (262144, 0), (163840, 2)])
def test_little_memory_is_enough_or_named(tmp_path: Path, publish: Run, kilobytes: int, code: int) -> None:
    with Sandbox(tmp_path) as sandbox:
        ended = publish(sandbox, behind=[*IN_A_SHELL, f'ulimit -v {kilobytes} && exec "$@"', "sh"])
        assert (ended.code, len(sandbox.published()), sandbox.live_tokens()) == (code, 0 if code else 2, ()), ended.log
    assert ("The action ran out of memory." in ended.log) == bool(code)


def test_fewer_descriptors_than_python_needs_are_named(tmp_path: Path, publish: Run) -> None:
    with Sandbox(tmp_path) as sandbox:
        ended = publish(sandbox, behind=[*IN_A_SHELL, 'ulimit -n 8 && exec "$@"', "sh"])
        assert (ended.code, sandbox.published(), sandbox.live_tokens()) == (2, (), ()), ended.log
    assert "The action ran out of file descriptors." in ended.log


@pytest.mark.parametrize(("blocks", "code"), [(200, 2), (2000, 0)])
def test_files_that_may_not_grow_to_the_size_of_a_package_are_named(
    tmp_path: Path, action: Action, blocks: int, code: int
) -> None:
    """A block of ``ulimit -f`` has 512 or 1,024 bytes."""
    with Sandbox(tmp_path / "sandbox") as sandbox:
        behind = [*IN_A_SHELL, f'ulimit -f {blocks} && exec "$@"', "sh"]
        ended = action("publish", behind=behind, environ=sandbox.environ)
        assert (ended.code, len(sandbox.published())) == (code, 0 if code else 2), ended.log
    assert ("packages-not-written" in ended.log) == bool(code)
    assert "Traceback" not in ended.log


def test_a_slow_reader_of_a_pipe_that_does_not_block_gets_every_line(tmp_path: Path) -> None:
    """A program that reads the pipe without blocking may have set that for both ends."""
    wheels = build_wheels(tmp_path / "dist", Sample(), 8)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.write(writing, bytes(fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)))
    with Sandbox(tmp_path / "sandbox", distributions=wheels) as sandbox, os.fdopen(reading, "rb") as file:
        command = [sys.executable, "-u", "-m", "pypi_trusted_publish", "publish"]
        environ = {**sandbox.environ, "PYTHONPATH": str(ROOT / "src")}
        with subprocess.Popen(command, env=environ, stdout=writing, stderr=writing) as process:
            until(lambda: os.get_blocking(writing) or process.poll() is not None)  # child and parent share it
            os.close(writing)
            log = file.read().decode().lstrip("\0")
        assert (process.returncode, len(sandbox.published())) == (0, 8), log
    assert log.count(": listed on the index with our digest") == 8
    assert log.endswith("8 files uploaded, all confirmed.\n")


@pytest.mark.parametrize(
    "redirection", ['exec "$@" >&-', 'exec "$@" 2>&-', 'exec "$@" </dev/null <&-', 'exec "$@" >/dev/full']
)
def test_a_closed_or_full_output_costs_no_file_and_leaves_no_token(
    tmp_path: Path, publish: Run, redirection: str
) -> None:
    """Such a run need not succeed, but it must not leave the release incomplete."""
    with Sandbox(tmp_path) as sandbox:
        ended = publish(sandbox, behind=[*IN_A_SHELL, redirection, "sh"])
        assert sandbox.live_tokens() == ()
        assert "Traceback" not in ended.log
        assert len(sandbox.published()) in {0, 2}
        if ended.code == 0:
            assert len(sandbox.published()) == 2


def test_a_machine_without_ipv4_rehearses_a_release(ipv6_alone: list[str]) -> None:
    """The index, GitHub's side and the run meet at ``::1``, over every request of a release and of pip."""
    ended = started(
        [*ipv6_alone, sys.executable, "-m", "pypi_trusted_publish", "rehearse"],
        {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")},
    )
    assert ended.code == 0, ended.log
    assert "http://[::1]:" in ended.log


def test_a_python_without_pip_and_ensurepip_publishes_from_a_release(tmp_path: Path, action: Action) -> None:
    """Like the Pythons of slim images and of distributions that split the standard library."""
    python = interpreter_without(tmp_path / "slim", "ensurepip", "site-packages", "venv")
    with Sandbox(tmp_path / "sandbox") as sandbox:
        ended = action("publish", environ={**sandbox.environ, "PATH": str(Path(python).parent)})
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log


FIPS_MODE: Final = """
def _refused(*_, **_named):
    raise ValueError("[digital envelope routines] unsupported")


md5 = blake2b = blake2s = _refused
"""


def test_a_machine_in_fips_mode_publishes_without_the_digest_that_it_refuses(tmp_path: Path, action: Action) -> None:
    """Red Hat's Python refuses MD5 and BLAKE2 there."""
    python = Path(interpreter_without(tmp_path / "fips", "hashlib"))
    own = python.parents[1] / "lib" / Path(os.__file__).parent.name / "hashlib.py"
    own.write_text(Path(hashlib.__file__).read_text(encoding="utf-8") + FIPS_MODE, encoding="utf-8")
    with Sandbox(tmp_path / "sandbox") as sandbox:
        ended = action("publish", environ={**sandbox.environ, "PATH": str(python.parent)})
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log
    assert "blake2b-256" not in ended.log


def test_debians_minimal_python_is_named_with_the_package_to_add(tmp_path: Path, action: Action) -> None:
    """``python3-minimal`` starts, and lacks most of the standard library."""
    for library in sorted(Path("/usr/lib").glob("python3.*")):
        package = f"lib{library.name}-minimal"
        listed = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False).stdout.split("\n")
        files = [path for path in map(Path, listed) if library in path.parents and path.is_file()]
        if files:
            break
    else:
        skip_without("Debian's minimal Python", "python3-minimal")
    python = interpreter_of(tmp_path / "minimal", Path("/usr/bin", library.name), library, files)
    ended = action("publish", environ={"PATH": str(Path(python).parent)})
    assert ended.code == 2, ended.log
    assert "standard-library-incomplete" in ended.log
    assert "apt-get install python3" in ended.log
    assert "Traceback" not in ended.log


def test_a_user_that_the_system_does_not_know_can_publish_under_any_umask(tree: Path) -> None:
    """Like the user of a container that was started with ``--user 54321``; a folder of another user is named."""
    umask = [*IN_A_SHELL, 'umask 777 && exec "$@"', "sh"]
    strange = possible(["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", *umask], "util-linux")
    folder = Path(f"/var/tmp/pypi-trusted-publish-{os.getpid()}")
    folder.mkdir(mode=0o755)
    try:
        shutil.copytree(tree, folder / "action")
        with Sandbox(folder / "sandbox") as sandbox:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, 54321, 54321)
            command = [*strange, "/bin/sh", str(folder / "action" / "launch.sh"), "publish"]
            environ = {**sandbox.environ, "PATH": "/usr/bin:/bin"}
            ended = started(command, environ, folder)
            if "no-python" in ended.log:
                pytest.skip("not tried: another user may run no Python of 3.10 or newer (apt-get install python3)")
            assert (ended.code, len(sandbox.published())) == (0, 2), ended.log
            assert [path.name for path in (folder / "sandbox" / "temp").iterdir() if path.is_dir()] == []
            os.chown(sandbox.workspace, 0, 0)
            sandbox.workspace.chmod(0o700)
            ended = started(command, environ, folder)
        assert (ended.code, "packages-dir-unreadable" in ended.log) == (2, True), ended.log
    finally:
        shutil.rmtree(folder)
