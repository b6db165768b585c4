"""Which Python the launcher starts, and its message when there is none."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from builders.polling import PATIENT
from builders.started import ROOT

SHELLS: Final = tuple(
    pytest.param(shell, marks=() if shutil.which(shell) else pytest.mark.skip(reason=f"{shell} is not on this machine"))
    for shell in ("sh", "dash", "bash", "busybox", "mksh", "zsh", "ksh93")
)
"""Shells that are `sh` on some system; each is started by a link of that name, by which it knows to behave as one."""

PROBE_BOOTSTRAP: Final = """\
import json, os, sys
print(json.dumps({"process": os.getpid(), "argv": sys.argv, "flags": [sys.flags.isolated, sys.flags.no_site,
                  sys.flags.utf8_mode], "python": os.environ.get("WHO", sys.executable), "environ": dict(os.environ)}))
"""


@dataclass(kw_only=True)
class Machine:
    """A machine of made-up Pythons: each is a script that answers the launcher's question, then really runs Python."""

    folder: Path
    path: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)
    shell: str = "sh"
    process: int = -1
    code: int = -1
    output: str = ""

    def __post_init__(self) -> None:
        self.action = self.folder / "an action é"
        self.action.mkdir()
        shutil.copy(ROOT / "launch.sh", self.action)
        (self.action / "bootstrap.py").write_text(PROBE_BOOTSTRAP, encoding="utf-8")
        (self.folder / "workspace").mkdir()
        self.environ |= {"GITHUB_WORKSPACE": str(self.folder / "workspace"), "GITHUB_ACTIONS": "true"}
        self.environ["GITHUB_STEP_SUMMARY"] = str(self.folder / "summary")

    def script(self, place: str, name: str, lines: str) -> Path:
        file = self.folder / place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
        file.chmod(0o755)
        return file

    def python(self, place: str, version: str = "3.12.1", *, name: str = "python3") -> Path:
        """A Python that claims ``version``; when it is really run, it runs the real one, which reports the name."""
        file = self.folder / place / name
        answer = f"python/{version.replace('.', '/')}/{file}"
        return self.script(
            place,
            name,
            f"case \"$*\" in *version_info*) echo '{answer}'; exit 0 ;; esac\n"
            f"WHO='{file}' exec '{sys.executable}' \"$@\"",
        )

    def on_path(self, *entries: str) -> None:
        self.path += [str(self.folder / entry) for entry in entries]

    def launch(self, *arguments: str, cwd: str = ".") -> None:
        shell = self.folder / "shell" / "sh"
        shell.parent.mkdir(exist_ok=True)
        if not shell.exists():
            shell.symlink_to(shutil.which(self.shell) or self.shell)
        command = [str(shell), str(self.action / "launch.sh"), *arguments]
        environ = self.environ | {"PATH": os.pathsep.join(self.path)}
        with subprocess.Popen(
            command, env=environ, cwd=self.folder / cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            self.output, _ = process.communicate(timeout=PATIENT)
        self.process, self.code = process.pid, process.returncode

    @property
    def seen(self) -> dict[str, Any]:
        seen: dict[str, Any] = json.loads(self.output)
        return seen

    @property
    def chosen(self) -> str:
        """The made-up Python that was run, relative to the machine's folder."""
        return Path(self.seen["python"]).relative_to(self.folder).as_posix()


@pytest.fixture(params=SHELLS)
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    return Machine(folder=tmp_path, shell=request.param)


def test_the_started_process_becomes_python_isolated_and_hands_its_arguments_on(machine: Machine) -> None:
    machine.python("some tools é")
    machine.on_path("some tools é")
    machine.launch("publish", "with blanks", "*", "")
    assert machine.seen["process"] == machine.process
    assert machine.seen["argv"] == [str(machine.action / "bootstrap.py"), "publish", "with blanks", "*", ""]
    assert machine.seen["flags"] == [1, 1, 1]


def test_the_first_fitting_python_of_the_path_is_taken_not_the_first_one(machine: Machine) -> None:
    machine.python("old", "3.9.18")
    machine.python("two", "2.7.18")
    machine.python("good", "3.10.0")
    machine.python("later", "3.14.0")
    machine.on_path("old", "two", "good", "later")
    machine.launch()
    assert machine.chosen == "good/python3"


def test_a_newer_python_than_any_known_is_tried(machine: Machine) -> None:
    machine.python("future", "3.47.0")
    machine.on_path("future")
    machine.launch()
    assert machine.chosen == "future/python3"


def test_a_major_version_after_three_is_tried(machine: Machine) -> None:
    machine.python("future", "4.0.0")
    machine.on_path("future")
    machine.launch()
    assert machine.chosen == "future/python3"


def test_the_names_are_tried_in_order_before_the_tool_cache(machine: Machine) -> None:
    machine.python("both", "3.8.1")
    machine.python("both", "3.11.1", name="python")
    machine.on_path("both")
    machine.launch()
    assert machine.chosen == "both/python"


def test_the_windows_style_launcher_is_asked_for_three_and_the_python_behind_it_is_run(machine: Machine) -> None:
    real = machine.python("hidden", "3.13.0")
    machine.script("launcher", "py", f'[ "$1" = -3 ] && shift && exec "{real}" "$@"')
    machine.on_path("launcher")
    machine.launch()
    assert machine.chosen == "hidden/python3"


def test_the_newest_python_of_the_tool_cache_is_the_last_resort(machine: Machine) -> None:
    for version in ("3.9.18", "3.10.13", "3.12.1", "3.8.18"):
        machine.python(f"tool cache/Python/{version}/x64/bin", version)
    machine.environ["RUNNER_TOOL_CACHE"] = str(machine.folder / "tool cache")
    machine.launch()
    assert machine.chosen == "tool cache/Python/3.12.1/x64/bin/python3"


def test_the_newest_python_is_chosen_by_version_final_and_regular_builds_first(machine: Machine) -> None:
    builds = {
        "3.13.9/x64": "3.13.9",
        "3.13.10/x64": "3.13.10",
        "3.14.0/x64-freethreaded": "3.14.0",
        "3.15.0-rc.1/x64": "3.15.0",
    }
    machine.environ["RUNNER_TOOL_CACHE"] = str(machine.folder / "cache")
    chosen = []
    for place in ("3.13.10/x64", "3.13.9/x64", "3.14.0/x64-freethreaded", "3.15.0-rc.1/x64"):
        for build, version in builds.items():
            machine.python(f"cache/Python/{build}/bin", version)
        machine.launch()
        chosen.append(machine.chosen)
        shutil.rmtree(machine.folder / "cache" / "Python" / place)
        del builds[place]
    assert chosen == [
        f"cache/Python/{place}/bin/python3"
        for place in ("3.13.10/x64", "3.13.9/x64", "3.14.0/x64-freethreaded", "3.15.0-rc.1/x64")
    ]


def test_a_tool_cache_in_the_workspace_is_not_used(machine: Machine) -> None:
    machine.python("workspace/cache/Python/3.13.1/x64/bin")
    machine.environ["RUNNER_TOOL_CACHE"] = str(machine.folder / "workspace" / "cache")
    machine.launch()
    assert machine.code == 2


def test_variables_that_load_libraries_do_not_reach_python(machine: Machine) -> None:
    machine.python("good")
    machine.on_path("good")
    openssl = ("OPENSSL_CONF", "OPENSSL_CONF_INCLUDE", "OPENSSL_MODULES", "OPENSSL_ENGINES")
    loading = (*openssl, "GCONV_PATH", "SSLKEYLOGFILE", "LD_AUDIT")
    machine.environ |= dict.fromkeys(loading, "")
    machine.environ["OPENSSL_CONF"] = str(machine.folder / "workspace" / "openssl.cnf")
    machine.environ["LD_LIBRARY_PATH"] = str(machine.folder / "workspace")
    machine.launch()
    assert [name for name in (*loading, "LD_LIBRARY_PATH") if name in machine.seen["environ"]] == []


def test_a_python_with_its_own_libraries_finds_them(machine: Machine) -> None:
    machine.python("python/bin")
    (machine.folder / "python" / "lib").mkdir()
    (machine.folder / "python" / "lib" / "libpython3.9.so.1.0").touch()  # the interpreter of the tests loads another
    machine.on_path("python/bin")
    machine.launch()
    assert machine.seen["environ"]["LD_LIBRARY_PATH"] == str(machine.folder / "python" / "lib")


def test_a_folder_beside_without_pythons_library_is_not_searched_for_libraries(machine: Machine) -> None:
    machine.python("python/bin")
    (machine.folder / "python" / "lib").mkdir()
    (machine.folder / "python" / "lib" / "libother.so").touch()
    machine.on_path("python/bin")
    machine.launch()
    assert "LD_LIBRARY_PATH" not in machine.seen["environ"]


def test_libraries_in_the_workspace_are_not_loaded_for_a_python_that_it_links_to(machine: Machine) -> None:
    machine.python("real/bin")
    (machine.folder / "workspace" / "lib").mkdir()
    (machine.folder / "workspace" / "lib" / "libpython3.12.so.1.0").touch()
    (machine.folder / "workspace" / "bin").symlink_to(machine.folder / "real" / "bin")
    machine.on_path("workspace/bin")
    machine.launch()
    assert "LD_LIBRARY_PATH" not in machine.seen["environ"]


def test_functions_of_the_environment_are_not_called(machine: Machine) -> None:
    machine.python("good")
    machine.on_path("good")
    machine.environ |= {f"BASH_FUNC_{name}%%": "() { exit 66; }" for name in ("cd", "echo", "pwd", "exec", "unset")}
    machine.launch()
    assert machine.chosen == "good/python3"


def test_on_macos_variables_of_its_loader_end_the_run_with_their_names(machine: Machine) -> None:
    machine.python("good")
    machine.on_path("good")
    machine.environ["DYLD_INSERT_LIBRARIES"] = str(machine.folder / "workspace" / "evil.dylib")
    machine.launch()
    assert machine.chosen == "good/python3", "elsewhere nothing reads them"
    machine.environ["RUNNER_OS"] = "macOS"
    machine.launch()
    assert machine.code == 2
    assert "libraries-by-environment" in machine.output
    assert "DYLD_INSERT_LIBRARIES" in machine.output


@pytest.mark.parametrize("name", ["##[error]x", "a\nb", "\x1b[31m", "100%0Ax", "blanks and é"])
def test_the_name_of_a_folder_cannot_become_a_command_or_color(machine: Machine, name: str) -> None:
    machine.python(name, "3.9.1")
    machine.on_path(name)
    machine.launch()
    assert machine.code == 2
    assert machine.output.count("\n") == 1
    assert "python3 in a folder with unusual characters in its name (3.9.1)" in machine.output
    summary = (machine.folder / "summary").read_text(encoding="utf-8")
    assert name not in machine.output + summary


def test_entries_of_the_path_that_others_may_have_filled_are_skipped(machine: Machine) -> None:
    machine.python("workspace/.venv/bin")
    machine.python("workspace/relative")
    machine.python("workspace")
    machine.python("good")
    (machine.folder / "link").symlink_to(machine.folder / "workspace" / ".venv")
    machine.path = ["", ".", "relative"]
    machine.on_path("workspace", "workspace/.venv/bin", "link/bin", "good/../workspace/relative", "good")
    machine.launch(cwd="workspace")
    assert machine.chosen == "good/python3"


def test_a_workspace_reached_by_a_link_is_still_the_workspace(machine: Machine) -> None:
    machine.python("workspace/bin")
    machine.python("good")
    (machine.folder / "link").symlink_to(machine.folder / "workspace")
    machine.environ["GITHUB_WORKSPACE"] = str(machine.folder / "link")
    machine.on_path("workspace/bin", "good")
    machine.launch()
    assert machine.chosen == "good/python3"


def test_a_folder_next_to_the_workspace_with_a_similar_name_is_not_inside_it(machine: Machine) -> None:
    machine.python("workspace-tools")
    machine.on_path("workspace-tools")
    machine.launch()
    assert machine.chosen == "workspace-tools/python3"


@pytest.mark.parametrize(
    "lines",
    [
        "echo 'Python was not found; run without arguments to install'; exit 49",
        "echo 'xcode-select: note: No developer tools were found, requesting install.' >&2; exit 1",
        "echo 'Python 3.12.1'",
        "exit 0",
        "echo python/3/12",
        "echo python/3/12/1/",
    ],
)
def test_what_does_not_answer_as_a_python_is_none(machine: Machine, lines: str) -> None:
    machine.script("stub", "python3", lines)
    machine.python("good")
    machine.on_path("stub", "good")
    machine.launch()
    assert machine.chosen == "good/python3"


def test_nothing_in_the_launcher_is_what_the_shell_of_macos_misreads() -> None:
    """bash 3.2 fails to parse ``$(...)`` with a ``case`` or a comment with a quotation mark in it."""
    source = (ROOT / "launch.sh").read_text(encoding="utf-8")
    substitutions = re.findall(r"(?<!\$)\$\((?!\()(?:[^()]|\([^()]*\))*\)", source)
    assert len(substitutions) > 5
    assert [text for text in substitutions if re.search(r"\bcase\b|#", text)] == []


def test_a_folder_and_a_file_that_may_not_be_run_are_skipped(machine: Machine) -> None:
    (machine.folder / "one" / "python3").mkdir(parents=True)
    machine.python("two").chmod(0o644)
    machine.python("good")
    machine.on_path("one", "two", "good")
    machine.launch()
    assert machine.chosen == "good/python3"


def test_with_none_that_fits_an_annotation_names_those_that_were_found(machine: Machine) -> None:
    machine.python("old", "3.9.18")
    machine.script("stub", "python", "exit 9")
    machine.on_path("old", "stub")
    machine.launch("publish")
    found = f"{machine.folder}/old/python3 (3.9.18), {machine.folder}/stub/python (did not answer as a Python)"
    message = f"No Python of 3.10 or newer on this runner. Found: {found}."
    fix = 'Set one up before this step: "uses: actions/setup-python" with "python-version: 3.x".'
    assert machine.code == 2
    assert machine.output == f"::error title=pypi-trusted-publish no-python::{message} {fix}\n"
    assert f"    {message}\n    {fix}\n" in (machine.folder / "summary").read_text(encoding="utf-8")


def test_a_summary_that_cannot_be_written_leaves_the_message_and_the_exit_code(machine: Machine) -> None:
    machine.environ["GITHUB_STEP_SUMMARY"] = str(machine.folder)
    machine.launch("publish")
    first, last = machine.output.splitlines()
    assert machine.code == 2
    assert first.startswith("::error title=pypi-trusted-publish no-python::")
    assert last == "The summary could not be written."


def test_with_none_at_all_it_says_so_in_plain_words_outside_of_github_actions(machine: Machine) -> None:
    del machine.environ["GITHUB_ACTIONS"], machine.environ["GITHUB_STEP_SUMMARY"], machine.environ["GITHUB_WORKSPACE"]
    machine.python("workspace/relative")
    machine.path = ["", "relative", "workspace/relative"]  # not even looked at, and so not named
    machine.launch("publish")
    assert machine.code == 2
    assert machine.output.startswith("No Python on this runner's PATH or in its tool cache. Set one up")
