"""Steps that publish in less usual ways: each is recognized, and the most similar step that does not publish is not."""

from __future__ import annotations

import textwrap

import pytest

from pypi_trusted_publish.core.urls import PYPI_UPLOAD, TESTPYPI_UPLOAD
from pypi_trusted_publish.workflows.document import Data
from pypi_trusted_publish.workflows.migration import Migration, migrate
from pypi_trusted_publish.workflows.model import read_workflow
from pypi_trusted_publish.workflows.report import Folder, WorkflowReport, report_on

ACTION = "org/pypi-trusted-publish@v1.0.0"
JOB = """\
on:
  push:
    tags: ["v*"]
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: release
    permissions:
      contents: read
      id-token: write
    steps:
"""

HATCH_WITH_OUTPUT = "- run: hatch publish\n  env:\n    HATCH_INDEX_AUTH: ${{ steps.x.outputs.token }}\n"


def workflow(steps: str, *pairs: tuple[str, str]) -> str:
    """A workflow with these steps, and with texts replaced."""
    text = JOB + textwrap.indent(textwrap.dedent(steps), "      ")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def moved(steps: str, *pairs: tuple[str, str]) -> Migration:
    return migrate(workflow(steps, *pairs), "release.yml", uses=ACTION)


def steps_of(migration: Migration) -> list[dict[str, Data]]:
    assert migration.questions == ()
    return [step.node.dictionary() for step in read_workflow(migration.after, "r").jobs["publish"].steps]


def report(steps: str, *pairs: tuple[str, str]) -> WorkflowReport:
    text = workflow(steps, *pairs)
    return report_on(Folder(workflows={"release.yml": read_workflow(text, "release.yml")}), "release.yml")


@pytest.mark.parametrize(
    ("steps", "inputs"),
    [
        ("- uses: docker://ghcr.io/pypa/gh-action-pypi-publish:release-v1\n", None),
        ("- uses: messense/maturin-action@v1\n  with: {command: upload, args: --skip-existing out/*}\n",
         {"packages-dir": "out/*", "skip-existing": "true"}),
        ("- run: hatch run release:twine upload dist/*\n", None),
        ("- run: hatch -e release run twine upload out/*\n", {"packages-dir": "out/*"}),
        ("- run: hatch env run -e release -- twine upload out/*\n", {"packages-dir": "out/*"}),
        ("- run: pdm publish --no-build --project sub\n", {"packages-dir": "sub/dist/*"}),
        ("- run: poetry publish -C sub\n", {"packages-dir": "sub/dist/*"}),
        ("- run: uv publish --directory sub\n", {"packages-dir": "sub/dist/*"}),
        ("- shell: cmd\n  run: twine upload out\\*.whl\n", {"packages-dir": "out/*.whl"}),
        ("- shell: pwsh\n  run: |\n    twine upload `\n      .\\dist\\*\n", None),
        ("- shell: pwsh\n  run: twine upload 'out dir\\*'\n", {"packages-dir": "out dir/*"}),
        ("- run: twine upload out\\ dir/*\n", {"packages-dir": "out dir/*"}),
    ],
)  # fmt: skip
def test_these_are_moved(steps: str, inputs: dict[str, Data] | None) -> None:
    (step,) = steps_of(moved(steps))
    assert step["uses"] == ACTION
    assert step.get("with") == inputs


def test_on_a_windows_runner_a_backslash_is_part_of_a_path() -> None:
    (step,) = steps_of(moved("- run: twine upload out\\*\n", ("ubuntu-latest", "windows-latest")))
    assert step["with"] == {"packages-dir": "out/*"}
    assert moved("- run: twine upload out\\\\*\n").questions  # a shell elsewhere: a backslash in a file's name


@pytest.mark.parametrize(
    ("shell", "line"),
    [("pwsh", '$env:TWINE_PASSWORD = "${{ secrets.T }}"'), ("cmd", "set TWINE_PASSWORD=${{ secrets.T }}")],
)
def test_a_credential_that_a_windows_shell_sets_goes_with_its_secret(shell: str, line: str) -> None:
    migration = moved(f"- shell: {shell}\n  run: |\n    {line}\n    twine upload dist/*\n")
    assert [step["uses"] for step in steps_of(migration)] == [ACTION]
    assert [secret.name for secret in migration.secrets] == ["T"]


def test_another_variable_that_a_windows_shell_sets_is_asked_about() -> None:
    assert moved("- shell: pwsh\n  run: |\n    $env:TMP = 'x'\n    twine upload dist/*\n").questions


def test_a_variable_of_cmd_that_holds_a_secret_goes() -> None:
    migration = moved("- shell: cmd\n  run: twine upload -p %KEY% dist/*\n  env:\n    KEY: ${{ secrets.T }}\n")
    assert steps_of(migration) == [{"uses": ACTION}]
    assert {secret.name for secret in migration.secrets} == {"T"}


@pytest.mark.parametrize("tool", ["flit", "pdm"])
def test_what_was_built_already_is_only_uploaded(tool: str) -> None:
    (build, upload) = steps_of(moved(f"- run: {tool} build\n- run: {tool} publish\n"))
    assert (build, upload) == ({"run": f"{tool} build"}, {"uses": ACTION})
    assert [step.get("uses") for step in steps_of(moved(f"- run: |\n    {tool} build\n    {tool} publish\n"))] == [
        None,
        ACTION,
    ]


@pytest.mark.parametrize(
    "steps",
    [
        "- run: flit publish\n",
        "- run: flit build\n  working-directory: other\n- run: flit publish\n",
        "- run: flit build\n  if: github.ref_type == 'branch'\n- run: flit publish\n",
        "- run: cd other && flit build\n- run: flit publish\n",
        "- run: flit build\n- run: flit publish --setup-py\n",
        "- run: pdm build\n- run: flit publish\n",
        "- run: flit build --format wheel\n- run: flit publish\n",
    ],
)
def test_what_was_not_built_is_asked_about(steps: str) -> None:
    (question,) = moved(steps).questions
    assert "builds the distributions too" in question.message


@pytest.mark.parametrize(
    ("run", "build"),
    [
        ("flit publish --setup-py", "flit build --setup-py"),
        ("pdm publish -p sub", "pdm build -p sub"),
        ("pdm publish -d out", "pdm build --dest out"),
        ("poetry publish --build", "poetry build"),
        ("maturin publish -F a -i python3.9 python3.10 --no-sdist",
         "maturin build --release -F a -i python3.9 python3.10 --out dist"),
        ("maturin publish --skip-existing -m py/Cargo.toml -o out",
         "maturin build --release --sdist -m py/Cargo.toml --out out"),
    ],
)  # fmt: skip
def test_the_question_shows_the_build_with_its_options(run: str, build: str) -> None:
    (question,) = moved(f"- run: {run}\n").questions
    assert f"'run: {build}'" in question.message


POETRY = "- uses: JRubics/poetry-publish@v2.0 # v2.0\n  with:\n    pypi_token: ${{ secrets.T }}\n"


@pytest.mark.parametrize(
    ("inputs", "build", "upload"),
    [
        ("", "pipx run poetry build", None),
        ("    python_version: '3.10'\n    repository_name: mine\n", "pipx run poetry build", None),
        ("    poetry_version: '==1.5.1' # pinned\n    allow_poetry_pre_release: 'yes'\n    build_format: sdist\n",
         "pipx run --spec poetry==1.5.1 poetry build --format sdist", None),
        ("    plugins: 'poetry-dynamic-versioning[plugin]'\n",
         "pipx install poetry\npipx inject poetry 'poetry-dynamic-versioning[plugin]'\npoetry build\n", None),
        (f"    repository_name: t\n    repository_url: {TESTPYPI_UPLOAD}\n", "pipx run poetry build",
         {"repository-url": "testpypi"}),
    ],
)  # fmt: skip
def test_an_action_that_builds_and_uploads_becomes_two_steps(
    inputs: str, build: str, upload: dict[str, Data] | None
) -> None:
    migration = moved(f"{POETRY}{inputs}  if: github.ref_type == 'tag'\n")
    built, published = steps_of(migration)
    assert built == {"run": build, "if": "github.ref_type == 'tag'"}
    assert (published["uses"], published["if"], published.get("with")) == (ACTION, built["if"], upload)
    assert [secret.name for secret in migration.secrets] == ["T"]
    assert ("# pinned" in migration.after) is ("# pinned" in inputs)


@pytest.mark.parametrize(
    "inputs",
    ["    extra_build_dependency_packages: gcc\n", "    poetry_version: 1.5.1\n", "    plugins: '${{ inputs.p }}'\n",
     "    allow_poetry_pre_release: 'yes'\n", "    build_format: both\n"],
)  # fmt: skip
def test_an_action_that_builds_in_a_way_of_its_own_is_asked_about(inputs: str) -> None:
    assert len(moved(POETRY + inputs).questions) == 1
    assert moved(POETRY, ("ubuntu-latest", "self-hosted")).questions


def test_the_index_of_an_action_that_uploads_is_the_one_of_its_inputs() -> None:
    named = f"    repository_name: t\n    repository_url: {TESTPYPI_UPLOAD}\n"
    assert [job.index for job in report(POETRY + named).jobs] == ["TestPyPI"]
    assert [job.index for job in report(POETRY).jobs] == ["PyPI"]


CONTAINER = "- uses: pypa/gh-action-pypi-publish@release/v1\n  with:\n    password: ${{ secrets.T }}\n"
CHECK = '- name: Check\n  env:\n    KEY_PYPI: ${{ secrets.T }}\n  run: |\n    if [ -z "$KEY_PYPI" ]; then\n'
SECRET_IS_THERE = f'{CHECK}      echo "::error::no token"\n      exit 1\n    fi\n'


def test_a_step_that_only_checks_that_the_token_is_there_goes() -> None:
    migration = moved(SECRET_IS_THERE + CONTAINER)
    assert steps_of(migration) == [{"uses": ACTION}]
    assert [secret.still_used for secret in migration.secrets] == [None]
    assert report(SECRET_IS_THERE + CONTAINER).possible == ()


@pytest.mark.parametrize(
    "step",
    [
        f"{CHECK}      echo has=no >> $GITHUB_OUTPUT\n    fi\n",
        f"{CHECK}      ./upload.sh\n    fi\n",
        SECRET_IS_THERE.replace('"$KEY_PYPI"', '"$OTHER"'),
    ],
)
def test_a_step_that_does_more_with_the_token_is_asked_about(step: str) -> None:
    assert moved(step + CONTAINER).questions


def test_a_variable_with_the_token_that_no_tool_reads_goes_too() -> None:
    env = "  env:\n    password: ${{ secrets.PYPI_TOKEN }}\n    MODE: ${{ secrets.MODE }}\n"
    migration = moved(f"- run: twine upload dist/*\n{env}")
    assert steps_of(migration) == [{"uses": ACTION, "env": {"MODE": "${{ secrets.MODE }}"}}]
    assert [secret.name for secret in migration.secrets] == ["PYPI_TOKEN"]
    kept, _ = steps_of(moved(f"- run: |\n    curl -d $password x.example\n    twine upload dist/*\n{env}"))
    assert "password" in kept["env"]


def test_a_step_that_only_gets_a_token_is_named() -> None:
    token = "- id: x\n  uses: some/token-action@v1\n"
    upload = "- run: poetry publish -u __token__ -p ${{ steps.x.outputs.t }}\n"
    (note,) = (n for n in moved(token + upload).notes if "nothing reads the outputs" in n.message)
    assert "some/token-action" in note.message
    read = moved(f"{token}{upload}- run: echo ${{{{ steps.x.outputs.v }}}}\n").notes
    assert not any("nothing reads the outputs" in n.message for n in read)


def test_a_target_that_only_builds_stays_before_the_upload() -> None:
    build, upload = steps_of(moved("- run: |\n    make clean dist\n    twine upload dist/*\n"))
    assert (build["run"], upload["uses"]) == ("make clean dist\n", ACTION)
    assert moved("- run: |\n    make deploy-version\n    twine upload dist/*\n").questions


def test_a_url_with_an_escape_is_not_a_variable_of_a_shell() -> None:
    elsewhere = (
        "- uses: pypa/gh-action-pypi-publish@release/v1\n  with: {repository-url: 'https://h.example/a%2Fb/c'}\n"
    )
    assert moved(elsewhere).questions == ()
    assert [job.index for job in report(elsewhere).jobs] == ["h.example"]
    assert moved("- shell: cmd\n  run: twine upload --repository-url %INDEX_URL% dist/*\n").questions


def test_a_permission_to_read_is_listed_without_a_question() -> None:
    nothing = ("    permissions:\n      contents: read\n      id-token: write\n", "")
    migration = moved(f"- uses: dawidd6/action-download-artifact@v6\n{CONTAINER}", nothing)
    assert migration.questions == ()
    assert any("'actions: read'" in note.message for note in migration.notes)
    assert moved(f"- uses: softprops/action-gh-release@v2\n{CONTAINER}", nothing).questions


@pytest.mark.parametrize(
    ("needs", "does_not"),
    [
        ("python-semantic-release/python-semantic-release@v9", "actions/setup-python@v6"),
        ("some/python-coverage-comment@v1", "some/python-coverage@v1"),
        ("sigstore/gh-action-sigstore-python@v3", "sigstore/cosign-installer@v3"),
        ("step-security/git-auto-commit-action@v5", "step-security/harden-runner@v2"),
    ],
)
def test_an_action_that_changes_the_repository_is_asked_about(needs: str, does_not: str) -> None:
    nothing = ("    permissions:\n      contents: read\n      id-token: write\n", "")
    on_release = ('  push:\n    tags: ["v*"]\n', "  release:\n")
    assert moved(f"- uses: {needs}\n{CONTAINER}", nothing, on_release).questions
    assert moved(f"- uses: {does_not}\n{CONTAINER}", nothing, on_release).questions == ()


def test_signatures_go_to_a_release_only_when_one_starts_the_run() -> None:
    nothing = ("    permissions:\n      contents: read\n      id-token: write\n", "")
    assert moved(f"- uses: sigstore/gh-action-sigstore-python@v3\n{CONTAINER}", nothing).questions == ()


def test_setup_py_upload_is_asked_about() -> None:
    (question,) = moved("- run: python setup.py sdist upload\n").questions
    assert "setup.py upload" in question.message
    assert moved("- run: python setup.py sdist\n").publishes is False


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("- run: twine upload dist/* || true\n  env: {TWINE_PASSWORD: '${{ secrets.T }}'}\n", "joined to another"),
        ("- run: echo x > ~/.pypirc\n- run: twine upload dist/*\n- run: rm ~/.pypirc\n", "line 12 has a .pypirc"),
    ],
)
def test_one_thing_to_decide_is_one_question(steps: str, words: str) -> None:
    (question,) = moved(steps).questions
    assert words in question.message


def test_a_command_after_a_joined_one_is_still_asked_about() -> None:
    steps = "- run: |\n    twine upload dist/* || true\n    ./notify\n  env: {TWINE_PASSWORD: '${{ secrets.T }}'}\n"
    assert moved(steps).questions[0].message.startswith("'./notify' runs after the upload")


def test_the_token_of_the_job_is_no_secret_to_delete() -> None:
    steps = "- uses: pypa/gh-action-pypi-publish@release/v1\n  with: {password: '${{ secrets.%s }}'}\n"
    assert moved(steps % "GITHUB_TOKEN").secrets == ()
    assert [secret.name for secret in moved(steps % "PYPI_TOKEN").secrets] == ["PYPI_TOKEN"]


def test_an_upload_inside_a_condition_has_one_question() -> None:
    migration = moved('- run: |\n    if [ -n "$X" ]; then\n      twine upload dist/*\n    fi\n')
    assert len(migration.questions) == 1


def test_a_url_with_an_expression_in_it_is_resolved() -> None:
    live, test = (url.split("/")[2] for url in (PYPI_UPLOAD, TESTPYPI_UPLOAD))
    url = f"https://${{{{ github.ref_type == 'tag' && '{live}' || '{test}' }}}}/legacy/"
    steps = f"- run: uv publish --publish-url {url} -t ${{{{ secrets.T }}}}\n"
    (step,) = steps_of(moved(steps))
    assert step["with"] == {"repository-url": url}
    assert [job.index for job in report(steps).jobs] == ["PyPI", "TestPyPI"]
    elsewhere = steps.replace(test, "pypi.example.org")
    assert moved(elsewhere).after == workflow(elsewhere)


def test_lines_of_a_script_that_stay_keep_every_byte() -> None:
    script = (
        "- run: |\n      twine check dist/* \n  \n\n      echo a   \n      twine upload dist/*\n      echo done  \n"
    )
    text = JOB + textwrap.indent(script, "      ", lambda line: True)
    migration = migrate(text, "release.yml", uses=ACTION)
    assert migration.questions == ()
    gone = [line for line in text.splitlines() if line not in migration.after.splitlines()]
    assert gone == ["            twine upload dist/*"]


# What setup says


@pytest.mark.parametrize(
    ("steps", "how"),
    [
        ("- run: poetry config pypi-token.pypi ${{ secrets.T }}\n- run: poetry publish\n", "token"),
        ("- run: poetry config virtualenvs.create false\n- run: poetry publish\n", "unknown"),
        ("- id: x\n  run: curl index.example/_/oidc/mint-token\n" + HATCH_WITH_OUTPUT, "trusted publishing"),
        ("- id: x\n  run: vault read\n" + HATCH_WITH_OUTPUT, "token"),
        ("- run: uv publish --trusted-publishing always\n", "trusted publishing"),
    ],
)  # fmt: skip
def test_how_a_job_authenticates(steps: str, how: str) -> None:
    assert [job.authentication for job in report(steps).jobs] == [how]


def test_trusted_publishing_that_is_asked_for_needs_the_right() -> None:
    no_right = ("      id-token: write\n", "")
    codes = [p.code for p in report("- run: uv publish --trusted-publishing always\n", no_right).problems]
    assert codes == ["setup-no-id-token"]
    assert report("- run: uv publish --trusted-publishing never\n", no_right).problems == ()


def test_a_script_that_can_ask_for_an_identity_token_may_publish() -> None:
    (possible,) = report("- run: make publish\n").possible
    assert possible.credential == ""
    no_right = ("      id-token: write\n", "")
    assert report("- run: make publish\n", no_right).possible == ()
    assert report("- run: make docs\n").possible == ()
    assert report(f"- run: ./publish-notes.sh\n- uses: {ACTION}\n").possible == ()


def test_a_script_whose_name_says_that_it_publishes_may() -> None:
    no_right = ("      id-token: write\n", "")
    (possible,) = report("- run: bash ci/release-pypi-macos.sh\n", no_right).possible
    assert possible.script == "release-pypi-macos.sh"
    assert report("- run: chmod +x upload_to_pypi.sh\n", no_right).possible == ()
    assert report("- run: python ci/pypi_release_notes.py\n", no_right).possible == ()
    assert report(f"- run: ./upload_to_pypi.sh\n{CONTAINER}", no_right).possible == ()


@pytest.mark.parametrize(
    ("publishes", "does_not"),
    [
        ("uses: ./.github/actions/publish", "uses: ./.github/actions/build"),
        ("run: hatch run publish", "run: hatch run tests"),
        ("run: poetry run publish-all", "run: poetry run pytest tests/publish"),
        ("run: pdm run pypi-release", "run: pdm run python -m pypi_stats"),
    ],
)
def test_names_that_a_project_gives_may_publish(publishes: str, does_not: str) -> None:
    (possible,) = report(f"- {publishes}\n").possible
    assert possible.name == "publish"
    assert report(f"- {does_not}\n").possible == ()


# What can go


def test_a_checkout_that_may_hold_the_files_is_not_named_as_what_can_go() -> None:
    upload = "- uses: pypa/gh-action-pypi-publish@release/v1\n"
    can_go = "only served publishing: remove"
    assert not any(can_go in note.message for note in moved(f"- uses: actions/checkout@v4\n{upload}").notes)
    download = "- uses: actions/download-artifact@v4\n"
    assert any(can_go in note.message for note in moved(f"- uses: actions/checkout@v4\n{download}{upload}").notes)


def test_a_new_environment_for_runs_that_do_not_publish_is_named() -> None:
    without = ("    environment: release\n", "")
    guarded = "- run: twine upload dist/*\n  if: github.ref_type == 'tag'\n"

    def is_said(steps: str, *pairs: tuple[str, str]) -> bool:
        return any("runs that do not publish" in note.message for note in moved(steps, *pairs).notes)

    assert is_said(guarded, without)
    assert not is_said(guarded)
    assert not is_said("- run: twine upload dist/*\n", without)


@pytest.mark.parametrize(
    ("matrix", "several"),
    [("{python: [3.12]}", False), ("{os: [a], python: [3.12]}", False), ("{include: [{os: a}]}", False),
     ("{python: [3.11, 3.12]}", True), ("{python: [3.12], include: [{python: 3.13}]}", True),
     ("${{ fromJson(needs.x.outputs.y) }}", True), ("{include: '${{ fromJson(x) }}'}", True)],
)  # fmt: skip
def test_a_matrix_of_one_publishes_once(matrix: str, several: bool) -> None:
    strategy = ("    environment: release\n", f"    environment: release\n    strategy:\n      matrix: {matrix}\n")
    notes = moved("- uses: pypa/gh-action-pypi-publish@release/v1\n", strategy).notes
    assert any("once for each entry of its matrix" in note.message for note in notes) is several


CALLED = (
    '  push:\n    tags: ["v*"]\n',
    "  workflow_call:\n    inputs:\n      to: {default: testpypi}\n      where: {type: string}\n",
)


def test_an_index_that_callers_may_choose_is_called_the_default() -> None:
    upload = "- uses: pypa/gh-action-pypi-publish@release/v1\n  with: {repository-url: '${{ inputs.to }}'}\n"
    (job,) = report(upload, CALLED).jobs
    assert (job.index, job.chosen_by) == ("TestPyPI", "to")
    (job,) = report(upload.replace("${{ inputs.to }}", "testpypi"), CALLED).jobs
    assert (job.index, job.chosen_by) == ("TestPyPI", "")


def test_a_folder_that_may_be_empty_does_not_become_an_absolute_path() -> None:
    upload = "- run: twine upload dist/*\n  working-directory: ${{ inputs.where }}\n"
    (step,) = steps_of(moved(upload, CALLED))
    assert step["with"] == {"packages-dir": "${{ inputs.where || '.' }}/dist/*"}
    required = (CALLED[0], CALLED[1].replace("type: string", "type: string, required: true"))
    (step,) = steps_of(moved(upload, required))
    assert step["with"] == {"packages-dir": "${{ inputs.where }}/dist/*"}


@pytest.mark.parametrize(("condition", "never"), [("false", True), ("${{ false }}", True), ("${{ !false }}", False)])
def test_a_job_that_never_runs_is_reported(condition: str, never: bool) -> None:
    upload = f"- uses: pypa/gh-action-pypi-publish@release/v1\n  if: {condition}\n"
    assert [job.never_runs for job in report(upload).jobs] == [never]


def test_an_action_that_sees_a_credential_may_publish_when_no_step_is_known_to() -> None:
    env = ("jobs:\n", "env:\n  HATCH_INDEX_AUTH: ${{ secrets.T }}\njobs:\n")
    (possible,) = report("- uses: actions/checkout@v6\n- uses: somebody/hatch-everything@v1\n", env).possible
    assert (possible.credential, possible.step) == ("HATCH_INDEX_AUTH", "somebody/hatch-everything@v1")
    assert report("- uses: somebody/hatch-everything@v1\n- run: hatch publish\n", env).possible == ()
    assert report("- uses: somebody/setup-hatch@v1\n", env).possible == ()
    assert report("- uses: somebody/hatch-everything@v1\n", (env[0], env[1].replace("HATCH_INDEX", "X"))).possible == ()
