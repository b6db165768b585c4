"""The command ``setup``: the values for the form, and the lines that would make publishing fail."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_trusted_publish.commands.setup import USAGE, run_setup
from pypi_trusted_publish.errors import WorkflowError
from pypi_trusted_publish.workflow_file.setup_workflow import WorkflowReport, read_workflow

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
EXAMPLES = sorted((ROOT / "examples").glob("*.yml"))

GOOD = """\
name: Release
on:
  push:
    tags: ["v*"]
permissions: {}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: python -m build
  publish:
    needs: build
    runs-on: ubuntu-latest
    environment: release
    permissions:
      id-token: write
    steps:
      - uses: org/pypi-trusted-publish@0123456789abcdef0123456789abcdef01234567  # v1.0.0
"""


def changed(*pairs: tuple[str, str]) -> str:
    text = GOOD
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def report(text: str) -> WorkflowReport:
    return read_workflow(text, "release.yml")


def found(text: str) -> list[tuple[str, int, int]]:
    return [(problem.code, problem.place.line, problem.place.column) for problem in report(text).problems]


def ran(*argv: str) -> tuple[int, str]:
    stdout = io.StringIO()
    code = run_setup(argv, stdout=stdout)
    return code, stdout.getvalue()


def written(folder: Path, text: str, name: str = "release.yml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_clean(path: Path) -> None:
    code, said = ran("--repository", "octo/demo", str(path))
    assert code == 0, said
    assert "nothing here would make publishing fail" in said


def test_a_good_workflow_gives_the_values_of_the_form(tmp_path: Path) -> None:
    code, said = ran("--repository=Octo-Org/Demo.py", written(tmp_path, GOOD))
    assert code == 0
    assert "release.yml:11: the job 'publish' publishes by this action" in said
    for line in ("Octo-Org", "Demo.py", "release.yml", "release"):
        assert f" {line}\n" in said
    assert "zizmor" in said


STEP = "      - uses: org/pypi-trusted-publish@0123456789abcdef0123456789abcdef01234567  # v1.0.0\n"


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        ([("    permissions:\n      id-token: write\n", "")], ("setup-no-id-token", 11, 3)),
        ([("id-token: write", "id-token: read")], ("setup-no-id-token", 15, 5)),
        ([("    permissions:\n      id-token: write\n", "    permissions: read-all\n")], ("setup-no-id-token", 15, 5)),
        ([("    environment: release\n", "")], ("setup-no-environment", 11, 3)),
        ([("environment: release", "environment: pypi")], ("setup-other-environment", 14, 5)),
        ([("environment: release", "environment: {name: pypi}")], ("setup-other-environment", 14, 5)),
        ([(STEP, STEP + "        with:\n          environment: live\n")], ("setup-other-environment", 14, 5)),
        ([('on:\n  push:\n    tags: ["v*"]\n', "")], ("setup-never-starts", 1, 1)),
        ([('on:\n  push:\n    tags: ["v*"]\n', "on:\n")], ("setup-never-starts", 2, 1)),
        ([("environment: release", "environment: ${{ inputs.where }}")], ("setup-other-environment", 14, 5)),
        (
            [
                ("environment: release", "environment: ${{ matrix.env }}"),
                ("    needs: build\n", "    strategy: {matrix: {env: [release, live]}}\n"),
            ],
            ("setup-other-environment", 14, 5),
        ),
        (
            [
                (STEP, STEP + "        with: {environment: '${{ matrix.env }}'}\n"),
                ("    needs: build\n", "    strategy: {matrix: {env: [release, live]}}\n"),
            ],
            ("setup-other-environment", 14, 5),
        ),
        ([("  push:\n", "  pull_request_target:\n  push:\n")], ("setup-fork-trigger", 3, 3)),
        ([("  push:\n", "  push:\n    branches: [main]\n  pull_request:\n  create:\n")], ("setup-fork-trigger", 5, 3)),
        ([('on:\n  push:\n    tags: ["v*"]\n', "on: [push, pull_request]\n")], ("setup-fork-trigger", 2, 12)),
        ([('on:\n  push:\n    tags: ["v*"]\n', "on: pull_request\n")], ("setup-fork-trigger", 2, 1)),
        (
            [(STEP, STEP + "        with:\n          password: ${{ secrets.PYPI_API_TOKEN }}\n")],
            ("setup-credential", 20, 11),
        ),
        (
            [(STEP, "      - run: twine upload dist/*\n        env:\n          TWINE_PASSWORD: x\n")],
            ("setup-credential", 20, 11),
        ),
        ([(STEP, "      - run: uv publish --token $TOKEN\n")], ("setup-credential", 18, 9)),
        ([(STEP, "      - run: hatch publish --auth $TOKEN\n")], ("setup-credential", 18, 9)),
        (
            [(STEP, "      - run: maturin upload dist/*\n        env:\n          MATURIN_PYPI_TOKEN: x\n")],
            ("setup-credential", 20, 11),
        ),
        (
            [(STEP, "      - run: |\n          python -m twine upload \\\n            -u __token__ dist/*\n")],
            ("setup-credential", 18, 9),
        ),
        (
            [(STEP, "      - run: uv publish\n"), ("permissions: {}\n", "env:\n  UV_PUBLISH_TOKEN: x\n")],
            ("setup-credential", 6, 3),
        ),
    ],
)
def test_each_mistake_is_named_with_its_line_and_column(
    pairs: list[tuple[str, str]], problem: tuple[str, int, int]
) -> None:
    assert found(changed(*pairs)) == [problem]


def test_a_mistake_ends_with_two_and_shows_where_and_how(tmp_path: Path) -> None:
    code, said = ran("--repository", "o/r", written(tmp_path, changed(("    environment: release\n", ""))))
    assert code == 2
    assert "release.yml:11:3: The job 'publish' names no environment" in said
    assert "Add 'environment: release' to the job" in said
    assert "Environment name: (leave empty)" in said


@pytest.mark.parametrize(
    ("name", "said"),
    [("'1.10'", '"1.10"'), ("'prod: eu'", '"prod: eu"'), ("live", "live"), ("${{ vars.ON }}", '"${{ vars.ON }}"')],
)
def test_a_fix_gives_a_name_as_yaml_reads_it(name: str, said: str) -> None:
    (problem,) = report(changed(("environment: release", f"environment: {name}"))).problems
    assert f"Give the action 'environment: {said}'" in problem.fix


def test_all_mistakes_are_told_in_the_order_of_the_file() -> None:
    text = changed(
        ("    permissions:\n      id-token: write\n", ""),
        ("    environment: release\n", ""),
        ("  push:\n", "  pull_request_target:\n  push:\n"),
    )
    assert [code for code, _, _ in found(text)] == ["setup-fork-trigger", "setup-no-environment", "setup-no-id-token"]


@pytest.mark.parametrize(
    "pairs",
    [
        [(STEP, "      - run: mkdir -p out && uv publish out/* | tee -p log; install -t here there\n")],
        [("permissions: {}\n", "permissions: write-all\n"), ("    permissions:\n      id-token: write\n", "")],
        [
            ("permissions: {}\n", "permissions:\n  id-token: write\n"),
            ("    permissions:\n      id-token: write\n", ""),
        ],
        [("environment: release", "environment: Release")],
        [
            ("environment: release", "environment: ${{ inputs.where }}"),
            (STEP, STEP + "        with: {environment: '${{inputs.where}}'}\n"),
        ],
        [("  push:\n", "  pull_request:\n  push:\n"), ("    needs: build\n", "    if: github.event_name == 'push'\n")],
        [
            ("  push:\n", "  pull_request:\n  push:\n"),
            ("  build:\n", "  build:\n    if: github.event_name == 'push'\n"),
        ],
        [("  push:\n", "  pull_request:\n  push:\n"), (STEP, STEP + "        if: github.ref_type == 'tag'\n")],
        [("    needs: build\n", "    needs: [[build], {}, 7, build]\n")],
        [
            ("environment: release", "environment: Live"),
            (STEP, STEP + "        with: {Environment: live}\n"),
        ],
        [
            ("environment: release", "environment: ${{ matrix.env }}"),
            ("    needs: build\n", "    strategy: {matrix: {env: [release]}}\n"),
        ],
        [
            (STEP, STEP + "        with: {environment: '${{ matrix.env }}'}\n"),
            ("    needs: build\n", "    strategy: {matrix: {env: [release]}}\n"),
        ],
        [(STEP, STEP + "        with: {environment: '${{ vars.WHERE }}'}\n")],
        [
            ("environment: release", "environment: ${{ inputs.where }}"),
            (STEP, STEP + "        with: {environment: '${{ vars.WHERE }}'}\n"),
        ],
    ],
)
def test_these_are_fine(pairs: list[tuple[str, str]]) -> None:
    assert found(changed(*pairs)) == []


@pytest.mark.parametrize(
    ("step", "by"),
    [
        ("uses: pypa/gh-action-pypi-publish@release/v1", "pypa/gh-action-pypi-publish"),
        ("run: twine upload dist/*", "twine upload"),
        ("run: python3 -m twine upload dist/*", "twine upload"),
        ("run: uvx twine upload dist/*", "twine upload"),
        ("run: cd dist && uv publish", "uv publish"),
        ("run: flit publish", "flit publish"),
        ("run: python -m hatch publish", "hatch publish"),
        ("run: rye publish", "rye publish"),
        ("run: uvx maturin upload dist/*", "maturin upload"),
        ("run: (maturin publish)", "maturin publish"),
        ("{uses: PyO3/maturin-action@v1, with: {command: upload, args: dist/*}}", "maturin upload"),
    ],
)
def test_the_job_is_found_by_whatever_publishes(step: str, by: str) -> None:
    text = changed((STEP, f"      - {step}\n"))
    assert [(job.name, job.by) for job in report(text).jobs] == [("publish", by)]
    assert found(text) == []


@pytest.mark.parametrize(
    "step",
    [
        "run: 'echo uv publisher'",
        'run: "# twine upload dist/*"',
        "run: twine check dist/*",
        "uses: org/pypi-trusted-publisher@v1",
        "uses: actions/checkout@v4",
        "uses: PyO3/maturin-action@v1",
        "{uses: PyO3/maturin-action@v1, with: {command: sdist}}",
        "run: maturin build",
    ],
)
def test_other_steps_do_not_publish(step: str) -> None:
    assert report(changed((STEP, f"      - {step}\n"))).jobs == ()


def test_a_matrix_gives_a_form_for_each_environment(tmp_path: Path) -> None:
    text = changed(
        ("environment: release", "environment: {name: '${{ matrix.env }}'}"),
        (
            "    needs: build\n",
            "    strategy: {matrix: {env: [a, b], include: [{env: c}, {env: a}, {other: d}]}}\n",
        ),
        (STEP, STEP + "        with: {environment: '${{ matrix.env }}'}\n"),
    )
    assert report(text).jobs[0].environments == ("a", "b", "c")
    assert found(text) == []
    assert ran("--repository", "o/r", written(tmp_path, text))[1].count("Workflow name:") == 3


def test_a_matrix_that_does_not_tell_is_shown_as_it_is() -> None:
    text = changed(
        ("environment: release", "environment: ${{ matrix.env }}"),
        (STEP, STEP + "        with: {environment: '${{ matrix.env }}'}\n"),
    )
    assert report(text).jobs[0].environments == ("${{ matrix.env }}",)


def test_anchors_aliases_and_merge_keys_are_followed() -> None:
    text = """\
on: push
x-job: &base
  permissions: &rights
    id-token: write
  environment: &env release
jobs:
  one:
    <<: *base
    steps: &steps
      - uses: org/pypi-trusted-publish@v1
  two:
    permissions: *rights
    environment: *env
    steps: *steps
  three:
    <<: *base
    environment: other
    steps: *steps
"""
    assert [job.name for job in report(text).jobs] == ["one", "two", "three"]
    assert found(text) == [("setup-other-environment", 17, 5)]


def test_a_mistake_that_came_by_a_merge_is_placed_at_the_job() -> None:
    text = """\
on: push
x: &base {environment: other, permissions: {id-token: write}}
jobs:
  one:
    <<: *base
    steps: [{uses: org/pypi-trusted-publish@v1}]
"""
    assert found(text) == [("setup-other-environment", 4, 3)]


CALLED = GOOD.replace('on:\n  push:\n    tags: ["v*"]\n', "on:\n  workflow_call:\n")
CALLER = """\
on: push
permissions: {}
jobs:
  release:
    uses: ./.github/workflows/publish.yml
"""


def test_a_called_workflow_is_read_and_the_calling_job_must_grant_the_permission(tmp_path: Path) -> None:
    written(tmp_path, CALLED, "publish.yml")
    code, said = ran("--repository", "o/r", written(tmp_path, CALLER))
    assert code == 2
    assert "release.yml:4:3: The job 'release' calls publish.yml, which publishes, and does not grant" in said
    assert "Workflow name:    publish.yml" in said


def test_a_calling_job_that_grants_the_permission_is_clean(tmp_path: Path) -> None:
    written(tmp_path, CALLED, "publish.yml")
    granting = CALLER.replace("  release:\n", "  release:\n    permissions:\n      id-token: write\n")
    code, said = ran("--repository", "o/r", written(tmp_path, granting))
    assert code == 0, said
    assert "the publisher names the called file" in said


GRANTING = CALLER.replace("  release:\n", "  release:\n    permissions:\n      id-token: write\n")


def test_what_would_fail_in_the_called_workflow_is_told_with_its_file(tmp_path: Path) -> None:
    written(tmp_path, CALLED.replace("    environment: release\n", ""), "publish.yml")
    code, said = ran("--repository", "o/r", written(tmp_path, GRANTING))
    assert code == 2
    assert "publish.yml:10:3: The job 'publish' names no environment" in said
    assert "nothing here would make publishing fail" not in said


def test_a_called_workflow_that_says_nothing_of_permissions_has_those_of_its_caller(tmp_path: Path) -> None:
    silent = CALLED.replace("permissions: {}\n", "").replace("    permissions:\n      id-token: write\n", "")
    assert "permissions" not in silent
    written(tmp_path, silent, "publish.yml")
    assert ran("--repository", "o/r", written(tmp_path, GRANTING))[0] == 0
    assert ran("--repository", "o/r", written(tmp_path, CALLER))[0] == 2
    assert [code for code, _, _ in found(silent.replace("workflow_call:", "{workflow_call: , push: }"))] == [
        "setup-no-id-token"
    ]


def test_two_jobs_that_call_one_workflow_tell_its_mistake_once(tmp_path: Path) -> None:
    written(tmp_path, CALLED.replace("    environment: release\n", ""), "publish.yml")
    twice = GRANTING + GRANTING[GRANTING.index("  release:\n") :].replace("release:", "again:", 1)
    _, said = ran("--repository", "o/r", written(tmp_path, twice))
    assert said.count("names no environment") == 1


@pytest.mark.parametrize(
    ("on", "guard", "of_called", "code"),
    [
        ("pull_request_target", "", "", 2),
        ("[push, pull_request]", "", "", 2),
        ("[push, pull_request]", "    if: github.event_name == 'push'\n", "", 0),
        ("[push, pull_request]", "", "    if: github.event_name == 'push'\n", 0),
        ("pull_request", "    if: github.event_name == 'push'\n", "", 2),
    ],
)
def test_the_triggers_of_the_calling_workflow_count_for_what_it_calls(
    tmp_path: Path, on: str, guard: str, of_called: str, code: int
) -> None:
    written(tmp_path, CALLED.replace("    needs: build\n", of_called), "publish.yml")
    calling = GRANTING.replace("on: push", f"on: {on}").replace("  release:\n", f"  release:\n{guard}")
    ended, said = ran("--repository", "o/r", written(tmp_path, calling))
    assert (ended, "[setup-fork-trigger]" in said) == (code, code == 2)


def test_the_triggers_of_a_workflow_that_calls_something_else_do_not_matter(tmp_path: Path) -> None:
    written(tmp_path, "on: workflow_call\njobs: {lint: {steps: [{run: make}]}}\n", "lint.yml")
    text = changed(("  publish:\n", "  lint:\n    uses: ./.github/workflows/lint.yml\n  publish:\n    if: true\n"))
    text = text.replace("  push:\n", "  pull_request:\n  push:\n")
    assert ran("--repository", "o/r", written(tmp_path, text))[0] == 0


def test_a_warning_of_the_yaml_library_does_not_reach_the_terminal(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}
    file = written(tmp_path, "x: &name 1\ny: &name 2\n" + GOOD)
    command = [sys.executable, "-m", "pypi_trusted_publish", "setup", "--repository", "o/r", file]
    ended = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_called_workflow_without_the_permission_says_that_the_caller_must_grant_it_too() -> None:
    (problem,) = report(CALLED.replace("id-token: write", "id-token: none")).problems
    assert "The workflow that calls this one must grant it too" in problem.fix


@pytest.mark.parametrize("target", ["other/repo/.github/workflows/publish.yml@v1", "./.github/workflows/missing.yml"])
def test_a_called_workflow_that_is_not_here_is_named(tmp_path: Path, target: str) -> None:
    text = CALLER.replace("./.github/workflows/publish.yml", target)
    code, said = ran("--repository", "o/r", written(tmp_path, text))
    assert code == 2
    assert f"calls {target}" in said
    assert "setup-no-publishing-job" in said


@pytest.mark.parametrize("text", ["on: push\n", "on: push\njobs: []\n", "jobs: {a: {steps: [1, x]}, b: 7}\n", "{}\n"])
def test_a_workflow_in_which_nothing_publishes_is_said_so(tmp_path: Path, text: str) -> None:
    code, said = ran("--repository", "o/r", written(tmp_path, text))
    assert code == 2
    assert "No job here publishes" in said


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("jobs:\n  a: [\n", "3:1", "cannot be read as YAML"),
        ("on: push\n\tjobs: x\n", "2:1", "cannot"),
        ("a: 1\na: 2\n", "2:1", "a key stands twice"),
        ("a: *nowhere\n", "1:4", "an alias names an anchor"),
        ("a: b: c\n", "1:5", "a colon where none can be"),
        ("a: 'open\n", "2:1", "inside a quoted text"),
        ("- a\n", "1:1", "no mapping"),
        ("", "1:1", "no mapping"),
        ("a: b\n--- \nc: d\n", "2:1", "cannot be read as YAML"),
        ("[" * 5000, "1:1", "cannot be read as YAML"),
        ("\x00", "1:1", "cannot be read as YAML"),
        ("x: " + "y" * (1 << 20), "1:1", "larger than a workflow"),
        ("on: push\njobs: &jobs\n  <<: *jobs\n", "1:1", "cannot be read as YAML"),
        ("on: push\njobs: !!omap x\n", "1:1", "cannot be read as YAML"),
        ("on: !!bool perhaps\n", "1:1", "cannot be read as YAML"),
    ],
)
def test_a_file_that_is_no_workflow_is_refused_with_line_and_column(
    tmp_path: Path, text: str, place: str, words: str
) -> None:
    code, said = ran("--repository", "o/r", written(tmp_path, text))
    assert code == 2
    assert words in said
    assert f"release.yml:{place}: this is no workflow" in said
    assert "[setup-no-workflow]" in said


def test_files_that_cannot_be_read_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "latin.yml").write_bytes(b"name: \xe9\n")
    for name in ("latin.yml", "missing.yml", "."):
        code, said = ran(str(tmp_path / name))
        assert code == 2
        assert "[setup-unreadable]" in said


@pytest.mark.parametrize(
    "argv", [(), ("a", "b"), ("--what", "a"), ("--repository", "x", "a"), ("--repository",), ("--repository=../x", "a")]
)
def test_a_misused_command_prints_its_usage(argv: tuple[str, ...]) -> None:
    code, said = ran(*argv)
    assert code == 2
    assert USAGE in said


@pytest.mark.parametrize(
    "remote",
    [
        "https://git.invalid/Octo-Org/Demo.git",
        "https://user:hunter2@git.invalid/Octo-Org/Demo",
        "git@git.invalid:Octo-Org/Demo.git",
        "ssh://git@git.invalid/Octo-Org/Demo.git/",
    ],
)
def test_owner_and_name_come_from_the_remote_of_the_repository(tmp_path: Path, remote: str) -> None:
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "remote", "add", "origin", remote)
    _, said = ran(written(tmp_path, GOOD))
    assert "Owner:            Octo-Org\n" in said
    assert "Repository name:  Demo\n" in said
    assert "hunter2" not in said


def test_without_a_remote_the_option_is_pointed_out(tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet")
    code, said = ran(written(tmp_path, GOOD))
    assert code == 0
    assert "pass --repository OWNER/NAME" in said


def test_without_git_the_option_is_pointed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "pass --repository OWNER/NAME" in ran(written(tmp_path, GOOD))[1]


def test_without_the_yaml_library_the_extra_to_install_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
    code, said = ran("--repository", "o/r", written(tmp_path, GOOD))
    assert code == 2
    assert "pip install 'pypi-trusted-publish[setup]'" in said


def test_the_command_line_knows_the_command(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "pypi_trusted_publish", "setup", "--repository", "o/r", written(tmp_path, GOOD)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Workflow name:    release.yml" in ended.stdout


def test_the_help_of_the_program_tells_the_options_too() -> None:
    environ = {"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "pypi_trusted_publish", "setup", "--help"]
    ended = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert USAGE.removeprefix("usage: pypi-trusted-publish ") in ended.stdout


def test_foreign_text_reaches_the_terminal_as_visible_escapes(tmp_path: Path) -> None:
    text = changed(("  publish:\n", '  "publish\\e[31m":\n'), ("    environment: release\n", ""))
    _, said = ran("--repository", "o/r", written(tmp_path, text))
    assert "\x1b" not in said


def test_a_name_full_of_beginnings_of_expressions_is_read_at_once() -> None:
    text = changed(("environment: release", "environment: '" + "${{ " * 100_000 + "'"))
    assert found(text) == [("setup-other-environment", 14, 5)]


@given(st.text(max_size=200))
def test_any_text_is_a_workflow_or_refused(text: str) -> None:
    try:
        outcome = read_workflow(text, "x.yml").filename
    except WorkflowError as refused:
        outcome = refused.diagnostics()[0].code
    assert outcome in ("x.yml", "setup-no-workflow")


_YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["push", "write-all", "${{ matrix.a }}", "uv publish"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["on", "jobs", "a", "steps", "uses", "run", "with", "env", "environment", "permissions", "needs"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(["on", "jobs", "env", "permissions"]), _YAML))
def test_any_structure_is_read(document: dict[str, object]) -> None:
    assert read_workflow(json.dumps(document), "x.yml").filename == "x.yml"


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)
