"""A start that cannot succeed: who must act is told, in the log, as an annotation and in the summary; nothing runs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.started import ROOT, Started
from pypi_trusted_publish.errors import PublishError
from pypi_trusted_publish.installation.installer import Installer, PrivateFolder
from pypi_trusted_publish.installation.pip import Pip

Start = Callable[..., Started]


def test_packages_that_cannot_be_had_end_the_run_before_the_program(start: Start, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    started = start(environ={"PIP_FIND_LINKS": str(empty)})
    assert (started.code, started.errors, started.program_ran) == (5, "", False)
    assert "::error title=pypi-trusted-publish packages-not-installed::pip could not install" in started.output
    assert "No matching distribution found for" in started.output
    assert "Traceback" not in started.output
    summary = (tmp_path / "summary").read_text(encoding="utf-8")
    assert summary.startswith("### Nothing was published: the action could not start")
    assert started.left_over == []


def test_outside_of_github_actions_it_is_told_in_plain_lines(start: Start, tmp_path: Path) -> None:
    started = start(environ={"PIP_FIND_LINKS": str(tmp_path / "none"), "GITHUB_ACTIONS": ""})
    assert started.code == 5
    assert "::" not in started.output
    assert not (tmp_path / "summary").exists()


def test_a_wheel_with_other_bytes_is_not_installed(start: Start, wheels: Path, tmp_path: Path) -> None:
    tampered = tmp_path / "tampered"
    shutil.copytree(wheels, tampered)
    with next(tampered.glob("idna-*.whl")).open("ab") as file:
        file.write(b"\0")
    started = start(environ={"PIP_FIND_LINKS": str(tampered)})
    assert (started.code, started.program_ran) == (5, False)
    assert "DO NOT MATCH THE HASHES" in started.output


def test_what_pip_says_is_no_command_to_the_runner(start: Start, tmp_path: Path) -> None:
    started = start(environ={"PIP_FIND_LINKS": str(tmp_path / "##[error]none"), "PIP_TIMEOUT": "0::##[x]"})
    commands = [line for line in started.output.splitlines() if line.lstrip().startswith("::")]
    assert len(commands) == 1
    assert commands[0].startswith("::error title=pypi-trusted-publish packages-not-installed::")
    assert "##[" not in started.output


def test_a_password_in_an_index_url_is_masked_first_and_then_not_shown(start: Start, closed_port: int) -> None:
    url = f"http://robot:p%40ss-word@127.0.0.1:{closed_port}/simple"
    started = start(environ={"PIP_NO_INDEX": "", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": url, "PIP_RETRIES": "0"})
    masks, rest = started.output.splitlines()[:2], started.output.splitlines()[2:]
    assert masks == ["::add-mask::p%2540ss-word", "::add-mask::p@ss-word"]
    assert started.code == 5
    assert [line for line in rest if "ss-word" in line] == []


def test_the_mask_of_a_password_is_one_line_whatever_is_encoded_in_it(start: Start, closed_port: int) -> None:
    url = f"http://me:one%0Atwo%0D@127.0.0.1:{closed_port}/simple"
    started = start(environ={"PIP_NO_INDEX": "", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": url, "PIP_RETRIES": "0"})
    masks = ["::add-mask::one%250Atwo%250D", "::add-mask::one%0Atwo%0D"]
    assert started.output.splitlines()[:2] == masks
    assert started.code == 5


def test_a_password_in_an_index_url_does_not_reach_the_program(start: Start) -> None:
    told = start(environ={"PIP_EXTRA_INDEX_URL": "http://robot:pass-word@127.0.0.1:1/simple"}).told
    assert [name for name, value in told["environ"].items() if "pass-word" in value] == []


def test_a_broken_configuration_of_pip_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("cert = nowhere\n", encoding="utf-8")
    started = start(environ={"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")})
    assert (started.code, started.errors, started.program_ran) == (2, "", False)
    assert f"is not valid: {tmp_path / 'pip.conf'}" in started.output


def test_a_folder_for_temporary_files_that_is_not_there_is_named(start: Start, tmp_path: Path) -> None:
    started = start(environ={"RUNNER_TEMP": str(tmp_path / "gone")})
    assert (started.code, started.errors) == (2, "")
    assert f"No folder can be made in {tmp_path / 'gone'}" in started.output


def test_a_summary_that_cannot_be_written_changes_nothing_else(start: Start, tmp_path: Path) -> None:
    started = start(environ={"RUNNER_TEMP": str(tmp_path / "none"), "GITHUB_STEP_SUMMARY": str(tmp_path)})
    assert (started.code, started.errors) == (2, "")
    assert "::error title=pypi-trusted-publish no-private-folder::" in started.output
    assert started.output.splitlines()[-1].startswith("The summary could not be written: ")


def test_an_interpreter_without_pip_is_told_what_to_set_up(tmp_path: Path) -> None:
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
