"""Whole releases through the command line, against the embedded index, over sockets."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from builders.machine import needs_links
from builders.played import nothing_happened, play
from pypi_trusted_publish.rehearsal.samples import Sample, build_release, build_wheel
from pypi_trusted_publish.rehearsal.sandbox import Sandbox

WHEEL = "rehearsal_sample-1.0.0-py3-none-any.whl"
SDIST = "rehearsal_sample-1.0.0.tar.gz"
Sandboxed: TypeAlias = "Callable[..., Sandbox]"


@pytest.fixture
def sandboxed(tmp_path: Path) -> Iterator[Sandboxed]:
    """Enters sandboxes and leaves them at the end."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(Sandbox(tmp_path / "sandbox", **changes))


def test_a_release_arrives_is_confirmed_and_leaves_no_token_behind(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed()
    played = play(sandbox)
    assert played.code == 0, played.log
    assert {file.filename for file in sandbox.published()} == {WHEEL, SDIST}
    assert sandbox.live_tokens() == ()
    assert played.outcomes == {WHEEL: "uploaded", SDIST: "uploaded"}
    assert {name: played.outputs[name] for name in ("uploaded-count", "skipped-count", "project", "version")} == {
        "uploaded-count": "2",
        "skipped-count": "0",
        "project": "rehearsal-sample",
        "version": "1.0.0",
    }
    assert played.outputs["confirmed"] == "true"
    assert "is published" in played.summary
    assert played.codes == []


def test_the_wheel_goes_before_the_sdist_and_each_has_the_bytes_of_the_folder(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed()
    play(sandbox)
    assert [file.filename for file in sandbox.published()] == [WHEEL, SDIST]
    for file in sandbox.published():
        assert file.path.read_bytes() == (sandbox.workspace / "dist" / file.filename).read_bytes()


def test_every_exchange_has_an_identity_token_of_its_own(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed()
    play(sandbox)
    asked = [request for request in sandbox.requests if "idtoken" in request.path]
    assert len(asked) == 2


def test_a_second_run_uploads_nothing_and_is_green(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed()
    play(sandbox)
    again = play(sandbox)
    assert again.code == 0
    assert again.outcomes == {WHEEL: "identical", SDIST: "identical"}
    assert (again.outputs["uploaded-count"], again.outputs["skipped-count"]) == ("0", "2")
    assert sum(request.path.endswith("mint-token") for request in sandbox.requests) == 1


def test_what_is_missing_after_a_partial_run_is_completed(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed()
    sdist = sandbox.workspace / "dist" / SDIST
    kept = sdist.rename(sandbox.folder / SDIST)
    assert play(sandbox).outcomes == {WHEEL: "uploaded"}
    shutil.copy(kept, sdist)
    again = play(sandbox)
    assert again.code == 0
    assert again.outcomes == {WHEEL: "identical", SDIST: "uploaded"}


def test_other_bytes_under_a_used_name_stop_the_run_before_anything_is_sent(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed()
    play(sandbox)
    before = len(sandbox.published())
    build_release(sandbox.workspace / "dist", Sample(padding=10))
    (sandbox.workspace / "dist" / SDIST).unlink()
    build_wheel(sandbox.workspace / "dist", Sample(), "cp312-abi3-win_amd64")
    played = play(sandbox, environ={"GITHUB_RUN_ATTEMPT": "2"})
    assert played.code == 4
    assert played.codes[-1] == "file-conflict"
    assert "build job most likely ran again" in played.log
    assert len(sandbox.published()) == before
    assert sandbox.live_tokens() == ()


def test_skip_existing_leaves_the_conflict_and_says_that_builds_are_mixed(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(inputs={"skip-existing": "true"})
    play(sandbox)
    build_release(sandbox.workspace / "dist", Sample(padding=10))
    (sandbox.workspace / "dist" / SDIST).unlink()
    other = build_wheel(sandbox.workspace / "dist", Sample(), "cp312-abi3-win_amd64").name
    played = play(sandbox)
    assert played.code == 0, played.log
    assert played.outcomes == {WHEEL: "skipped", other: "uploaded"}
    assert "mixed-builds" in played.codes


@pytest.mark.parametrize(
    ("environment", "code", "snippet"),
    [("", "environment-absent", "environment: release"), ("pypi", "environment-different", "environment: pypi")],
)
def test_another_environment_is_told_with_the_lines_to_paste(
    sandboxed: Sandboxed, environment: str, code: str, snippet: str
) -> None:
    sandbox = sandboxed(environment=environment)
    played = play(sandbox)
    assert played.code == 2
    assert played.codes == [code]
    assert len(played.annotations) == 1
    assert snippet in played.log
    assert snippet in played.summary
    nothing_happened(sandbox, played)


def test_the_name_of_the_environment_is_compared_without_regard_to_case(sandboxed: Sandboxed) -> None:
    assert play(sandboxed(environment="Release")).code == 0


def test_everything_that_is_wrong_is_told_in_one_run(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(environment="pypi")
    (sandbox.workspace / "dist" / WHEEL).write_bytes(b"no zip at all")
    played = play(sandbox)
    assert played.code == 2
    assert "environment-different" in played.codes
    assert "distribution-refused" in played.codes
    nothing_happened(sandbox, played)


def test_all_wrong_inputs_are_told_together_and_nothing_is_asked(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(
        inputs={"skip-existing": "yes", "verbose": "no", "repository-url": "http://index.example/legacy/"}
    )
    played = play(sandbox)
    assert played.code == 2
    assert len(played.annotations) == 3
    assert sandbox.requests == ()


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"GITHUB_ACTIONS": "false"}, "not-on-github-actions"),
        ({"ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""}, "id-token-permission-missing"),
        ({"GITHUB_EVENT_NAME": "pull_request_target"}, "event-refused"),
    ],
)
def test_a_job_that_may_not_publish_is_told_what_to_change(
    sandboxed: Sandboxed, environ: dict[str, str], code: str
) -> None:
    sandbox = sandboxed()
    played = play(sandbox, environ=environ)
    assert played.code == 2
    assert code in played.codes
    nothing_happened(sandbox, played)


def _truncate(folder: Path) -> None:
    sdist = folder / SDIST
    sdist.write_bytes(sdist.read_bytes()[:-40])


def _nest(folder: Path) -> None:
    (folder / "inner").mkdir()
    for file in (WHEEL, SDIST):
        (folder / file).rename(folder / "inner" / file)


def _damage_metadata(folder: Path) -> None:
    wheel = folder / WHEEL
    with zipfile.ZipFile(wheel) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content.replace(b"Version: 1.0.0", b"Version: 1.0.1"))


@pytest.mark.parametrize(
    "spoil",
    [
        shutil.rmtree,
        lambda folder: [path.unlink() for path in folder.iterdir()],
        _nest,
        _truncate,
        _damage_metadata,
        lambda folder: (folder / WHEEL).write_bytes(b"no zip"),
        lambda folder: build_release(folder, Sample(version="1.0.1")),
        pytest.param(lambda folder: (folder / "link.whl").symlink_to(folder / WHEEL), marks=needs_links),
    ],
    ids=["no folder", "empty", "nested", "truncated", "other version inside", "no zip", "two versions", "a link"],
)
def test_a_folder_that_must_not_be_published_stops_the_run(sandboxed: Sandboxed, spoil: Callable[[Path], Any]) -> None:
    sandbox = sandboxed()
    spoil(sandbox.workspace / "dist")
    played = play(sandbox)
    assert played.code == 3, played.log
    assert played.annotations
    nothing_happened(sandbox, played)


def test_two_versions_that_stand_on_their_own_lines_are_both_published(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(inputs={"packages-dir": "dist/*-1.0.0*\ndist/*-1.0.1*", "expected-version": "any"})
    build_release(sandbox.workspace / "dist", Sample(version="1.0.1"))
    assert play(sandbox).code == 0
    assert len(sandbox.published()) == 4


def test_several_projects_in_one_run_are_normal(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(projects=["rehearsal-sample", "other-sample"], inputs={"packages-dir": "dist"})
    build_release(sandbox.workspace / "dist", Sample(name="other-sample", version="2.0"))
    played = play(sandbox)
    assert played.code == 0, played.log
    assert len(sandbox.published()) == 4
    assert (played.outputs["project"], played.outputs["version"], played.outputs["release-url"]) == ("", "", "")


def test_a_token_that_covers_too_few_projects_stops_before_the_first_byte(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(inputs={"packages-dir": "dist"})
    sandbox.index.call(lambda: sandbox.index.store.create_project("other-sample"))
    build_release(sandbox.workspace / "dist", Sample(name="other-sample", version="1.0.0"))
    played = play(sandbox)
    assert played.code == 4
    assert played.codes == ["token-covers-too-few-projects"]
    nothing_happened(sandbox, played)


def test_a_pending_publisher_creates_the_project_with_the_first_exchange(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(projects=[], pending="rehearsal-sample")
    played = play(sandbox)
    assert played.code == 0, played.log
    assert {file.filename for file in sandbox.published()} == {WHEEL, SDIST}


def test_a_job_that_no_publisher_matches_is_told_the_fields_of_the_form(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(publisher_environment="other")
    played = play(sandbox)
    assert played.code == 4
    for field in ("octo-org", "sampleproject", "release.yml", "release"):
        assert field in played.summary
    nothing_happened(sandbox, played)


def test_an_old_spelling_alone_names_the_index(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed()
    url = sandbox.environ["INPUT_REPOSITORY_URL"]
    played = play(sandbox, environ={"INPUT_REPOSITORY_URL": "pypi", "INPUT_OLD_REPOSITORY_URL": url})
    assert played.code == 0, played.log
    assert len(sandbox.published()) == 2


def test_a_version_that_is_not_the_tags_stops_the_run(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(inputs={"expected-version": "v2.0"})
    played = play(sandbox)
    assert played.code == 3
    nothing_happened(sandbox, played)


def test_required_protection_that_cannot_be_read_stops_the_run(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(inputs={"require-protection": "true"})
    played = play(sandbox, environ={"GITHUB_API_URL": "http://127.0.0.1:9"})
    assert played.code == 2
    assert played.codes == ["protection-unknown"]
    nothing_happened(sandbox, played)


def test_a_quiet_transcript_is_kept_until_a_run_fails(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed(inputs={"verbose": "false"})
    quiet = play(sandbox)
    assert "POST" not in quiet.log
    assert "is published" in quiet.log
    failed = play(sandbox, environ={"INPUT_ENVIRONMENT": "other"})
    assert "/_/oidc/audience" in failed.log


def test_no_secret_is_anywhere_but_in_its_mask(sandboxed: Sandboxed) -> None:
    sandbox = sandboxed()
    played = play(sandbox)
    request_token = sandbox.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    masked = [line.removeprefix("::add-mask::") for line in played.log.splitlines() if line.startswith("::add-mask::")]
    rest = "\n".join(line for line in played.log.splitlines() if not line.startswith("::add-mask::"))
    assert request_token in masked
    assert len(masked) >= 6
    everything = rest + played.summary + sandbox.outputs + str(played.report)
    assert [secret for secret in masked if secret in everything] == []
