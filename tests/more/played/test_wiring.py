"""A runner plays the action with a program that only tells what it finds."""

from __future__ import annotations

import json
from typing import Any

from builders.workflow import ACTION, Play
from pypi_trusted_publish.inputs import INPUTS, CheckInputs, inputs_of

USES = f"- id: publish\n  uses: {ACTION}@v1"


def told(play: Play) -> dict[str, Any]:
    assert play.code == 0, play.log
    found: dict[str, Any] = json.loads((play.kept / "told.json").read_text(encoding="utf-8"))
    return found


def inputs(play: Play) -> dict[str, str]:
    return {name: value for name, value in told(play)["environ"].items() if name.startswith("INPUT_")}


def test_every_input_has_its_default_and_old_spellings_have_none(telling: Play) -> None:
    telling.run(USES)
    assert told(telling)["argv"] == ["publish"]
    defaults = {row.variable: row.default for row in INPUTS.values()}
    old = {row.old_variable: "" for row in INPUTS.values() if row.old}
    assert inputs(telling) == {**defaults, **old, "INPUT_GITHUB_TOKEN": "a-token-of-the-job"}
    assert telling.left_over == []


def test_values_arrive_as_they_were_written_whatever_is_in_them(telling: Play) -> None:
    telling.run(
        USES,
        "  with:",
        "    packages-dir: |\n      dist/$(touch \"$PLAYED/shell\")/*.whl\n      'dist é'/`id`",
        '    environment: "a b\'; exit 1 #"',
        "    repository_url: testpypi",
    )
    found = inputs(telling)
    assert found["INPUT_PACKAGES_DIR"] == "dist/$(touch \"$PLAYED/shell\")/*.whl\n'dist é'/`id`\n"
    assert found["INPUT_ENVIRONMENT"] == "a b'; exit 1 #"
    assert (found["INPUT_REPOSITORY_URL"], found["INPUT_OLD_REPOSITORY_URL"]) == ("pypi", "testpypi")
    assert not (telling.kept / "shell").exists()


def test_the_check_beside_it_starts_the_check(telling: Play) -> None:
    telling.run(f"- id: publish\n  uses: {ACTION}/check@v1\n  with:\n    strict: true")
    assert told(telling)["argv"] == ["check"]
    defaults = {row.variable: row.default for row in inputs_of(CheckInputs).values()}
    assert inputs(telling) == {**defaults, "INPUT_STRICT": "true"}


def test_it_works_from_a_folder_whose_name_has_blanks_and_letters_beyond_ascii(telling: Play) -> None:
    for file in telling.checkout.rglob("*"):
        if file.is_file():
            telling.write(f"an action é/{file.relative_to(telling.checkout).as_posix()}", file.read_text("utf-8"))
    telling.run('- id: publish\n  uses: "./an action é"')
    assert "an action é" in told(telling)["path"][0]


def test_it_works_nested_in_another_composite_action_that_passes_empty_values_through(telling: Play) -> None:
    telling.write(
        "wrapper/action.yml",
        "name: wrapper\ndescription: wraps\ninputs:\n  packages-dir:\n    description: passed through\nruns:\n"
        f"  using: composite\n  steps:\n    - uses: {ACTION}@v1\n      with:\n"
        "        packages-dir: ${{ inputs.packages-dir }}\n",
    )
    telling.run("- id: publish\n  uses: ./wrapper")
    assert inputs(telling)["INPUT_PACKAGES_DIR"] == ""


def test_a_hostile_workspace_and_path_do_not_come_into_play(telling: Play) -> None:
    trace = telling.kept / "trace"
    for name in ("packaging", "httpx", "actions_toolkit", "pypi_trusted_publish", "sitecustomize", "json"):
        telling.write(f"{name}/__init__.py", f"open({str(trace)!r}, 'w')\n")
    telling.write(".python-version", "../../hostile\n")
    telling.write("bin/python3", f"#!/bin/sh\ntouch '{trace}'\nexit 1\n")
    telling.run(
        "- run: chmod 755 bin/python3",
        '- run: echo "$GITHUB_WORKSPACE/bin" >> "$GITHUB_PATH"',
        '- run: echo bin >> "$GITHUB_PATH"',
        '- run: echo "PYTHONPATH=$GITHUB_WORKSPACE" >> "$GITHUB_ENV"',
        USES,
    )
    assert told(telling)["argv"] == ["publish"]
    assert not trace.exists()


def test_the_process_that_the_runner_started_is_the_program(telling: Play) -> None:
    with telling.start(USES) as process:
        telling.end(process)
    assert told(telling)["parent"] == process.pid
