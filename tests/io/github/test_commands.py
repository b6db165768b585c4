"""Output for the runner, checked with the grammar of the runner."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builders.bare import NEEDED
from pypi_trusted_publish.errors import Severity
from pypi_trusted_publish.io.github import commands
from pypi_trusted_publish.io.github.job import read_event
from pypi_trusted_publish.secret import Secret


def test_a_secret_is_masked_in_every_spelling() -> None:
    secret = Secret("pypi-abc")
    assert commands.mask(secret) == tuple(f"::add-mask::{spelling}" for spelling in secret.spellings())
    assert commands.mask(Secret("")) == ()


def test_a_secret_with_a_line_break_stays_one_command() -> None:
    assert all("\n" not in line and "\r" not in line for line in commands.mask(Secret("a\r\nb%")))
    assert commands.mask(Secret("a\r\nb%"))[0] == "::add-mask::a%0D%0Ab%25"


def test_groups_open_and_close() -> None:
    assert (commands.group("Who publishes"), commands.end_group()) == ("::group::Who publishes", "::endgroup::")


@pytest.mark.parametrize("severity", list(Severity))
def test_an_annotation_is_one_line_of_its_severity(severity: Severity) -> None:
    line = commands.annotation(severity, "first\nsecond 100%", title="a: b, c\n")
    assert line == f"::{severity.value} title=a%3A b%2C c%0A::first%0Asecond 100%25"


def read_outputs(text: str) -> dict[str, str]:
    """The runner's own reading of the file: a name, a delimiter, lines, the delimiter."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, delimiter = line.split("<<", 1)
        value = []
        for content in lines:
            if content == delimiter:
                break
            value.append(content)
        found[name] = "\n".join(value)
    return found


def test_outputs_with_any_content_are_read_back(tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_text("earlier=1\n", encoding="utf-8")
    values = {"project": "demo", "empty": "", "lines": "a\nEOF\nb=c<<d", "text": "\u00e9\u4e2d"}
    commands.append_outputs(str(file), values)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("earlier=1\n")
    assert read_outputs(text.removeprefix("earlier=1\n")) == values


def test_each_output_has_a_delimiter_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "output"
    commands.append_outputs(str(file), {"a": "1", "b": "2"})
    delimiters = [line.split("<<")[1] for line in file.read_text(encoding="utf-8").splitlines() if "<<" in line]
    assert len(set(delimiters)) == 2


def test_a_lone_surrogate_cannot_stop_the_report(tmp_path: Path) -> None:
    file = tmp_path / "file"
    commands.append_outputs(str(file), {"a": "\ud800"})
    commands.append_summary(str(file), "\ud800")
    assert file.read_text(encoding="utf-8").count("\\ud800") == 2


def test_a_summary_is_appended_with_a_line_break_at_its_end(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    commands.append_summary(str(file), "# One")
    commands.append_summary(str(file), "# Two\n")
    assert file.read_bytes() == b"# One\n# Two\n"


def test_a_summary_that_github_would_drop_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 MiB"):
        commands.append_summary(str(tmp_path / "summary"), "\u00e9" * (commands.SUMMARY_LIMIT // 2 + 1))


def test_a_file_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        commands.append_outputs(str(tmp_path), {"a": "b"})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in a folder")
def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError):
        commands.append_outputs(str(tmp_path / "pipe"), {"a": "b"})
    assert read_event(str(tmp_path / "pipe")) == {}


def test_nothing_but_the_standard_library_comes_with_the_toolkit() -> None:
    program = (
        "import sys, pypi_trusted_publish.io.github.commands\n"
        "print([n for n in ('requests', 'github', 'jwt', 'dateutil') if n in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=_path())
    assert ended.stdout.strip() == "[]"


def _path() -> dict[str, str]:
    return {**NEEDED, "PYTHONPATH": str(Path(commands.__file__).parents[3])}
