"""The action files contain only wiring, and both steps have the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from pypi_trusted_publish.inputs import INPUTS

ROOT: Final = Path(__file__).resolve().parents[2]
ACTIONS: Final = ("action.yml", "check/action.yml", "preview/action.yml")
WINDOWS_SHELL: Final = (
    r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -NoProfile -NonInteractive "
    "-ExecutionPolicy Bypass -Command \"& ([scriptblock]::Create([IO.File]::ReadAllText('{0}')))\""
)
"""By its full path, because earlier steps may have changed PATH; the script of such a shell has no extension."""
OLD_SPELLINGS: Final = {"repository_url", "packages_dir", "verify_metadata", "skip_existing", "print_hash"}


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((ROOT / name).read_text(encoding="utf-8"))
    return loaded


def variable(name: str) -> str:
    old = "OLD_" if name in OLD_SPELLINGS else ""
    return f"INPUT_{old}{name.upper().replace('-', '_')}"


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_two_guarded_steps_that_start_a_launcher(name: str) -> None:
    runs = load(name)["runs"]
    assert runs["using"] == "composite"
    assert [(step["if"], step["shell"]) for step in runs["steps"]] == [
        ("runner.os != 'Windows'", "/bin/sh -e {0}"),
        ("runner.os == 'Windows'", WINDOWS_SHELL),
    ]
    for step in runs["steps"]:
        assert "${{" not in step["run"]
        assert set(step) <= {"id", "if", "shell", "run", "env"}
    assert runs["steps"][0]["run"].startswith("exec /bin/sh ")


@pytest.mark.parametrize("name", ACTIONS)
def test_every_input_arrives_as_a_variable_in_both_steps_and_nothing_else_does(name: str) -> None:
    action = load(name)
    expected = {variable(one): f"${{{{ inputs.{one} }}}}" for one in action["inputs"]}
    if name == "action.yml":
        expected["INPUT_GITHUB_TOKEN"] = "${{ github.token }}"
    posix, windows = (step["env"] for step in action["runs"]["steps"])
    assert posix == expected | dict.fromkeys(("LD_AUDIT", "LD_LIBRARY_PATH", "LD_PRELOAD"), "")
    assert windows == expected


@pytest.mark.parametrize("name", ACTIONS)
def test_every_input_says_what_it_means_and_has_a_default_but_the_old_spellings(name: str) -> None:
    for one, declared in load(name)["inputs"].items():
        assert declared["required"] is False
        assert declared["description"].endswith(".")
        if one in OLD_SPELLINGS:
            assert set(declared) == {"description", "required", "deprecationMessage"}
            assert one.replace("_", "-") in declared["deprecationMessage"]
        else:
            assert isinstance(declared["default"], str)


def test_the_inputs_are_those_of_the_table_that_the_program_reads_them_by() -> None:
    declared = load("action.yml")["inputs"]
    old = [row.old for row in INPUTS.values() if row.old]
    assert list(declared) == [*INPUTS, *old]
    for name, row in INPUTS.items():
        assert (declared[name]["default"], declared[name]["description"]) == (row.default, row.meaning)
        assert row.variable == variable(name)
        assert row.old_variable == (variable(row.old) if row.old else "")


def test_all_five_old_spellings_are_declared_for_an_undeclared_input_is_dropped_in_silence() -> None:
    assert set(load("action.yml")["inputs"]) >= OLD_SPELLINGS


def test_no_input_takes_a_credential() -> None:
    names = " ".join(load("action.yml")["inputs"])
    assert not re.search(r"user|password|token|secret|key", names)


def test_an_output_is_that_of_the_step_that_ran() -> None:
    for name, output in load("action.yml")["outputs"].items():
        assert output["value"] == f"${{{{ steps.posix.outputs.{name} || steps.windows.outputs.{name} }}}}"
        assert output["description"].endswith(".")


def test_the_hostile_programs_of_continuous_integration_are_on_its_path() -> None:
    workflow = load(".github/workflows/ci.yml")
    scripts = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    (hostile,) = [script for script in scripts if "mkdir hostile-bin" in script]
    assert '"$GITHUB_WORKSPACE/hostile-bin" >> "$GITHUB_PATH"' in hostile
