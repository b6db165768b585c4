"""Dry runs through the command line: what they prove, and that nothing of them stays."""

from __future__ import annotations

from pathlib import Path

from builders.played import nothing_happened, play
from pypi_trusted_publish.rehearsal.samples import Sample, build_release
from pypi_trusted_publish.rehearsal.sandbox import Sandbox


def test_a_dry_run_leaves_the_index_empty_and_says_what_it_proved(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", inputs={"dry-run": "true"}) as sandbox:
        played = play(sandbox)
        assert played.code == 0
        assert played.outputs["uploaded-count"] == "0"
        assert "✅ proved: a publisher on the index matches this job" in played.summary
        assert "⚪ not proved: the index accepts every file" in played.summary
        assert "creates the project of any pending publisher" in played.summary
        assert "creates the project of any pending publisher" in played.log
        nothing_happened(sandbox, played)


def test_a_dry_run_without_the_checks_does_not_say_that_the_files_pass_them(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", inputs={"dry-run": "true", "verify-metadata": "false"}) as sandbox:
        played = play(sandbox)
        assert played.code == 0
        assert "not proved: every file passes the checks (`verify-metadata` is off)" in played.log
        assert "\nproved: every file" not in played.log
        nothing_happened(sandbox, played)


def test_a_dry_run_fails_where_the_release_would_since_the_token_covers_too_few_projects(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", inputs={"packages-dir": "dist", "dry-run": "true"}) as sandbox:
        sandbox.index.call(lambda: sandbox.index.store.create_project("other-sample"))
        build_release(sandbox.workspace / "dist", Sample(name="other-sample", version="1.0.0"))
        played = play(sandbox)
        assert played.code == 4
        assert "token-covers-too-few-projects" in played.codes
        nothing_happened(sandbox, played)


def test_a_dry_run_mints_nothing_for_a_project_that_does_not_exist(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", projects=[], pending="rehearsal-sample", inputs={"dry-run": "true"}) as sandbox:
        played = play(sandbox)
        assert played.code == 0
        assert not any(request.path.endswith("mint-token") for request in sandbox.requests)
        nothing_happened(sandbox, played)
