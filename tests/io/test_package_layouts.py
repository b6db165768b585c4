"""Layouts of folders and the lines that name them: what is published, what causes a warning, what stops a release. Each
row has an opposite that looks like it: a glob means what it says, a folder must not leave anything behind.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from pypi_trusted_publish.io.packages_dir import survey

W = "demo-1.0-py3-none-any.whl"
S = "demo-1.0.tar.gz"
LINUX = "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
MAC = "demo-1.0-cp312-cp312-macosx_11_0_arm64.whl"
WINDOWS = "demo-1.0-cp312-cp312-win_amd64.whl"
PYODIDE = "demo-1.0-cp312-cp312-pyodide_2024_0_wasm32.whl"
NESTED, BEHIND, PATTERN = "packages-dir-nested", "packages-dir-left-behind", "packages-dir-pattern"
NO_MATCH = "packages-dir-no-match"
ON_WINDOWS = os.name == "nt"
"""Where both slashes separate, and upper and lower case match."""


@dataclass(frozen=True)
class Layout:
    """Files of a workspace, and lines in which ``{ws}`` is its path."""

    name: str
    files: list[str]
    lines: list[str]
    taken: int = 0
    """How many distributions are published, when nothing stops that."""
    problem: str = ""
    """The code of the only problem."""
    warning: str = ""
    paste: tuple[str, ...] = ()
    """Lines that the message shows."""
    left_out: tuple[str, ...] = ()


LAYOUTS = [
    *(
        Layout(
            f"fifty artifacts{how}",
            [f"a/{S}", *(f"a/{i}/demo-1.0-cp3{i}-cp3{i}-win_amd64.whl" for i in range(50))],
            ["a", *more],
            taken=51 if more else 0,
            problem="" if more else NESTED,
            paste=() if more else tuple(f"a/{i}" for i in range(50)),
        )
        for how, more in ((", each named", [f"a/{i}" for i in range(50)]), ("", []))
    ),
    Layout("plain", [f"dist/{W}", f"dist/{S}"], ["dist"], taken=2),
    Layout(
        "issue",
        [f"dist/wheels-linux/{LINUX}", f"dist/wheels-mac/{MAC}", f"dist/{S}"],
        ["dist"],
        problem=NESTED,
        paste=(
            "dist/wheels-linux",
            "dist/wheels-mac",
            "!dist/wheels-linux/*",
        ),
    ),
    Layout(
        "issue named",
        [f"dist/wheels-linux/{LINUX}", f"dist/wheels-mac/{MAC}", f"dist/{S}"],
        ["dist", "dist/wheels-linux", "dist/wheels-mac"],
        taken=3,
    ),
    Layout("issue glob", [f"dist/wheels-linux/{LINUX}", f"dist/wheels-mac/{MAC}", f"dist/{S}"], ["dist/**/*"], taken=3),
    Layout("issue glob**", [f"dist/wheels-linux/{LINUX}", f"dist/wheels-mac/{MAC}", f"dist/{S}"], ["dist/**"], taken=3),
    Layout(
        "only below",
        [f"dist/wheels-linux/{LINUX}", f"dist/sdist/{S}"],
        ["dist"],
        problem=NESTED,
        paste=(
            "dist/wheels-linux",
            "dist/sdist",
        ),
    ),
    Layout("sdist own folder glob", [f"dist/{W}", f"dist/sdist/{S}"], ["dist", "dist/sdist/*.tar.gz"], taken=2),
    Layout("sdist glob star", [f"dist/{W}", f"dist/sdist/{S}"], ["dist/*.whl", "dist/*/*.tar.gz"], taken=2),
    Layout("glob is meant", [f"dist/{W}", f"dist/sub/{S}"], ["dist/*.whl"], taken=1),
    Layout("glob is meant 2", [f"dist/{W}", f"dist/sub/{S}"], ["dist/*"], taken=1),
    Layout(
        "other version below", [f"dist/{W}", "dist/old/demo-0.9-py3-none-any.whl"], ["dist"], taken=1, warning=BEHIND
    ),
    Layout(
        "other project below", [f"dist/{W}", "dist/old/other-1.0-py3-none-any.whl"], ["dist"], taken=1, warning=BEHIND
    ),
    Layout("same name below", [f"dist/{W}", f"dist/copy/{W}"], ["dist"], taken=1),
    Layout(
        "zip egg exe msi",
        [f"dist/{W}", "dist/demo-1.0.zip", "dist/demo-1.0-py3.8.egg", "dist/demo-1.0.exe", "dist/demo.msi"],
        ["dist"],
        taken=1,
        warning=BEHIND,
    ),
    Layout(
        "sums",
        [f"dist/{W}", "dist/SHA256SUMS", f"dist/{W}.asc", f"dist/{W}.sha256", "dist/README.md", "dist/.gitignore"],
        ["dist"],
        taken=1,
    ),
    Layout("appledouble", [f"dist/{W}", f"dist/._{W}"], ["dist"], taken=1),
    Layout("appledouble glob", [f"dist/{W}", f"dist/._{W}"], ["dist/*"], taken=1),
    Layout("appledouble glob whl", [f"dist/{W}", f"dist/._{W}"], ["dist/**/*.whl"], taken=1),
    Layout("appledouble glob ._*", [f"dist/{W}", f"dist/._{W}"], ["dist", "dist/._*"], problem="packages-dir-no-match"),
    Layout("appledouble below", [f"dist/{W}", f"dist/sub/._{W}", f"dist/sub/._{LINUX}"], ["dist"], taken=1),
    Layout("macosx folder", [f"dist/{W}", f"dist/__MACOSX/._{LINUX}"], ["dist"], taken=1),
    Layout("hidden", [f"dist/{W}", f"dist/.{W}"], ["dist"], taken=1),
    Layout("hidden below", [f"dist/{W}", f"dist/.cache/{LINUX}"], ["dist"], taken=1),
    Layout("hidden glob", [f"dist/{W}", f"dist/.{LINUX}"], ["dist/*.whl"], taken=1),
    Layout("upper whl", ["dist/demo-1.0-py3-none-any.WHL", f"dist/{S}"], ["dist"], taken=2),
    Layout("upper below", [f"dist/{S}", "dist/sub/demo-1.0-py3-none-any.WHL"], ["dist"], problem=NESTED),
    Layout("upper tar below", [f"dist/{W}", "dist/sub/demo-1.0.TAR.GZ"], ["dist"], problem=NESTED),
    Layout("other spelling below", [f"dist/{W}", "dist/sub/Demo-1.0.0.tar.gz"], ["dist"], problem=NESTED),
    Layout(
        "pattern noslash",
        [f"dist/{W}", f"dist/{S}", f"dist/{WINDOWS}"],
        ["dist", "!*win_amd64*"],
        taken=2,
        left_out=(WINDOWS,),
    ),
    Layout("pattern slash", [f"dist/{W}", f"dist/pyodide/{PYODIDE}"], ["dist", "!dist/pyodide/*"], taken=1),
    Layout("pattern dirslash", [f"dist/{W}", f"dist/pyodide/{PYODIDE}"], ["dist", "!dist/pyodide/"], taken=1),
    Layout("pattern dir", [f"dist/{W}", f"dist/pyodide/{PYODIDE}"], ["dist", "!dist/pyodide"], taken=1),
    Layout("pattern **", [f"dist/{W}", f"dist/pyodide/{PYODIDE}"], ["dist", "!**/*pyodide*"], taken=1),
    Layout("pattern ./", [f"dist/{W}", f"dist/{WINDOWS}"], ["dist", "!./dist/*win*"], taken=1, left_out=(WINDOWS,)),
    Layout("pattern first", [f"dist/{W}", f"dist/{WINDOWS}"], ["!*win*", "dist"], taken=1, left_out=(WINDOWS,)),
    Layout("pattern space", [f"dist/{W}", f"dist/{WINDOWS}"], ["dist", "! *win*"], taken=1, left_out=(WINDOWS,)),
    Layout("pattern all", [f"dist/{W}", f"dist/{S}"], ["dist", "!*"], problem="packages-dir-all-left-out"),
    Layout("pattern all2", [f"dist/{W}", f"dist/{S}"], ["dist", "!dist/*"], problem="packages-dir-all-left-out"),
    Layout(
        "pattern nothing",
        [f"dist/{W}", f"dist/{S}"],
        ["dist", "!*musllinux*"],
        taken=2,
        warning="packages-dir-nothing-left-out",
    ),
    Layout("only pattern", [f"dist/{W}", f"dist/{S}"], ["!*musl*"], problem="packages-dir-blank"),
    Layout("blank", [f"dist/{W}", f"dist/{S}"], [""], problem="packages-dir-blank"),
    Layout("quotes", [f"dist/{W}", f"dist/{S}"], ["'dist'"], problem=PATTERN, paste=("dist",)),
    Layout("dquotes", [f"dist/{W}", f"dist/{S}"], ['"dist/*.whl"'], problem=PATTERN, paste=("dist/*.whl",)),
    Layout(
        "quotes bang",
        [f"dist/{W}", f"dist/{S}"],
        ["dist", "!'*.tar.gz'"],
        taken=2,
        warning="packages-dir-nothing-left-out",
    ),
    Layout("quoted bang", [f"dist/{W}", f"dist/{S}"], ["dist", "'!*.tar.gz'"], problem=PATTERN, paste=("!*.tar.gz",)),
    Layout("dquoted bang", [f"dist/{W}", f"dist/{S}"], ["dist", '"!*.tar.gz"'], problem=PATTERN, paste=("!*.tar.gz",)),
    Layout("list", [f"dist/{W}", f"dist/{S}"], ["- dist"], problem=PATTERN, paste=("dist",)),
    Layout(
        "braces",
        [f"dist/{W}", f"dist/{S}"],
        ["dist/*.{whl,tar.gz}"],
        problem=PATTERN,
        paste=(
            "dist/*.whl",
            "dist/*.tar.gz",
        ),
    ),
    Layout(
        "braces two",
        [f"a/{W}", f"b/{S}"],
        ["{a,b}/*.{whl,tar.gz}"],
        problem=PATTERN,
        paste=(
            "a/*.whl",
            "b/*.tar.gz",
        ),
    ),
    Layout(
        "braces dir",
        [f"a/{W}", f"b/{S}"],
        ["{a,b}"],
        problem=PATTERN,
        paste=(
            "a",
            "b",
        ),
    ),
    Layout(
        "braces bang",
        [f"dist/{W}", f"dist/{S}", f"dist/{WINDOWS}"],
        ["dist", "!*{win,mac}*"],
        taken=3,
        warning="packages-dir-nothing-left-out",
    ),
    Layout(
        "commas",
        [f"dist/{W}", f"dist/{S}"],
        ["dist/*.whl,dist/*.tar.gz"],
        problem=PATTERN,
        paste=(
            "dist/*.whl",
            "dist/*.tar.gz",
        ),
    ),
    Layout(
        "commas sp",
        [f"dist/{W}", f"dist/{S}"],
        ["dist/*.whl, dist/*.tar.gz"],
        problem=PATTERN,
        paste=(
            "dist/*.whl",
            "dist/*.tar.gz",
        ),
    ),
    Layout(
        "commas dirs",
        [f"a/{W}", f"b/{S}"],
        ["a, b"],
        problem=PATTERN,
        paste=(
            "a",
            "b",
        ),
    ),
    Layout(
        "two on line",
        [f"dist/{W}", f"dist/{S}"],
        ["dist/*.whl dist/*.tar.gz"],
        problem=PATTERN,
        paste=(
            "dist/*.whl",
            "dist/*.tar.gz",
        ),
    ),
    Layout(
        "two dirs",
        [f"a/{W}", f"b/{S}"],
        ["a b"],
        problem=PATTERN,
        paste=(
            "a",
            "b",
        ),
    ),
    Layout("folder w space", [f"my dist/{W}"], ["my dist"], taken=1),
    Layout("folder w comma", [f"a,b/{W}"], ["a,b"], taken=1),
    Layout("folder w brace", ["{a,b}/demo-1.0-py3-none-any.whl"], ["{a,b}"], taken=1),
    Layout("folder w bracket", [f"d[1]/{W}"], ["d[1]"], taken=1),
    Layout(
        "caret",
        [f"dist/{W}", "dist/demo-1.0-py2-none-any.whl"],
        ["dist/demo-1.0-py[^2]-*.whl"],
        problem=PATTERN,
        paste=("dist/demo-1.0-py[!2]-*.whl",),
    ),
    Layout("caret sub", [f"dist/{W}", f"dist/{S}", f"dist/{WINDOWS}"], ["dist/[^x]*.whl"], problem=PATTERN),
    Layout(
        "caret that matches by accident",
        [f"dist/{W}", f"dist/{S}", f"dist/{WINDOWS}"],
        ["dist/demo-1.0-[^cp]*"],
        problem=PATTERN,
    ),
    Layout("caret bang", [f"dist/{W}", f"dist/{S}", f"dist/{WINDOWS}"], ["dist", "!demo-1.0-[^p]*"], problem=PATTERN),
    Layout("bang set", [f"dist/{W}", "dist/demo-1.0-py2-none-any.whl"], ["dist/demo-1.0-py[!2]-*.whl"], taken=1),
    Layout("var", [f"dist/{W}"], ["$GITHUB_WORKSPACE/dist"], problem=PATTERN),
    Layout("tilde", [f"dist/{W}"], ["~/dist"], problem=PATTERN),
    Layout("backslash", [f"dist/{W}"], ["dist\\*.whl"], taken=1)
    if ON_WINDOWS
    else Layout("backslash", [f"dist/{W}"], ["dist\\*.whl"], problem=PATTERN, paste=("dist/*.whl",)),
    Layout("missing", [], ["dist"], problem="packages-dir-missing"),
    Layout("empty", ["dist/README"], ["dist"], problem="packages-dir-empty"),
    Layout(
        "empty, beside one that begins alike", ["d/README", f"dist/{W}"], ["d", "dist"], problem="packages-dir-empty"
    ),
    Layout("monorepo", ["p/a/dist/a-1.0-py3-none-any.whl", "p/b/dist/b-2.0-py3-none-any.whl"], ["p/*/dist/*"], taken=2),
    Layout(
        "monorepo dirs",
        ["p/a/dist/a-1.0-py3-none-any.whl", "p/b/dist/b-2.0-py3-none-any.whl"],
        ["p/a/dist", "p/b/dist"],
        taken=2,
    ),
    Layout(
        "monorepo glob of dirs",
        ["p/a/dist/a-1.0-py3-none-any.whl", "p/b/dist/b-2.0-py3-none-any.whl"],
        ["p/*/dist"],
        problem="packages-dir-no-match",
    ),
    Layout("win only", [f"dist/{WINDOWS}"], ["dist"], taken=1),
    Layout("sdist only", [f"dist/{S}"], ["dist"], taken=1),
    Layout("trailing slash", [f"dist/{W}", f"dist/{S}"], ["dist/"], taken=2),
    Layout("dot", [W], ["."], taken=1),
    Layout("dot nested venv", [W, f"sub/{LINUX}"], ["."], problem=NESTED),
    Layout("dist twice", [f"dist/{W}", f"dist/{S}"], ["dist", "dist/", "./dist"], taken=2),
    Layout("file+folder", [f"dist/{W}", f"dist/{S}"], ["dist/demo-1.0-py3-none-any.whl", "dist"], taken=2),
    Layout("file named, folder has more", [f"dist/{W}", f"dist/{S}"], ["dist/demo-1.0-py3-none-any.whl"], taken=1),
    Layout(
        "nested two named partly",
        [f"dist/{S}", f"dist/l/{LINUX}", f"dist/m/{MAC}"],
        ["dist", "dist/l"],
        problem=NESTED,
        paste=(
            "dist",
            "dist/l",
            "dist/m",
        ),
    ),
    Layout("nested deep", [f"dist/{S}", f"dist/a/b/c/{LINUX}"], ["dist"], problem=NESTED, paste=("dist/a/b/c",)),
    Layout(
        "nested only other left out",
        [f"dist/{S}", f"dist/l/{LINUX}", f"dist/w/{WINDOWS}"],
        ["dist", "dist/l", "!dist/w/*"],
        taken=2,
    ),
    Layout("tgz", [f"dist/{W}", "dist/demo-1.0.tgz", "dist/demo-1.0.tar.bz2"], ["dist"], taken=1, warning=BEHIND),
    Layout("zip below", [f"dist/{W}", "dist/x/demo-1.0.zip"], ["dist"], taken=1, warning=BEHIND),
    Layout("zip glob", [f"dist/{W}", "dist/demo-1.0.zip"], ["dist/*"], taken=1),
    Layout("zip left out", [f"dist/{W}", "dist/demo-1.0.zip"], ["dist", "!*.zip"], taken=1),
    Layout("attestation", [f"dist/{W}", f"dist/{W}.publish.attestation"], ["dist"], taken=1),
    Layout(
        "attestation left out",
        [f"dist/{W}", f"dist/{S}", f"dist/{S}.publish.attestation"],
        ["dist", "!*.tar.gz"],
        taken=1,
    ),
    Layout("folder called whl", [f"dist/{W}", "dist/x.whl/a"], ["dist"], problem="packages-dir-not-a-file"),
    Layout("nested sdist bad names", [f"dist/{W}", "dist/x/vendored.tar.gz"], ["dist"], taken=1, warning=BEHIND),
    Layout("absolute", [f"dist/{W}", f"dist/{S}"], ["{ws}/dist"], taken=2),
    Layout("question", [f"dist/{W}", f"dist/{S}"], ["dist/demo-1.?-*.whl"], taken=1),
    Layout("crlf", [f"dist/{W}", f"dist/{S}"], ["dist\r"], taken=2),
    Layout("tab", [f"dist/{W}", f"dist/{S}"], ["\tdist\t"], taken=2),
    Layout(
        "bang slash dir pattern of folder name",
        [f"dist/{W}", f"dist/win/{WINDOWS}"],
        ["dist", "dist/win", "!dist/win"],
        taken=1,
        left_out=(WINDOWS,),
    ),
    Layout(
        "bang with workspace",
        [f"dist/{W}", f"dist/{WINDOWS}"],
        ["dist", "!{ws}/dist/*win*"],
        taken=1,
        left_out=(WINDOWS,),
    ),
    Layout(
        "bang uppercase",
        [f"dist/{W}", f"dist/{WINDOWS}"],
        ["dist", "!*WIN*"],
        taken=1 if ON_WINDOWS else 2,
        warning="" if ON_WINDOWS else "packages-dir-nothing-left-out",
    ),
    Layout(
        "escaped bang",
        [f"dist/{W}", f"dist/{WINDOWS}"],
        ["dist", "\\!*win*"],
        problem=NO_MATCH if ON_WINDOWS else PATTERN,
    ),
    Layout(
        "double bang",
        [f"dist/{W}", f"dist/{WINDOWS}"],
        ["dist", "!!*win*"],
        taken=2,
        warning="packages-dir-nothing-left-out",
    ),
    Layout(
        "named file then bang",
        [f"dist/{W}", f"dist/{WINDOWS}"],
        ["dist/demo-1.0-py3-none-any.whl", "dist/demo-1.0-cp312-cp312-win_amd64.whl", "!*win*"],
        taken=1,
        left_out=(WINDOWS,),
    ),
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_and_its_lines(layout: Layout, tmp_path: Path) -> None:
    for file in layout.files:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    found = survey([line.replace("{ws}", str(tmp_path)) for line in layout.lines], str(tmp_path))
    assert [problem.code for problem in found.problems] == [layout.problem] * bool(layout.problem)
    if not layout.problem:
        assert len(found.candidates) == layout.taken
        assert [warning.code for warning in found.warnings] == [layout.warning] * bool(layout.warning)
    shown = [line.strip() for problem in found.problems for line in problem.snippet.splitlines()]
    assert [line for line in layout.paste if line not in shown] == []
    assert set(layout.left_out) <= {name for name, _ in found.left_out}
