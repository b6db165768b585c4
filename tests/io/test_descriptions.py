"""reStructuredText rendered for real, among things that try to change the verdict."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from builders.bare import NEEDED
from pypi_trusted_publish.checks.description import Rendering, Verdict
from pypi_trusted_publish.io.descriptions import IN_PROCESS_LIMIT, LOCK_NAME, DescriptionRenderer, render_in_child
from pypi_trusted_publish.io.rst_rendering import answer, render_rst

SOURCE = Path(__file__).parent.parent.parent / "src"
INCLUDES_THE_ENVIRONMENT = ".. include:: /proc/self/environ\n"
HOSTILE_CONFIGURATION = """
[general]
file_insertion_enabled: yes
raw_enabled: yes
halt_level: 5
report_level: 5
traceback: no
exit_status_level: 1
"""

RENDERED = [
    "Text.\n",
    "Demo\n====\n\n* one\n* two\n\n.. code:: python\n\n   print(1)\n",
    ".. code:: no-such-language\n\n   x\n",
    "`a <https://example.org/1>`_ and `a <https://example.org/2>`_\n",
    ".. image:: https://example.org/x.png\n   :scale: 50\n",
    "Demo\r\n====\r\n\r\nWindows.\r\n",
    "Text with \\x00 and \u202e and \U0001f600.\n",
]

REFUSED = [
    (":func:`x`\n", 1, 'docutils says: Unknown interpreted text role "func"'),
    ("Demo\n====\n\n.. automodule:: x\n", 4, 'docutils says: Unknown directive type "automodule"'),
    ("Demo\n==\n\n*open\n", 4, "docutils says: Inline emphasis start-string without end-string"),
    ("Demo\n====\n\nA |name| of nothing.\n", 4, 'docutils says: Undefined substitution referenced: "name"'),
    ("A link_ to nowhere.\n", 1, 'docutils says: Unknown target name: "link"'),
    (INCLUDES_THE_ENVIRONMENT, 1, 'docutils says: "include" directive disabled'),
    (".. raw:: html\n\n   <b>\n", 1, 'docutils says: "raw" directive disabled'),
    (".. csv-table::\n   :file: /etc/passwd\n", 1, None),
    (".. only a comment\n", None, "nothing is shown of it"),
]


@pytest.mark.parametrize("text", RENDERED)
def test_what_the_index_renders_is_rendered(text: str) -> None:
    assert DescriptionRenderer()(text) == Rendering(verdict=Verdict.RENDERED)


@pytest.mark.parametrize(("text", "line", "problem"), REFUSED)
def test_what_the_index_cannot_render_is_refused_with_its_line(
    text: str, line: int | None, problem: str | None
) -> None:
    rendering = DescriptionRenderer()(text)
    assert rendering.verdict is Verdict.REFUSED
    assert rendering.line == line
    assert problem in {None, rendering.problem}


def nested_quotes(depth: int) -> str:
    return "".join(f"{'   ' * level}x\n\n" for level in range(depth))


def test_blocks_nested_too_deeply_are_refused() -> None:
    assert render_rst(nested_quotes(600)).problem == "its blocks are nested too deeply"


def test_a_child_says_the_same() -> None:
    assert render_in_child(nested_quotes(600)) == render_rst(nested_quotes(600))
    assert render_in_child(REFUSED[1][0]) == render_rst(REFUSED[1][0])
    assert render_in_child(RENDERED[1]) == render_rst(RENDERED[1])


def test_a_text_is_rendered_once() -> None:
    renderer = DescriptionRenderer()
    assert renderer("Text.\n") is renderer("Text.\n")


def test_a_long_text_is_rendered_in_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    long = "Text. " * (IN_PROCESS_LIMIT // 6 + 1)
    rendering = DescriptionRenderer()(long)
    assert (rendering.verdict, rendering.problem) == (Verdict.UNKNOWN, "no process could be started for it")


def test_a_child_that_takes_too_long_is_ended() -> None:
    rendering = render_in_child("* x\n" * 100_000, seconds=0.2)
    assert (rendering.verdict, rendering.problem) == (Verdict.UNKNOWN, "it takes longer than 0.2 seconds")


@pytest.mark.parametrize("megabytes", [40, 60])
def test_a_child_that_takes_too_much_memory_says_nothing_against_the_text(megabytes: int) -> None:
    unbound = sys.platform in ("win32", "darwin")
    expected = Verdict.RENDERED if unbound else Verdict.UNKNOWN
    assert render_in_child("* x\n" * 30_000, size=megabytes << 20).verdict is expected


def test_the_libraries_are_installed_before_the_first_text_and_only_once() -> None:
    installed: list[str] = []
    renderer = DescriptionRenderer(installed.append)
    assert installed == []
    assert renderer("Text.\n").verdict is Verdict.RENDERED
    assert renderer("Other.\n").verdict is Verdict.RENDERED
    assert installed == [LOCK_NAME]


def test_libraries_that_cannot_be_installed_leave_the_decision_to_the_index() -> None:
    def install(name: str) -> None:
        raise OSError(f"no network for {name}")

    rendering = DescriptionRenderer(install)("Text.\n")
    assert (rendering.verdict, rendering.problem) == (Verdict.UNKNOWN, "docutils could not be installed (OSError)")


def test_libraries_that_are_not_there_leave_the_decision_to_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "readme_renderer.rst", None)
    rendering = DescriptionRenderer()("Text.\n")
    assert (rendering.verdict, rendering.problem) == (Verdict.UNKNOWN, "docutils and readme-renderer are not installed")


def verdicts_among_hostile_files(folder: Path, texts: list[str]) -> list[str]:
    """The verdicts of a Python that runs in ``folder`` and has it for a home, in process and in a child of it."""
    code = (
        "import json, sys\n"
        "from pypi_trusted_publish.io.descriptions import DescriptionRenderer, render_in_child\n"
        "texts = json.load(sys.stdin)\n"
        "print(json.dumps([DescriptionRenderer()(text).verdict.value for text in texts]"
        " + [render_in_child(text).verdict.value for text in texts]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{code}"],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={
            **NEEDED,
            "HOME": str(folder),
            "DOCUTILSCONFIG": str(folder / "docutils.conf"),
            "SECRET": "token-of-the-index",
        },
    )
    assert done.stderr == ""
    found: list[str] = json.loads(done.stdout)
    return found


def test_no_configuration_file_changes_a_verdict(tmp_path: Path) -> None:
    for name in ("docutils.conf", ".docutils"):
        (tmp_path / name).write_text(HOSTILE_CONFIGURATION)
    texts = [INCLUDES_THE_ENVIRONMENT, ".. raw:: html\n\n   <b>\n", ":func:`x`\n", "Text.\n"]
    refused, rendered = Verdict.REFUSED.value, Verdict.RENDERED.value
    assert verdicts_among_hostile_files(tmp_path, texts) == [refused, refused, refused, rendered] * 2


def test_nothing_of_the_callers_folder_is_imported(tmp_path: Path) -> None:
    for name in ("docutils", "readme_renderer"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('imported from the workspace')")
    code = (
        "import os, sys\n"
        f"os.chdir({str(tmp_path)!r})\n"
        f"sys.path.insert(0, {str(SOURCE)!r})\n"
        "from pypi_trusted_publish.io.descriptions import render_in_child\n"
        "print(render_in_child('Text.').verdict.value)\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "rendered\n"


def test_rendering_opens_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    text = ".. image:: http://localhost:1/x.png\n   :scale: 50\n\n.. figure:: http://localhost:1/y.svg\n"
    assert render_rst(text).verdict is Verdict.RENDERED


@pytest.mark.parametrize(
    ("accident", "verdict", "problem"),
    [
        (MemoryError(), Verdict.UNKNOWN, "it needs more memory than a check may take"),
        (IndexError("of docutils"), Verdict.REFUSED, "docutils fails on it (IndexError)"),
    ],
)
def test_what_docutils_fails_on_the_index_fails_on(
    accident: Exception, verdict: Verdict, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise accident

    monkeypatch.setattr("docutils.core.publish_parts", fail)
    assert render_rst("Text.\n") == Rendering(verdict=verdict, problem=problem)


@pytest.mark.parametrize(("size", "verdict"), [(1 << 62, "refused"), (1, "unknown")])
def test_the_child_bounds_itself_and_blames_no_text_for_the_bounds(
    size: int, verdict: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    limits: dict[str, tuple[int, int]] = {}
    system = SimpleNamespace(
        **{name: name for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_CORE", "RUSAGE_SELF")},
        setrlimit=limits.__setitem__,
        getrusage=lambda _who: SimpleNamespace(ru_maxrss=50_000),
    )
    monkeypatch.setitem(sys.modules, "resource", system)
    answer({"text": ":func:`x`\n", "seconds": 7, "bytes": size})
    assert json.loads(capsysbinary.readouterr().out)["verdict"] == verdict
    assert limits == {"RLIMIT_AS": (size, size), "RLIMIT_CPU": (7, 7), "RLIMIT_CORE": (0, 0)}


@pytest.mark.parametrize("refusal", [ValueError("current limit exceeds maximum limit"), PermissionError(1, "no")])
def test_a_system_that_takes_no_bound_on_memory_still_bounds_the_time(
    refusal: Exception, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    limits: dict[str, tuple[int, int]] = {}

    def bound(kind: str, most: tuple[int, int]) -> None:
        if kind == "RLIMIT_AS":
            raise refusal  # as macOS does
        limits[kind] = most

    system = SimpleNamespace(
        **{name: name for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_CORE", "RUSAGE_SELF")},
        setrlimit=bound,
        getrusage=lambda _who: SimpleNamespace(ru_maxrss=50_000),
    )
    monkeypatch.setitem(sys.modules, "resource", system)
    answer({"text": "Text.\n", "seconds": 7, "bytes": 1 << 30})
    assert json.loads(capsysbinary.readouterr().out)["verdict"] == "rendered"
    assert limits == {"RLIMIT_CPU": (7, 7), "RLIMIT_CORE": (0, 0)}


def test_a_child_that_ends_early_says_nothing_against_the_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    rendering = render_in_child("Text.\n")
    assert (rendering.verdict, rendering.problem) == (Verdict.UNKNOWN, "the process that rendered it ended early")


def test_without_a_way_to_bound_a_process_the_child_renders_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    answer({"text": ":func:`x`\n", "seconds": 7, "bytes": 1 << 62})
    assert json.loads(capsysbinary.readouterr().out)["verdict"] == "refused"


@pytest.mark.parametrize("status", ["", "Name:\tpython3\n", "VmPeak:\n", OSError("no such folder")])
def test_a_system_that_tells_no_address_space_tells_what_was_resident(
    status: str | OSError, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    def read(_path: Path, **_named: object) -> str:
        if isinstance(status, OSError):
            raise status
        return status

    system = SimpleNamespace(
        **{name: name for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_CORE", "RUSAGE_SELF")},
        setrlimit=lambda *_limit: None,
        getrusage=lambda _who: SimpleNamespace(ru_maxrss=50_000),
    )
    monkeypatch.setitem(sys.modules, "resource", system)
    monkeypatch.setattr(Path, "read_text", read)
    verdicts = []
    for size in (40 << 20, 200 << 20):
        answer({"text": ":func:`x`\n", "seconds": 7, "bytes": size})
        verdicts.append(json.loads(capsysbinary.readouterr().out)["verdict"])
    assert verdicts == ["unknown", "refused"]
