"""A start that cannot succeed: log, annotation and summary say who must act, and nothing runs."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.interpreter import interpreter_without
from builders.machine import needs_links
from builders.started import ROOT, Started
from pypi_trusted_publish.errors import PublishError
from pypi_trusted_publish.installation.installer import Installer, PrivateFolder
from pypi_trusted_publish.installation.pip import Pip

Start = Callable[..., Started]


def test_packages_that_cannot_be_had_end_the_run_before_the_program(start_by_pip: Start, tmp_path: Path) -> None:
    """And what pip prints about a folder of that name is not a command to the runner."""
    started = start_by_pip(environ={"PIP_FIND_LINKS": str(tmp_path / "##[error]::warning::none")})
    assert (started.code, started.errors, started.program_ran) == (2, "", False)
    commands = [line for line in started.output.splitlines() if line.lstrip().startswith("::")]
    assert len(commands) == 1
    assert commands[0].startswith("::error title=pypi-trusted-publish packages-not-on-index::No index that pip")
    assert "No matching distribution found for" in started.output
    assert "::warning::none" in started.output
    assert "##[" not in started.output
    assert "Traceback" not in started.output
    summary = (tmp_path / "summary").read_text(encoding="utf-8")
    assert summary.startswith("### Nothing was published: the action could not start")
    assert started.left_over == []


def test_outside_of_github_actions_it_is_reported_in_plain_lines(start: Start, tmp_path: Path) -> None:
    started = start(environ={"RUNNER_TEMP": str(tmp_path / "gone"), "GITHUB_ACTIONS": ""})
    assert started.code == 2
    assert started.output.startswith("No folder can be created in ")
    assert "::" not in started.output
    assert not (tmp_path / "summary").exists()


def test_a_wheel_with_other_bytes_is_not_installed(start_by_pip: Start, wheels: Path, tmp_path: Path) -> None:
    tampered = tmp_path / "tampered"
    shutil.copytree(wheels, tampered)
    with next(tampered.glob("idna-*.whl")).open("ab") as file:
        file.write(b"\0")
    started = start_by_pip(environ={"PIP_FIND_LINKS": str(tampered)})
    assert (started.code, started.program_ran) == (5, False)
    assert "DO NOT MATCH THE HASHES" in started.output


@pytest.mark.parametrize("raw", [False, True], ids=["encoded", "raw"])
def test_no_secret_of_an_index_or_a_proxy_is_shown(start_by_pip: Start, closed_port: int, raw: bool) -> None:
    password, token = "p@s/s#w%25o%0Ard7", "t0ken-of-an-index-1234"
    written = password if raw else "p%40s%2Fs%23w%2525o%250Ard7"
    index = f"http://robot:{written}@127.0.0.1:{closed_port}/{token}/simple?key={token}2"
    started = start_by_pip(
        environ={
            "PIP_NO_INDEX": "",
            "PIP_FIND_LINKS": "",
            "PIP_INDEX_URL": index,
            "PIP_EXTRA_INDEX_URL": f"http://127.0.0.1:{closed_port}/{token}3/simple",
            "PIP_RETRIES": "0",
            "HTTPS_PROXY": f"http://me:{written}8@127.0.0.1:{closed_port}",
            "NO_PROXY": "",
        }
    )
    lines = started.output.splitlines()
    masks = [line.removeprefix("::add-mask::").replace("%25", "%") for line in lines if line.startswith("::add-mask::")]
    shown = "\n".join(line for line in lines if not line.startswith("::add-mask::"))
    shown += (started.folder / "summary").read_text(encoding="utf-8") + started.errors
    assert (started.code, started.program_ran) == (5, False)
    assert lines[: len(masks)] == [line for line in lines if line.startswith("::add-mask::")]
    assert {index, f"robot:{written}", written, password, token, f"{token}2", f"{token}3", f"{written}8"} <= set(masks)
    assert {"simple", "robot", "me", "key", "127.0.0.1"}.isdisjoint(masks)
    for secret in (*masks, "s/s#w", "s%2Fs%23w", token):
        assert secret not in shown
    assert f"PIP_INDEX_URL: http://127.0.0.1:{closed_port}\n" in shown
    assert f"HTTPS_PROXY: http://127.0.0.1:{closed_port}\n" in shown
    assert "Looking in indexes" not in shown


def test_a_password_in_an_index_url_does_not_reach_the_program(start: Start) -> None:
    seen = start(environ={"PIP_EXTRA_INDEX_URL": "http://robot:pass-word@127.0.0.1:1/simple"}).seen
    assert [name for name, value in seen["environ"].items() if "pass-word" in value] == []


def test_a_broken_configuration_of_pip_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("cert = nowhere\n", encoding="utf-8")
    started = start(environ={"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")})
    assert (started.code, started.errors, started.program_ran) == (2, "", False)
    assert f"is not valid: {tmp_path / 'pip.conf'}" in started.output


def test_a_folder_for_temporary_files_that_is_not_there_is_named(start: Start, tmp_path: Path) -> None:
    started = start(environ={"RUNNER_TEMP": str(tmp_path / "gone")})
    assert (started.code, started.errors) == (2, "")
    assert f"No folder can be created in {tmp_path / 'gone'}" in started.output


def test_a_summary_that_cannot_be_written_changes_nothing_else(start: Start, tmp_path: Path) -> None:
    started = start(environ={"RUNNER_TEMP": str(tmp_path / "none"), "GITHUB_STEP_SUMMARY": str(tmp_path)})
    assert (started.code, started.errors) == (2, "")
    assert "::error title=pypi-trusted-publish no-private-folder::" in started.output
    assert started.output.splitlines()[-1].startswith("The summary could not be written: ")


def test_a_folder_that_another_process_has_removed_is_removed(tmp_path: Path) -> None:
    """A self-hosted runner may clear RUNNER_TEMP during a job."""
    parent = tmp_path / "temp"
    parent.mkdir()
    folder = PrivateFolder(str(parent))
    shutil.rmtree(parent)
    folder.remove()


def test_an_interpreter_without_pip_is_named_with_what_to_set_up(tmp_path: Path) -> None:
    folder = PrivateFolder(str(tmp_path))
    try:
        with pytest.raises(PublishError) as caught:
            Installer(ROOT, folder, {}, lambda: None).install("runtime")
    finally:
        folder.remove()
    diagnosis = caught.value.diagnostics()[0]
    assert (caught.value.exit_code, diagnosis.code) == (2, "pip-missing")
    assert sys.executable in diagnosis.message
    assert "actions/setup-python@" in diagnosis.snippet


def test_a_pip_that_installs_elsewhere_is_found_out(tmp_path: Path) -> None:
    liar = tmp_path / "pip"
    liar.mkdir()
    (liar / "__init__.py").touch()
    (liar / "__main__.py").write_text("print('Successfully installed everything')\n", encoding="utf-8")
    folder = PrivateFolder(str(tmp_path))
    try:
        with pytest.raises(PublishError) as caught:
            Installer(ROOT, folder, {}, lambda: Pip(path=str(liar))).install("runtime")
    finally:
        folder.remove()
    diagnosis = caught.value.diagnostics()[0]
    assert (caught.value.exit_code, diagnosis.code) == (2, "packages-incomplete")
    assert "httpx==" in diagnosis.message


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("way", ["inside", "relative", pytest.param("linked", marks=needs_links)])
def test_certificates_in_the_workspace_are_refused(start: Start, tmp_path: Path, variable: str, way: str) -> None:
    workspace = tmp_path / "workspace"
    (workspace / "certs").mkdir(parents=True)
    if way == "linked":
        (tmp_path / "link").symlink_to(workspace / "certs")
    path = {"inside": str(workspace / "certs"), "relative": "certs", "linked": str(tmp_path / "link")}[way]
    started = start(environ={variable: path})
    assert (started.code, started.errors, started.program_ran) == (2, "", False)
    assert "::error title=pypi-trusted-publish trust-store-in-workspace::" in started.output
    assert f"{variable}=" in started.output
    assert "SSL_CERT_FILE: ${{ runner.temp }}/ca.pem" in started.output


def test_certificates_next_to_the_workspace_are_used(start: Start, tmp_path: Path) -> None:
    (tmp_path / "workspace-certs").mkdir()
    assert start(environ={"SSL_CERT_DIR": str(tmp_path / "workspace-certs")}).program_ran


@pytest.mark.skipif(sys.platform == "win32", reason="an interpreter cannot be copied there")
def test_a_python_without_all_of_the_standard_library_is_named_with_what_to_install(
    start: Start, tmp_path: Path
) -> None:
    python = interpreter_without(tmp_path / "minimal", "shutil", "dataclasses", "json")
    started = start(python=python)
    assert (started.code, started.errors, started.program_ran) == (2, "", False)
    assert "::error title=pypi-trusted-publish standard-library-incomplete::" in started.output
    assert "dataclasses, json, shutil" in started.output
    assert "apt-get install python3" in started.output
    assert "the action could not start" in (tmp_path / "summary").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="an interpreter cannot be copied there")
def test_a_compiled_module_whose_libraries_are_missing_is_named_with_the_reason(start: Start, tmp_path: Path) -> None:
    python = interpreter_without(tmp_path / "foreign", "_ctypes")
    compiled = tmp_path / "foreign" / "lib" / Path(os.__file__).parent.name / "lib-dynload"
    broken = compiled / f"_ctypes{sysconfig.get_config_var('EXT_SUFFIX')}"
    broken.write_bytes(b"")
    started = start(python=python)
    assert (started.code, started.errors, started.program_ran) == (2, "", False)
    assert "standard-library-incomplete::This Python lacks modules of the standard library: _ctypes (" in started.output
    assert str(broken) in started.output


@pytest.mark.skipif(not shutil.which("mount") or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("how", ["start", "start_by_pip"])
def test_a_full_folder_for_temporary_files_is_named_as_that(
    request: pytest.FixtureRequest, tmp_path: Path, how: str
) -> None:
    start: Start = request.getfixturevalue(how)
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], check=False)
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        started = start(environ={"RUNNER_TEMP": str(small)})
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert (started.code, started.errors, started.program_ran) == (2, "", False)
    assert "::error title=pypi-trusted-publish runner-disk-full::" in started.output


def old_pythons() -> list[str]:
    """Interpreters of this machine that are older than 3.10."""
    found = [*Path("/usr/bin").glob("python[23].[0-9]"), *Path.home().glob(".pyenv/versions/[23].[0-9].*/bin/python")]
    return sorted(map(str, found))


@pytest.mark.parametrize("python", [None, *old_pythons()])
def test_a_python_that_is_too_old_is_named_whatever_syntax_it_knows(python: str | None) -> None:
    as_old = "import runpy, sys; sys.version_info = (3, 9, 18); runpy.run_path(sys.argv[1], run_name='__main__')"
    command = [python] if python else [sys.executable, "-c", as_old]
    ended = subprocess.run(
        [*command, str(ROOT / "bootstrap.py"), "--version"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (2, "")
    assert "older than 3.10" in ended.stdout
    assert (python or sys.executable) in ended.stdout


def test_the_file_that_names_an_old_python_has_no_newer_syntax() -> None:
    tree = ast.parse((ROOT / "bootstrap.py").read_text(encoding="ascii"), feature_version=(3, 7))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.Starred, ast.NamedExpr, ast.AsyncFunctionDef, ast.arg)
    assert [type(node).__name__ for node in ast.walk(tree) if isinstance(node, newer)] == []
    assert "__future__" not in {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
