"""Which files the lines of ``packages-dir`` name, and everything that can be wrong with them."""

from __future__ import annotations

import glob
import os
import sys
import threading
from functools import partialmethod
from pathlib import Path

import pytest

from builders.machine import needs_links
from builders.polling import PATIENT
from pypi_trusted_publish.errors import PublishError
from pypi_trusted_publish.io.packages_dir import collect, survey
from pypi_trusted_publish.io.patterns import PatternSearch

WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    for name in (SDIST, WHEEL, "notes.txt", f"{WHEEL}.publish.attestation"):
        (folder / name).write_bytes(name.encode())
    return folder


def problems(workspace: Path, *lines: str) -> list[str]:
    with pytest.raises(PublishError) as found:
        collect(lines, str(workspace))
    return [diagnosis.code for diagnosis in found.value.diagnostics()]


def test_a_folder_gives_its_distributions_and_names_the_rest(dist: Path) -> None:
    found = collect(["dist"], str(dist.parent))
    assert [each.filename for each in found.candidates] == [WHEEL, SDIST]
    assert [each.filename for each in found.attestations] == [f"{WHEEL}.publish.attestation"]
    assert found.ignored == ("notes.txt",)
    assert {each.line for each in found.candidates} == {"dist"}


@pytest.mark.parametrize("line", [f"dist/{WHEEL}", "dist/*.whl", "dist/*", "dist"])
def test_the_attestations_next_to_a_distribution_go_with_it_however_it_is_named(dist: Path, line: str) -> None:
    (dist / f"{WHEEL}.provenance.attestation").write_bytes(b"")
    found = collect([line], str(dist.parent))
    assert [each.filename for each in found.attestations] == [
        f"{WHEEL}.provenance.attestation",
        f"{WHEEL}.publish.attestation",
    ]


def test_a_line_may_use_the_separator_of_the_system(dist: Path) -> None:
    found = collect([f"dist{os.sep}*", f"!dist{os.sep}*.gz"], str(dist.parent))
    assert [each.filename for each in found.candidates] == [WHEEL]
    assert problems(dist.parent, f"{dist}{os.sep}nowhere") == ["packages-dir-missing"]


@pytest.mark.skipif(os.name != "nt", reason="two spellings are two paths")
@pytest.mark.parametrize("line", [f"!DIST/{SDIST}", f"!dist/{SDIST.upper()}", "!DIST/*.GZ"])
def test_another_case_leaves_the_same_file_out_on_windows(dist: Path, line: str) -> None:
    found = collect(["dist", line], str(dist.parent))
    assert [each.filename for each in found.candidates] == [WHEEL]
    assert found.left_out == ((SDIST, line[1:]),)


@needs_links
def test_a_link_in_the_place_of_an_attestation_is_reported_once(dist: Path) -> None:
    (dist / f"{SDIST}.publish.attestation").symlink_to(dist / SDIST)
    assert problems(dist.parent, "dist", "dist/*") == ["packages-dir-symlink"]
    assert problems(dist.parent, "dist/*.tar.gz") == ["packages-dir-symlink"]


@pytest.mark.parametrize("line", ["dist/*.whl", f"dist/{WHEEL}", "./dist/../dist/*.whl", "**/*.whl", " dist/*.whl "])
def test_files_and_globs_are_lines_too(dist: Path, line: str) -> None:
    assert [each.filename for each in collect([line], str(dist.parent)).candidates] == [WHEEL]


@pytest.mark.parametrize("name", ["demo-1.0.win32.exe", "demo-1.0.msi", "demo-1.noarch.rpm", "demo-1.0.egg"])
def test_formats_of_the_past_are_not_published_and_named_in_a_warning(dist: Path, name: str) -> None:
    (dist / name).write_bytes(b"")
    found = collect(["dist"], str(dist.parent))
    assert [each.filename for each in found.candidates] == [WHEEL, SDIST]
    assert [(each.code, name in each.message) for each in found.warnings] == [("packages-dir-left-behind", True)]


def test_an_absolute_path_is_taken_as_it_is(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert len(collect([str(dist), str(dist / "*.whl")], str(elsewhere)).candidates) == 2


def test_a_file_that_two_lines_match_is_listed_once_under_the_first(dist: Path) -> None:
    found = collect(["dist/*.whl", "dist"], str(dist.parent))
    assert [(each.filename, each.line) for each in found.candidates] == [(WHEEL, "dist/*.whl"), (SDIST, "dist")]


def test_a_name_with_the_signs_of_a_glob_is_a_name_where_such_a_file_exists(tmp_path: Path) -> None:
    (tmp_path / "[x].tar.gz").write_bytes(b"")
    assert [each.filename for each in collect(["[x].tar.gz"], str(tmp_path)).candidates] == ["[x].tar.gz"]


def test_the_name_of_the_workspace_is_not_a_pattern(tmp_path: Path) -> None:
    workspace = tmp_path / "runner [1]"
    workspace.mkdir()
    (workspace / SDIST).write_bytes(b"")
    for line in ("*.tar.gz", str(tmp_path / "runner [[]1]" / "*.tar.gz")):
        assert [each.filename for each in collect([line], str(workspace)).candidates] == [SDIST]


def test_a_file_that_was_named_is_judged_whatever_it_is(dist: Path) -> None:
    assert [each.filename for each in collect(["dist/notes.txt"], str(dist.parent)).candidates] == ["notes.txt"]


def test_every_problem_is_reported_in_one_run(dist: Path) -> None:
    (dist.parent / "empty").mkdir()
    (dist.parent / "nested" / "wheels").mkdir(parents=True)
    (dist.parent / "nested" / "wheels" / WHEEL).write_bytes(b"")
    found = problems(dist.parent, "dist", "nowhere", "empty", "nested", "dist/*.egg", "dis*")
    assert found == [
        "packages-dir-missing",
        "packages-dir-no-match",
        "packages-dir-no-match",
        "packages-dir-empty",
        "packages-dir-nested",
    ]


def test_only_nested_files_name_the_level_to_pass(tmp_path: Path) -> None:
    (tmp_path / "dist" / "a" / "b").mkdir(parents=True)
    (tmp_path / "dist" / "a" / "b" / SDIST).write_bytes(b"")
    with pytest.raises(PublishError) as found:
        collect(["dist"], str(tmp_path))
    assert found.value.diagnostics()[0].snippet == "packages-dir: |\n  dist/a/b"


def test_a_wrong_line_is_cured_in_the_workflow_and_a_missing_file_in_the_build(dist: Path) -> None:
    (dist.parent / "empty").mkdir()
    (dist / "other-1.0.tar.gz").mkdir()
    cases = {
        "nowhere": 2,
        "dist/*.egg": 2,
        "dist/*.{whl,gz}": 2,
        "!dist/*": 2,
        "empty": 3,
        "dist": 3,  # holds a folder with the name of an sdist
        "empty\nnowhere": 2,
    }
    for lines, code in cases.items():
        with pytest.raises(PublishError) as found:
            collect(lines.splitlines(), str(dist.parent))
        assert found.value.exit_code == code, lines


def test_no_line_at_all_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, "", "  ") == ["packages-dir-blank"]


def test_a_line_that_is_too_long_for_a_path_is_a_line_that_matches_nothing(dist: Path) -> None:
    line = "dist/" + "x" * 5000
    assert problems(dist.parent, line) == ["packages-dir-missing"]


@pytest.mark.parametrize(("there", "written"), [("dist-\u00e9", "dist-e\u0301"), ("dist-e\u0301", "dist-\u00e9")])
def test_a_name_whose_accents_are_encoded_in_another_way_is_explained(tmp_path: Path, there: str, written: str) -> None:
    """An older file system of macOS separates accents from letters; to other systems that is another name."""
    (tmp_path / there).mkdir()
    (tmp_path / there / WHEEL).touch()
    assert [each.filename for each in collect([there], str(tmp_path)).candidates] == [WHEEL]
    if (tmp_path / written).exists():
        pytest.skip("both spellings are one name here")
    for line in (written, f"{written}/"):
        (problem,) = survey([line], str(tmp_path)).problems
        assert "looks the same" in problem.likely_cause
    (other,) = survey(["dist-e"], str(tmp_path)).problems
    assert "looks the same" not in other.likely_cause


def test_what_macos_keeps_next_to_a_file_is_ignored(dist: Path) -> None:
    """AppleDouble files: an archive that was made on macOS and unpacked elsewhere has one for each file."""
    for name in (WHEEL, SDIST):
        (dist / f"._{name}").write_bytes(b"\x00\x05\x16\x07")
    for line in ("dist", "dist/*", "dist/*.whl\ndist/*.gz"):
        found = collect(line.splitlines(), str(dist.parent))
        assert [candidate.filename for candidate in found.candidates] == [WHEEL, SDIST]
    assert {f"._{WHEEL}", f"._{SDIST}"} <= set(collect(["dist"], str(dist.parent)).ignored)


def test_one_that_is_named_by_itself_is_taken_at_its_word(dist: Path) -> None:
    (dist / f"._{WHEEL}").write_bytes(b"\x00\x05\x16\x07")
    (candidate,) = collect([f"dist/._{WHEEL}"], str(dist.parent)).candidates
    assert candidate.filename == f"._{WHEEL}"


def test_a_folder_with_nothing_else_than_such_files_is_empty(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / f"._{WHEEL}").write_bytes(b"")
    assert problems(tmp_path, "dist") == ["packages-dir-empty"]


@needs_links
def test_links_and_folders_are_not_distributions(dist: Path) -> None:
    (dist / "demo-2.0.tar.gz").symlink_to(dist / SDIST)
    (dist / "demo-3.0.tar.gz").symlink_to(dist / "nothing")
    (dist / "demo-4.0.tar.gz").mkdir()
    assert problems(dist.parent, "dist") == ["packages-dir-symlink", "packages-dir-symlink", "packages-dir-not-a-file"]


if hasattr(os, "mkfifo"):

    def test_a_pipe_is_refused_without_waiting_for_its_other_end(dist: Path) -> None:
        os.mkfifo(dist / "demo-5.0.tar.gz")
        assert problems(dist.parent, "dist") == ["packages-dir-not-a-file"]


def test_what_the_operating_system_refuses_is_reported(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.open", refuse)
    assert problems(dist.parent, "dist") == ["packages-dir-unreadable"] * 3


if sys.platform == "win32":

    def test_a_file_that_a_process_has_open_for_itself_is_reported_as_that(dist: Path) -> None:
        import _winapi

        handle = _winapi.CreateFile(str(dist / SDIST), _winapi.GENERIC_READ, 0, 0, _winapi.OPEN_EXISTING, 0, 0)
        try:
            with pytest.raises(PublishError) as found:
                collect(["dist"], str(dist.parent))
        finally:
            _winapi.CloseHandle(handle)
        (diagnosis,) = found.value.diagnostics()
        assert diagnosis.code == "packages-dir-unreadable"
        assert "a process may still have it open" in diagnosis.likely_cause
        assert len(collect(["dist"], str(dist.parent)).candidates) == 2


def test_a_file_that_changed_is_not_opened_again(dist: Path) -> None:
    (candidate,) = collect([f"dist/{SDIST}"], str(dist.parent)).candidates
    with candidate.open() as file:
        assert file.read() == SDIST.encode()
    (dist / SDIST).write_bytes(b"something else")
    with pytest.raises(OSError, match="changed"):
        candidate.open()


def test_a_file_that_was_written_again_in_place_is_not_opened_again(dist: Path) -> None:
    """Same inode, same size: only the time of the last change reveals it."""
    (candidate,) = collect([f"dist/{SDIST}"], str(dist.parent)).candidates
    before = (dist / SDIST).stat()
    with (dist / SDIST).open("r+b") as file:
        file.write(SDIST.upper().encode())
    os.utime(dist / SDIST, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000_000))
    after = (dist / SDIST).stat()
    assert (before.st_ino, before.st_size) == (after.st_ino, after.st_size)
    with pytest.raises(OSError, match="changed"):
        candidate.open()


if hasattr(os, "mkfifo"):

    def test_a_file_that_became_a_pipe_is_refused_without_waiting_for_its_other_end(dist: Path) -> None:
        (candidate,) = collect([f"dist/{SDIST}"], str(dist.parent)).candidates
        (dist / SDIST).unlink()
        os.mkfifo(dist / SDIST)
        refused: list[OSError] = []

        def reopen() -> None:
            try:
                candidate.open()
            except OSError as error:
                refused.append(error)

        opening = threading.Thread(target=reopen, daemon=True)
        opening.start()
        opening.join(PATIENT)
        assert len(refused) == 1


def test_a_name_in_capitals_is_a_distribution_too(dist: Path) -> None:
    """Otherwise a file would silently be missing from the release."""
    (dist / "OTHER-1.0-PY3-NONE-ANY.WHL").write_bytes(b"")
    found = collect(["dist"], str(dist.parent))
    assert [each.filename for each in found.candidates] == ["OTHER-1.0-PY3-NONE-ANY.WHL", WHEEL, SDIST]


@needs_links
def test_a_dangling_link_in_the_place_of_an_attestation_is_reported(dist: Path) -> None:
    attestation = dist / f"{WHEEL}.publish.attestation"
    attestation.unlink()
    attestation.symlink_to(dist / "nothing")
    assert problems(dist.parent, f"dist/{WHEEL}") == ["packages-dir-symlink"]


@pytest.mark.parametrize("depth", [1, 4, 9])
def test_distributions_below_are_named_however_deep_they_are(tmp_path: Path, depth: int) -> None:
    deep = tmp_path / "dist" / "/".join(map(str, range(depth)))
    deep.mkdir(parents=True)
    (deep / WHEEL).write_bytes(b"")
    assert problems(tmp_path, "dist") == ["packages-dir-nested"]


@needs_links
def test_a_file_that_became_a_link_is_not_followed(dist: Path) -> None:
    (candidate,) = collect([f"dist/{SDIST}"], str(dist.parent)).candidates
    (dist / SDIST).rename(dist / "moved")
    (dist / SDIST).symlink_to(dist / "moved")
    with pytest.raises(OSError):
        candidate.open()


def test_a_folder_whose_parent_may_not_be_searched_is_not_called_missing(
    dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root, nothing is forbidden, so the answer of the system is imitated."""

    def refuse(path: Path) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "lstat", refuse)
    assert problems(dist.parent, "elsewhere/dist") == ["packages-dir-unreadable"]


def test_folders_that_cannot_be_listed_are_reported(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> object:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(os, "scandir", refuse)
    assert problems(dist.parent, "dist", "nowhere") == ["packages-dir-unreadable", "packages-dir-missing"]


@needs_links
def test_links_are_not_followed_in_search_of_nested_distributions(tmp_path: Path, dist: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "link").symlink_to(dist)
    (tmp_path / "other" / "a").mkdir()
    (tmp_path / "other" / "a" / "notes.txt").write_bytes(b"")
    assert problems(tmp_path, "other") == ["packages-dir-empty"]


@needs_links
def test_a_circle_of_links_is_not_walked(dist: Path) -> None:
    for name in ("here", "there"):
        (dist / name).symlink_to(".", target_is_directory=True)
    (dist / "nested").mkdir()
    (dist / "nested" / WHEEL).write_bytes(b"")
    found = collect(["dist/**/*.whl"], str(dist.parent)).candidates
    assert sorted(candidate.path for candidate in found) == [str(dist / WHEEL), str(dist / "nested" / WHEEL)]


@needs_links
@pytest.mark.parametrize("line", ["link/*.whl", "link/**/*.whl", "li*/*.whl", "link"])
def test_a_link_that_the_line_names_is_followed(dist: Path, line: str) -> None:
    (dist.parent / "link").symlink_to(dist, target_is_directory=True)
    (candidate,) = [each for each in collect([line], str(dist.parent)).candidates if each.filename == WHEEL]
    assert candidate.path == str(dist.parent / "link" / WHEEL)


def test_a_search_ends_by_count(dist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatternSearch, "__init__", partialmethod(PatternSearch.__init__, most=20))
    for number in range(30):
        (dist / f"{number}.txt").write_bytes(b"")
    for line in ("dist", "dist/*.whl", "**/*.whl", "dist/nowhere"):
        assert problems(dist.parent, line) == ["packages-dir-too-many"]


@pytest.mark.parametrize(
    "line", ["dist/**", "**/dist/*", "dist/**/*", "dist/../dist/*", "d*/*.whl", "dist/[!.]*", "./dist/*.whl"]
)
def test_a_pattern_names_what_the_standard_library_finds(
    dist: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(dist.parent)
    (dist / ".hidden").mkdir()
    (dist / ".hidden" / WHEEL).write_bytes(b"")
    (dist / "a" / "b").mkdir(parents=True)
    (dist / "a" / "b" / WHEEL).write_bytes(b"")
    expected = {(dist.parent / path).absolute() for path in glob.glob(line, recursive=True)}  # noqa: PTH207
    for pattern in (line, str(dist.parent / line)):
        assert {path.absolute() for path in PatternSearch().paths(dist.parent, pattern)} == expected
