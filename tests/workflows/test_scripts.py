"""The commands of a script, as far as they can be read without a shell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_trusted_publish.workflows.scripts import read_script, without
from pypi_trusted_publish.workflows.tools import tool_of


def words(script: str) -> list[tuple[str, ...]]:
    return [command.texts for command in read_script(script).commands]


def test_words_keep_what_is_quoted_and_expressions_whole() -> None:
    script = "twine upload -p ${{ secrets.A || 'b c' }} \"dist/a b*\" 'x;y' z\\ w"
    assert words(script) == [("twine", "upload", "-p", "${{ secrets.A || 'b c' }}", "dist/a b*", "x;y", "z w")]


def test_commands_end_where_a_shell_ends_them() -> None:
    script = "a && b || c; d | e & f\ng \\\n  h # not this\n# nor this\ni"
    assert words(script) == [("a",), ("b",), ("c",), ("d",), ("e",), ("f",), ("g", "h"), ("i",)]
    assert [command.before for command in read_script(script).commands] == ["", "&&", "||", ";", "|", "&", "\n", "\n"]


@pytest.mark.parametrize(
    "script",
    [
        "if a; then\nX\nfi",
        "for f in *; do X; done",
        "while true; do\n X\ndone",
        "{ X; }",
        "(X)",
        "f() {\nX\n}",
        "cat <<E\nX\nE",
    ],
)
def test_what_only_a_shell_can_decide_is_complex(script: str) -> None:
    commands = read_script(f"{script}\nlast").commands
    assert all(command.complex for command in commands if "X" in " ".join(command.texts))


def test_a_condition_that_ended_does_not_reach_what_follows() -> None:
    assert [c.texts for c in read_script("if a; then b; fi\n(c && d)\nlast x").commands if not c.complex] == [
        ("last", "x")
    ]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("twine upload x", "twine upload"),
        ("python -m twine upload x", "twine upload"),
        ("python3.12 -I -m twine upload x", "twine upload"),
        ("pipx run twine==6.0 upload x", "twine upload"),
        ("uvx --with keyring twine@latest upload x", "twine upload"),
        ("uv run --group release twine upload x", "twine upload"),
        ("uv tool run --from twine twine upload x", "twine upload"),
        ("poetry run twine upload x", "twine upload"),
        (".venv/bin/twine upload x", "twine upload"),
        ("uv --quiet publish", "uv publish"),
        ("poetry --no-interaction publish", "poetry publish"),
        ("hatch publish", "hatch publish"),
        ("python -m flit publish", "flit publish"),
    ],
)
def test_a_tool_is_found_behind_what_starts_it(command: str, name: str) -> None:
    (read,) = read_script(command).commands
    found = tool_of(read.texts)
    assert found is not None
    assert found[0].name == name


@pytest.mark.parametrize(
    "command",
    ["echo twine upload", "twine check x", "uv build", "pip install twine", "git push upload", "uv run pytest"],
)
def test_other_commands_upload_nothing(command: str) -> None:
    (read,) = read_script(command).commands
    assert tool_of(read.texts) is None


def test_a_script_without_a_command_keeps_its_other_lines() -> None:
    script = read_script("# first\na   # stays\n\n# about b\nb \\\n  x # goes too\nc && b y\nb; d\n")
    gone = frozenset(n for n, c in enumerate(script.commands) if c.texts[0] == "b")
    rest = without(script, gone)
    assert rest.lines == (("# first", 0), ("a   # stays", 1), ("", 2), ("c", None), ("d", None))
    assert sorted(sum(rest.comments.values(), ())) == ["# about b", "# goes too"]


@given(st.text(alphabet="ab '\"$(){}&|;\\\n#<>`${=", max_size=60))
def test_any_script_is_read(text: str) -> None:
    script = read_script(text)
    for command in script.commands:
        assert 0 <= command.start <= command.end <= len(text)
    assert without(script, frozenset(range(len(script.commands)))) is not None
