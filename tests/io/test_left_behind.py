"""Every forgotten file is reported, and no file that was left out on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_trusted_publish.errors import Diagnosis
from pypi_trusted_publish.io.packages_dir import Collected, survey

LINUX = "demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"
MAC = "demo-1.0-cp312-cp312-macosx_11_0_arm64.whl"
PYODIDE = "demo-1.0-cp312-cp312-pyemscripten_2025_0_wasm32.whl"
SDIST = "demo-1.0.tar.gz"


class Workspace:
    """Files, made by their paths."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, *paths: str) -> None:
        for path in paths:
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(path.encode())

    def survey(self, *lines: str) -> Collected:
        return survey(lines, str(self.folder))

    def problem(self, *lines: str) -> Diagnosis:
        (problem,) = self.survey(*lines).problems
        return problem


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def taken(found: Collected) -> list[str]:
    assert found.problems == ()
    return [candidate.filename for candidate in found.candidates]


def codes(found: Collected) -> list[str]:
    return [warning.code for warning in found.warnings]


def test_wheels_in_folders_below_the_sdist_are_an_error_that_pastes_every_level(workspace: Workspace) -> None:
    levels = [f"dist/wheels-{number}" for number in range(12)]
    workspace.write(f"dist/{SDIST}")
    for number, level in enumerate(levels):
        workspace.write(f"{level}/demo-1.0-cp3{number}-cp3{number}-win32.whl")
    problem = workspace.problem("dist")
    assert problem.code == "packages-dir-nested"
    assert all(f"  {level}\n" in problem.snippet for level in levels)
    assert all(f"  !{level}/*" in problem.snippet for level in levels)
    assert "new run" in problem.fix


@pytest.mark.parametrize("block", [0, 1], ids=["with-them", "without-them"])
def test_what_the_message_pastes_is_a_set_of_lines_that_passes(workspace: Workspace, block: int) -> None:
    workspace.write(f"dist/{SDIST}", f"dist/linux/{LINUX}", f"dist/mac/deep/{MAC}")
    pasted = workspace.problem("dist").snippet.split("\n\n# or, to leave them out:\n")[block]
    lines = [line.strip() for line in pasted.splitlines()[1:]]
    assert sorted(taken(workspace.survey(*lines))) == sorted([[SDIST, LINUX, MAC], [SDIST]][block])


@pytest.mark.parametrize(
    "name", [LINUX.upper().replace("DEMO", "Demo"), LINUX.replace(".whl", ".WHL"), "Demo-1.0.TAR.GZ"]
)
def test_a_name_counts_in_any_case(workspace: Workspace, name: str) -> None:
    workspace.write(f"dist/{MAC}", f"dist/other/{name}")
    assert workspace.problem("dist").code == "packages-dir-nested"


@pytest.mark.parametrize(
    "name",
    [
        "demo-0.9.tar.gz",
        "other-1.0.tar.gz",
        "demo-1.0.zip",
        "demo-1.0.win32.exe",
        "demo.msi",
        "demo-1.0-py3.egg",
        "x.whl",
    ],
)
def test_what_belongs_to_another_release_or_format_is_a_warning_with_its_name(workspace: Workspace, name: str) -> None:
    workspace.write(f"dist/{SDIST}", f"dist/below/{name}")
    found = workspace.survey("dist")
    assert taken(found) == [SDIST]
    assert codes(found) == ["packages-dir-left-behind"]
    assert f"dist/below/{name}" in found.warnings[0].message


@pytest.mark.parametrize(
    "name", ["notes.txt", f"{SDIST}.asc", f"{SDIST}.sha256", "SHA256SUMS", f"{LINUX}.sig", ".DS_Store"]
)
def test_checksums_signatures_and_notes_are_not_release_files(workspace: Workspace, name: str) -> None:
    workspace.write(f"dist/{SDIST}", f"dist/{name}", f"dist/below/{name}")
    found = workspace.survey("dist")
    assert (taken(found), codes(found)) == ([SDIST], [])


@pytest.mark.parametrize("name", [f"._{SDIST}", f".{SDIST}", f".hidden/{SDIST}", f"below/._{LINUX}"])
def test_hidden_files_are_skipped_in_folders_as_in_globs(workspace: Workspace, name: str) -> None:
    workspace.write(f"dist/{SDIST}", f"dist/{name}")
    for line in ("dist", "dist/*", "dist/**/*"):
        found = workspace.survey(line)
        assert (taken(found), codes(found)) == ([SDIST], [])


def test_a_copy_below_of_a_file_that_is_taken_is_not_an_error(workspace: Workspace) -> None:
    workspace.write(f"dist/{SDIST}", f"dist/sdist/{SDIST}")
    assert taken(workspace.survey("dist")) == [SDIST]


def test_a_line_that_is_a_glob_means_what_it_says(workspace: Workspace) -> None:
    workspace.write(f"dist/{LINUX}", f"dist/{SDIST}", f"dist/more/{MAC}")
    found = workspace.survey("dist/*.whl")
    assert (taken(found), codes(found)) == ([LINUX], [])


def test_an_sdist_in_a_folder_of_its_own_that_a_glob_takes_is_not_left_behind(workspace: Workspace) -> None:
    workspace.write(f"dist/{LINUX}", f"dist/sdist/{SDIST}")
    assert taken(workspace.survey("dist", "dist/sdist/*.tar.gz")) == [LINUX, SDIST]


def test_fifty_folders_that_are_each_named_pass(workspace: Workspace) -> None:
    lines = [f"artifacts/{number}" for number in range(50)]
    for number, line in enumerate(lines):
        workspace.write(f"{line}/demo-1.0-cp3{number}-cp3{number}-win32.whl")
    found = workspace.survey(*lines)
    assert (len(taken(found)), codes(found)) == (50, [])


def test_the_projects_of_a_monorepo_in_folders_of_their_own_pass(workspace: Workspace) -> None:
    workspace.write("a/dist/a-1.0.tar.gz", "b/dist/b-2.0.tar.gz", "b/dist/b-2.0-py3-none-any.whl")
    found = workspace.survey("a/dist", "b/dist")
    assert (len(taken(found)), codes(found)) == (3, [])


def test_a_folder_whose_distributions_below_are_all_named_too_is_fine(
    workspace: Workspace,
) -> None:
    workspace.write(f"dist/linux/{LINUX}", f"dist/mac/{MAC}")
    assert len(taken(workspace.survey("dist", "dist/linux", "dist/mac"))) == 2


@pytest.mark.parametrize(
    "pattern", [f"!{PYODIDE}", "!*wasm32.whl", "!dist/pyodide/*", "!dist/pyodide", "!**/pyodide/*.whl", "! *wasm32*"]
)
def test_a_pattern_leaves_out_files_below_on_purpose(workspace: Workspace, pattern: str) -> None:
    workspace.write(f"dist/{LINUX}", f"dist/pyodide/{PYODIDE}")
    found = workspace.survey("dist", pattern)
    assert (taken(found), codes(found)) == ([LINUX], [])
    assert [name for name, _ in found.left_out] == [PYODIDE]


@pytest.mark.parametrize("line", ["dist", "dist/*", "dist/*.whl", f"dist/{PYODIDE}\ndist/{LINUX}"])
def test_a_pattern_leaves_out_what_a_line_of_any_kind_names(workspace: Workspace, line: str) -> None:
    workspace.write(f"dist/{LINUX}", f"dist/{PYODIDE}", f"dist/{PYODIDE}.publish.attestation")
    found = workspace.survey("!*wasm32*", *line.splitlines())
    assert taken(found) == [LINUX]
    assert found.attestations == ()
    assert found.left_out == ((PYODIDE, "*wasm32*"),)


@pytest.mark.parametrize("pattern", ["!*.whl", "!dist/*.WHL", "!dist/other/*", "!nowhere.whl", "!dist/{a,b}.whl"])
def test_a_pattern_that_leaves_out_nothing_is_a_warning(workspace: Workspace, pattern: str) -> None:
    workspace.write(f"dist/{SDIST}")
    found = workspace.survey("dist", pattern)
    assert (taken(found), codes(found)) == ([SDIST], ["packages-dir-nothing-left-out"])
    assert ("braces" in found.warnings[0].message) == ("{" in pattern)


@pytest.mark.parametrize("patterns", [["!*"], ["!*.whl", "!*.tar.gz"], ["!dist/*"], ["!dist/"]])
@pytest.mark.parametrize("line", ["dist", "dist/*"])
def test_patterns_that_leave_out_everything_are_an_error(workspace: Workspace, patterns: list[str], line: str) -> None:
    workspace.write(f"dist/{SDIST}", f"dist/{LINUX}")
    assert workspace.problem(line, *patterns).code == "packages-dir-all-left-out"


def test_only_patterns_that_leave_out_are_an_error_that_says_so(workspace: Workspace) -> None:
    assert "leave out" in workspace.problem("!*.zip").message


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("dist/[^.]*.whl", ["dist/[!.]*.whl"]),
        ("dist/*.{whl,tar.gz}", ["dist/*.whl", "dist/*.tar.gz"]),
        ("{dist,build}/*.{whl,gz}", ["dist/*.whl", "dist/*.gz", "build/*.whl", "build/*.gz"]),
        ("dist/*.whl dist/*.gz", ["dist/*.whl", "dist/*.gz"]),
        ("dist/*.whl, dist/*.gz", ["dist/*.whl", "dist/*.gz"]),
        ("dist,wheelhouse", ["dist", "wheelhouse"]),
        ("dist wheelhouse", ["dist", "wheelhouse"]),
        ("'dist/*.whl'", ["dist/*.whl"]),
        ('"dist"', ["dist"]),
        ("- dist/*", ["dist/*"]),
    ],
)
def test_what_a_glob_cannot_do_comes_with_the_line_to_write(workspace: Workspace, line: str, meant: list[str]) -> None:
    workspace.write(f"dist/{LINUX}", f"wheelhouse/{MAC}")
    problem = workspace.problem(line)
    assert problem.code == "packages-dir-pattern"
    assert problem.snippet == "packages-dir: |\n" + "\n".join(f"  {each}" for each in meant)


@pytest.mark.parametrize("line", ["~/dist", "$GITHUB_WORKSPACE/dist", "${{ runner.temp }}/dist", "dist/$NAME/*.whl"])
def test_a_variable_is_not_expanded(workspace: Workspace, line: str) -> None:
    code = workspace.problem(line).code
    assert code == ("packages-dir-missing" if "{{" in line else "packages-dir-pattern")


@pytest.mark.parametrize("folder", ["my dist", "a,b", "{a,b}", "'quoted'", "$HOME", "- dist", "[^x]", "dist of [all]"])
@pytest.mark.parametrize("end", ["", "/", f"/{SDIST}"])
def test_a_path_that_is_there_is_a_path_whatever_signs_it_has(workspace: Workspace, folder: str, end: str) -> None:
    workspace.write(f"{folder}/{SDIST}")
    assert taken(workspace.survey(folder + end)) == [SDIST]


@pytest.mark.parametrize("folder", ["my dist", "a,b", "$HOME"])
def test_a_glob_with_such_signs_that_matches_is_a_glob(workspace: Workspace, folder: str) -> None:
    workspace.write(f"{folder}/{SDIST}")
    assert taken(workspace.survey(f"{folder}/*.tar.gz")) == [SDIST]
