"""The command ``migrate``: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

import pytest

from builders.machine import needs_links
from builders.workflow_cases import case
from builders.workflow_files import GOOD, written
from pypi_trusted_publish.cli.migrate import run_migrate
from pypi_trusted_publish.cli.workflow_files import read_files
from pypi_trusted_publish.errors import WorkflowError
from pypi_trusted_publish.workflows.model import read_workflow

SHA = "0123456789abcdef0123456789abcdef01234567"


def ran(*argv: str) -> tuple[int, str]:
    stdout = io.StringIO()
    return run_migrate(
        ("--repository", "octo-org/demo", *argv), stdout=stdout, search=os.environ["PATH"]
    ), stdout.getvalue()


def test_it_shows_a_diff_and_what_is_left_to_do_and_writes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, case("container-with-token"))
    code, said = ran("--pin", "v2.0.0", path)
    assert code == 0
    assert f"--- {path}\n+++ {path}\n" in said
    assert "+      uses: org/pypi-trusted-publish@v2.0.0\n" in said
    assert "Owner:            octo-org\n" in said
    assert "Environment name: release\n" in said
    assert f"PYPI_API_TOKEN, read at {path}:21" in said
    assert said.index("1. On the index") < said.index("2. On GitHub")
    assert Path(path).read_text(encoding="utf-8") == case("container-with-token")


def test_it_writes_with_the_option(tmp_path: Path) -> None:
    path = written(tmp_path, case("container-with-token"))
    Path(path).chmod(0o640)
    code, said = ran("--write", path)
    assert (code, f"{path}: written." in said) == (0, True)
    assert "pypa/gh-action" not in Path(path).read_text(encoding="utf-8")
    if os.name == "posix":
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["release.yml"]
    assert "already publishes with this action" in ran(path)[1]


def test_a_commit_may_have_its_version_behind_it(tmp_path: Path) -> None:
    path = written(tmp_path, case("container-in-its-own-job"))
    assert f"uses: org/pypi-trusted-publish@{SHA}  # v1.2.3\n" in ran("--pin", f"{SHA}  # v1.2.3", path)[1]
    assert f"uses: org/pypi-trusted-publish@{SHA}\n" in ran("--pin", SHA, path)[1]


def test_questions_end_with_one_and_have_their_line(tmp_path: Path) -> None:
    path = written(tmp_path, case("twine-guarded-by-its-token"))
    code, said = ran("--write", path)
    assert code == 1
    assert f"{path}:11: The condition 'if: env.TWINE_PASSWORD != ''' reads TWINE_PASSWORD" in said
    assert f"{path}: nothing was changed." in said


@pytest.mark.parametrize(
    "text", ["on: push\njobs: {a: {steps: [{run: make}]}}\n", "a: [", "a: b\n---\nc: d\n", "\ta: b\n", ""]
)
def test_what_is_not_understood_ends_with_two_and_nothing_is_written(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    assert ran("--write", path)[0] == 2
    assert Path(path).read_text(encoding="utf-8") == text


def test_one_file_that_is_not_understood_stops_the_others(tmp_path: Path) -> None:
    good = written(tmp_path, case("container-with-token"), "good.yml")
    bad = written(tmp_path, "a: [", "bad.yml")
    code, said = ran("--write", good, bad)
    assert code == 2
    assert "bad.yml:1:5" in said
    assert Path(good).read_text(encoding="utf-8") == case("container-with-token")


def test_a_folder_of_a_hundred_files_is_migrated_at_once(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for number in range(100):
        written(folder, case("uv-trusted-already") if number % 2 else "on: push\njobs: {}\n", f"w{number}.yml")
    code, said = ran("--write", str(tmp_path))
    assert code == 0
    assert said.count(": written.") == 50
    assert said.count("found no step that publishes") == 50


def test_a_byte_order_mark_and_line_ends_stay(tmp_path: Path) -> None:
    path = tmp_path / "release.yml"
    path.write_bytes(b"\xef\xbb\xbf" + case("twine-windows-ends").encode())
    assert ran("--write", str(path))[0] == 0
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfon: push\r\n")
    assert data.count(b"\n") == data.count(b"\r\n")


@needs_links
def test_a_link_is_followed_and_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target = Path(written(tmp_path / "real", case("container-with-token")))
    link = tmp_path / "link.yml"
    link.symlink_to(target)
    assert ran("--write", str(link))[0] == 0
    assert link.is_symlink()
    assert "org/pypi-trusted-publish" in target.read_text(encoding="utf-8")


def test_a_file_that_is_read_only_is_not_written(tmp_path: Path) -> None:
    path = Path(written(tmp_path, case("container-with-token")))
    path.chmod(0o444)
    code, said = ran("--write", str(path))
    assert (code, "workflow-unwritable" in said) == (2, True)
    assert path.read_text(encoding="utf-8") == case("container-with-token")


def test_a_file_that_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    path = Path(written(tmp_path, GOOD))
    (file,) = read_files([str(path)])
    path.write_text(GOOD + "# new\n", encoding="utf-8")
    with pytest.raises(WorkflowError) as caught:
        file.write(GOOD + "# ours\n")
    assert caught.value.diagnostics()[0].code == "workflow-unwritable"
    assert path.read_text(encoding="utf-8") == GOOD + "# new\n"


def test_an_index_of_uv_is_looked_up_in_the_project(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "demo"\n[[tool.uv.index]]\nname = "company"\nurl = "https://x.example/simple"\n'
        'publish-url = "https://x.example/up"\n',
        encoding="utf-8",
    )
    path = written(folder, case("uv-named-index"))
    code, said = ran(path)
    assert code == 0, said
    assert "publishes to x.example, which is not known to support Trusted Publishing" in said
    assert "/manage/project/demo/settings/publishing/?provider=github&owner=octo-org&repository=demo" in said


@pytest.mark.parametrize("argv", [(), ("--pin", "a b", "x"), ("--what", "x"), ("--repository=../x", "y")])
def test_a_misuse_prints_the_usage(argv: tuple[str, ...]) -> None:
    code, said = ran(*argv)
    assert code == 2
    assert "usage: pypi-trusted-publish migrate [--write]" in said


CALLER = """\
on: push
permissions:
  contents: read  # all that it needs
jobs:
  release:
    uses: ./.github/workflows/publish.yml
    secrets:
      PYPI_TOKEN: ${{ secrets.PYPI_TOKEN }}
      OTHER: ${{ secrets.OTHER }}
"""
CALLED = """\
on:
  workflow_call:
    secrets:
      PYPI_TOKEN: {required: true}
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - uses: pypa/gh-action-pypi-publish@release/v1
        with:
          password: ${{ secrets.PYPI_TOKEN }}
"""
RIGHTS = "permissions:\n  contents: read  # all that it needs\n"
GRANTS = "    permissions:\n      contents: read\n"


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("", "", 5, "give it 'permissions:' with 'contents: read' and 'id-token: write'"),
        ("    uses", f"{GRANTS}    uses", 6, "add 'id-token: write' to its 'permissions:'"),
        ("    uses", "    permissions: read-all\n    uses", 6, "give it 'permissions:' with"),
        (RIGHTS, "", 3, "give it 'permissions:' with 'contents: read' and 'id-token: write'"),
    ],
)  # fmt: skip
def test_what_a_caller_must_change_is_named_with_its_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, what: str
) -> None:
    caller = written(tmp_path, CALLER.replace(old, new, 1), "caller.yml")
    code, said = ran(written(tmp_path, CALLED, "publish.yml"))
    assert code == 0, said
    assert f"{caller}:{line}: The job 'release' calls publish.yml: {what}" in said
    assert "passes the secret PYPI_TOKEN, which publish.yml no longer reads" in said
    assert "the secret OTHER" not in said
    assert "must grant 'publish' 'id-token: write' too" not in said


@pytest.mark.parametrize(
    "rights",
    [
        f"{GRANTS}      id-token: write\n",
        "    permissions: write-all\n",
        "    permissions: {contents: write, id-token: write}\n",
    ],
)
def test_a_caller_that_grants_enough_has_nothing_to_change(tmp_path: Path, rights: str) -> None:
    text = CALLER.replace("    uses", f"{rights}    uses").partition("    secrets:")[0] + "    secrets: inherit\n"
    written(tmp_path, text, "caller.yml")
    assert "caller.yml" not in ran(written(tmp_path, CALLED, "publish.yml"))[1]


def test_without_a_caller_here_the_note_says_what_callers_must_grant(tmp_path: Path) -> None:
    called = written(tmp_path, CALLED, "publish.yml")
    _, said = ran("--write", called)
    assert "must grant 'publish' 'id-token: write' too" in said
    assert "the secret PYPI_TOKEN is declared for callers" in said.replace("The secret", "the secret")
    assert "PYPI_TOKEN: {required: true}" in Path(called).read_text()


def test_a_caller_that_is_given_too_is_changed_with_the_called_workflow(tmp_path: Path) -> None:
    caller, called = written(tmp_path, CALLER, "caller.yml"), written(tmp_path, CALLED, "publish.yml")
    code, said = ran("--write", called, caller)
    assert (code, "by hand" in said) == (0, False)
    granted = "    permissions:\n      contents: read\n      id-token: write\n"
    secrets = "    secrets:\n      OTHER: ${{ secrets.OTHER }}\n"
    use = "    uses: ./.github/workflows/publish.yml\n"
    assert Path(caller).read_text() == CALLER.partition("    uses")[0] + granted + use + secrets
    assert Path(called).read_text().startswith("on:\n  workflow_call:\njobs:\n")
    assert f"{caller}:5: The job 'release' now grants" in said
    assert "it already publishes with this action" in ran(called, caller)[1]


@pytest.mark.parametrize(
    "own", ["    permissions: {contents: read}\n", "    permissions: {}\n", GRANTS, f"{GRANTS}      id-token: none\n"]
)
def test_the_permissions_of_a_calling_job_are_completed(tmp_path: Path, own: str) -> None:
    caller = written(tmp_path, CALLER.replace("    uses", f"{own}    uses", 1), "caller.yml")
    assert ran("--write", written(tmp_path, CALLED, "publish.yml"), caller)[0] == 0
    block = read_workflow(Path(caller).read_text(), "caller.yml").jobs["release"].permissions
    assert block.texts() == {"contents": "read", "id-token": "write"}


def test_what_cannot_be_changed_in_a_caller_is_left_to_the_user(tmp_path: Path) -> None:
    text = CALLER.replace("release:\n", "release: &a\n", 1) + "  again: *a\n"
    caller, called = written(tmp_path, text, "caller.yml"), written(tmp_path, CALLED, "publish.yml")
    _, said = ran("--write", called, caller)
    assert "To change together, by hand:" in said
    assert Path(caller).read_text() == text
    assert "    secrets:\n      PYPI_TOKEN" in Path(called).read_text()


def test_the_secret_stays_while_a_caller_that_is_not_given_passes_it(tmp_path: Path) -> None:
    caller, called = written(tmp_path, CALLER, "caller.yml"), written(tmp_path, CALLED, "publish.yml")
    other = written(tmp_path, CALLER, "other.yml")
    _, said = ran("--write", called, caller)
    assert f"{other}:" in said
    assert "The job 'release' passes the secret PYPI_TOKEN" in said
    assert all("PYPI_TOKEN:" in Path(path).read_text() for path in (caller, called))
    assert "id-token: write" in Path(caller).read_text()


def test_a_called_job_that_may_need_more_is_decided_by_the_user(tmp_path: Path) -> None:
    caller = written(tmp_path, CALLER.replace(RIGHTS, "", 1), "caller.yml")
    other = "  build:\n    runs-on: ubuntu-latest\n    steps: [{run: gh release create v1}]\n"
    _, said = ran("--write", written(tmp_path, CALLED + other, "publish.yml"), caller)
    assert f"{caller}:3: The job 'release' calls publish.yml: give it 'permissions:' with 'contents: write'" in said
    assert "permissions" not in Path(caller).read_text()


def test_the_callers_of_a_workflow_that_cannot_be_migrated_stay(tmp_path: Path) -> None:
    caller = written(tmp_path, CALLER.replace(RIGHTS, "", 1), "caller.yml")
    text = CALLED.replace("    steps:\n", "    permissions: {contents: read}\n    steps:\n")
    called = written(
        tmp_path, text.replace("          password:", "          args: x\n          password:"), "publish.yml"
    )
    code, said = ran("--write", called, caller)
    assert (code, "caller.yml" in said.replace(f"{caller}: found no step", "")) == (1, False)
    assert Path(caller).read_text() == CALLER.replace(RIGHTS, "", 1)


MIDDLE = """\
on:
  workflow_call:
    secrets:
      PYPI_TOKEN: {required: true}
jobs:
  build:
    runs-on: ubuntu-latest
    steps: [{uses: actions/checkout@v6}]
  release:
    uses: ./.github/workflows/publish.yml
    secrets:
      PYPI_TOKEN: ${{ secrets.PYPI_TOKEN }}
"""
TOP = CALLER.replace("publish.yml", "middle.yml").replace("      OTHER: ${{ secrets.OTHER }}\n", "")


def test_the_callers_of_a_caller_are_changed_too(tmp_path: Path) -> None:
    top, middle = written(tmp_path, TOP, "top.yml"), written(tmp_path, MIDDLE, "middle.yml")
    code, said = ran("--write", written(tmp_path, CALLED, "publish.yml"), top, middle)
    assert (code, "by hand" in said) == (0, False)
    for path in (top, middle):
        job = read_workflow(Path(path).read_text(), "x.yml").jobs["release"]
        assert job.permissions.texts() == {"contents": "read", "id-token": "write"}
        assert "PYPI_TOKEN" not in Path(path).read_text()


def test_the_callers_of_a_caller_are_named_where_they_are_not_given(tmp_path: Path) -> None:
    top, middle = written(tmp_path, TOP, "top.yml"), written(tmp_path, MIDDLE, "middle.yml")
    called = written(tmp_path, CALLED, "publish.yml")
    _, said = ran("--write", called, middle)
    assert f"{top}:5: The job 'release' calls middle.yml: give it 'permissions:' with" in said
    assert "The job 'release' passes the secret PYPI_TOKEN, which middle.yml no longer reads" in said
    assert all("PYPI_TOKEN:" in Path(path).read_text() for path in (middle, called))


def test_a_secret_that_a_caller_reads_itself_is_still_passed_to_it(tmp_path: Path) -> None:
    text = MIDDLE.replace("[{uses: actions/checkout@v6}]", "[{run: make, env: {T: '${{ secrets.PYPI_TOKEN }}'}}]")
    top, middle = written(tmp_path, TOP, "top.yml"), written(tmp_path, text, "middle.yml")
    ran("--write", written(tmp_path, CALLED, "publish.yml"), top, middle)
    assert "      PYPI_TOKEN: ${{ secrets.PYPI_TOKEN }}\n" in Path(top).read_text()
    assert "      PYPI_TOKEN: {required: true}" in Path(middle).read_text()
    assert "id-token: write" in Path(top).read_text()


def test_workflows_that_call_each_other_have_an_end(tmp_path: Path) -> None:
    circle = CALLED + "  again:\n    uses: ./.github/workflows/caller.yml\n"
    caller = CALLER.replace("on: push", "on: [push, workflow_call]")
    assert ran(written(tmp_path, circle, "publish.yml"), written(tmp_path, caller, "caller.yml"))[0] == 0
