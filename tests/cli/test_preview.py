"""The command ``preview``, against an embedded index with the previous release."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from builders.process import process
from builders.releases import Previewed, build, published
from pypi_trusted_publish.cli.main import run

GLIBC = "manylinux_2_17_x86_64.manylinux2014_x86_64"


def previewed(tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...], *options: str) -> Previewed:
    with published(tmp_path, build(tmp_path / "old", "1.0.0", before)) as releases:
        build(tmp_path / "new", "1.1.0", after)
        return releases.preview("--json", *options, tmp_path / "new")


def test_an_unchanged_rebuild_shows_nothing_but_its_version(tmp_path: Path) -> None:
    found = previewed(tmp_path, ("py3-none-any", "sdist"), ("py3-none-any", "sdist"))
    project = found.project
    assert found.code == 0
    assert project["baseline"] == {"version": "1.0.0", "files": 2}
    assert project["files"]["lost"] == project["files"]["new"] == []
    assert len(project["files"]["kept"]) == 2
    assert (project["metadata"], project["not_compared"], project["findings"]) == ({}, [], [])


def test_a_lost_wheel_is_the_first_line(tmp_path: Path) -> None:
    tags = ("cp312-cp312-win_amd64", f"cp312-cp312-{GLIBC}", "sdist")
    with published(tmp_path, build(tmp_path / "old", "1.0.0", tags)) as releases:
        build(tmp_path / "new", "1.1.0", tags[1:])
        shown = releases.preview(tmp_path / "new")
        strict = releases.preview("--strict", tmp_path / "new")
        ignored = releases.preview("--strict", "--ignore", "release-lost-wheels", tmp_path / "new")
    assert shown.code == 0
    assert shown.output.splitlines()[0] == "1 wheel of rehearsal-sample 1.0.0 has no replacement"
    assert "rehearsal_sample-1.0.0-cp312-cp312-win_amd64.whl: CPython 3.12 on Windows amd64" in shown.output
    assert strict.code == 3
    assert ignored.code == 0


def test_a_first_release_is_called_one(tmp_path: Path) -> None:
    with published(tmp_path, []) as releases:
        build(tmp_path / "new", "1.0.0")
        project = releases.preview("--json", tmp_path / "new").project
        shown = releases.preview(tmp_path / "new").output
    assert project["baseline"] is None
    assert "First release" in shown


def test_a_baseline_can_be_chosen_or_left_out(tmp_path: Path) -> None:
    with published(tmp_path, build(tmp_path / "old", "1.0.0")) as releases:
        build(tmp_path / "new", "1.1.0")
        chosen = releases.preview("--json", "--baseline", "1.0", tmp_path / "new")
        none = releases.preview("--json", "--baseline", "none", tmp_path / "new")
        absent = releases.preview("--baseline", "0.9", tmp_path / "new")
    assert chosen.project["baseline"]["version"] == "1.0.0"
    assert none.project["baseline"] is None
    assert absent.code == 2
    assert "has no release '0.9' to compare with" in absent.output


def test_an_index_that_does_not_answer_fails_nothing(tmp_path: Path) -> None:
    with published(tmp_path, build(tmp_path / "old", "1.0.0")) as releases:
        build(tmp_path / "new", "1.1.0")
    found = releases.preview("--json", tmp_path / "new")
    assert found.code == 0
    assert "could not be read" in found.project["not_compared"][0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--against", "http://index.example/simple/"), "only https"),
        (("--baseline", "what?"), "is not a version"),
        (("--ignore", "release-lost-weels"), "release-lost-wheels"),
    ],
)
def test_a_wrong_argument_ends_with_two(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    build(tmp_path / "new", "1.1.0")
    with published(tmp_path, []) as releases:
        found = releases.preview(*options, tmp_path / "new")
    assert found.code == 2
    assert message in found.output


def test_the_page_has_no_script_and_shows_what_visitors_will_see(tmp_path: Path) -> None:
    pytest.importorskip("comrak", reason="no wheel of the renderer of Markdown for this Python", exc_type=ImportError)
    page = tmp_path / "page.html"
    with published(tmp_path, build(tmp_path / "old", "1.0.0", ("cp312-cp312-win_amd64", "sdist"))) as releases:
        build(tmp_path / "new", "1.1.0")
        assert releases.preview("--html", page, tmp_path / "new").code == 0
    text = page.read_text(encoding="utf-8")
    assert "<em>sample</em>" in text
    assert "Content-Security-Policy" in text
    assert "<script" not in text


def test_in_a_job_the_worst_finding_comes_first_and_the_outputs_name_the_files(tmp_path: Path) -> None:
    tags = ("cp312-cp312-win_amd64", f"cp312-cp312-{GLIBC}", "sdist")
    out, summary, outputs = io.StringIO(), tmp_path / "summary", tmp_path / "outputs"
    with published(tmp_path, build(tmp_path / "old", "1.0.0", tags)) as releases:
        build(tmp_path / "new", "1.1.0", tags[1:])
        environ = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(tmp_path),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_OUTPUT": str(outputs),
            "RUNNER_TEMP": str(tmp_path),
            "INPUT_PACKAGES_DIR": "new",
            "INPUT_AGAINST": releases.simple,
        }
        assert run(["preview"], process(environ, out)) == 0
    first = "1 wheel of rehearsal-sample 1.0.0 has no replacement"
    assert out.getvalue().splitlines()[0] == first
    assert first in summary.read_text(encoding="utf-8").splitlines()[0]
    assert "::warning" in out.getvalue()
    assert out.getvalue().splitlines()[-1] == "2 distributions checked: no errors."
    text = outputs.read_text(encoding="utf-8")
    assert "manifest<<" in text
    assert '"filename":"rehearsal_sample-1.1.0.tar.gz"' in text.rpartition("distributions<<")[2]
