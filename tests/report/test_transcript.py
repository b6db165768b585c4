"""Events as the lines of a log."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from builders.events import EXAMPLES, KINDS, OLD, checked, diagnosis, full_of
from builders.runner_grammar import UNTRUSTED, commands
from pypi_trusted_publish import events
from pypi_trusted_publish.report.transcript import Role, Transcript


def lines_of(*run: events.Event, print_hash: bool = True) -> list[str]:
    """The lines, each after its role."""
    transcript = Transcript(print_hash=print_hash)
    return [f"{line.role.value:<12} {line.text}".rstrip() for event in run for line in transcript(event)]


def test_every_kind_of_event_has_an_example() -> None:
    assert {type(event) for event in EXAMPLES} == set(KINDS)


def test_every_kind_of_event_matches_its_snapshot(same_as: Callable[[str, str], None]) -> None:
    transcript = Transcript()
    shown = []
    for event in EXAMPLES:
        shown.append(f"--- {type(event).__name__}")
        shown += [f"{line.role.value:<12} {line.text}".rstrip() for line in transcript(event)]
    same_as("transcript.txt", "\n".join(shown) + "\n")


@given(UNTRUSTED)
def test_no_event_can_say_a_command(text: str) -> None:
    for kind in KINDS:
        for line in Transcript()(full_of(kind, text)):
            assert commands(line.text) == []


def test_digests_are_printed_only_on_request() -> None:
    assert any("blake2b" in line for line in lines_of(checked()))
    assert not any("sha256" in line or "blake2b" in line for line in lines_of(checked(), print_hash=False))
    assert not any("blake2b" in line for line in lines_of(checked(blake2b_256="")))


def test_metadata_is_printed_once_for_a_release_and_then_only_what_differs() -> None:
    other = (("Metadata-Version", "2.1"), ("Name", "demo"), ("Version", "1.0"))
    lines = lines_of(checked(), checked("again.whl"), checked(OLD, metadata=other), checked(OLD, project="else"))
    assert sum(line.endswith("core metadata (as the form sends it):") for line in lines) == 2
    assert sum("metadata as above" in line for line in lines) == 1
    assert [line.split()[1:] for line in lines if "Metadata-Version: 2.1" in line] == [
        ["+", "Metadata-Version:", "2.1"]
    ]
    assert sum("- Metadata-Version: 2.4" in line for line in lines) == 1


def test_metadata_of_countless_fields_takes_few_lines() -> None:
    many = tuple(("Dynamic", f"x{number}") for number in range(10_000))
    lines = lines_of(checked(metadata=many), checked(OLD, metadata=(("Name", "demo"),)))
    assert len(lines) < 1100
    assert sum("and 9,500 more fields" in line for line in lines) == 2


def test_a_hundred_files_of_a_release_take_few_lines_each() -> None:
    files = [checked(f"demo-1.0-cp3{number}-none-any.whl") for number in range(100)]
    assert len(lines_of(*files, print_hash=False)) <= 2 * len(files) + 4


def test_advice_of_several_lines_is_indented() -> None:
    lines = lines_of(events.DiagnosisReported(diagnosis=diagnosis(fix="Compare:\n- this\n- that", snippet="")))
    assert [line.split("detail", 1)[-1].rstrip() for line in lines[2:5]] == [
        "         fix: Compare:",
        "           - this",
        "           - that",
    ]


def test_groups_open_and_close_in_turn() -> None:
    lines = lines_of(
        events.StepStarted(title="one"), events.StepStarted(title="two"), events.RunEnded(exit_code=0, seconds=1)
    )
    assert [line.split("  ")[0] for line in lines] == ["group", "end of group", "group", "end of group"]
    assert lines_of(events.RunEnded(exit_code=0, seconds=1)) == []


@pytest.mark.parametrize(
    ("event", "role"),
    [
        (events.Revoked(revoked=0, alive=1, seconds_left=0), Role.WARNING),
        (events.Revoked(revoked=1, alive=0, seconds_left=0), Role.CONCLUSION),
        (events.Stopping(why="SIGINT"), Role.WARNING),
    ],
)
def test_what_matters_is_not_a_detail(event: events.Event, role: Role) -> None:
    assert [line.role for line in Transcript()(event)] == [role]
