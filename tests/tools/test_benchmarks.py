"""How figures are measured and presented."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from benchmarks.__main__ import keep, machine
from benchmarks.contests import CONTESTS, Contest
from benchmarks.measuring import Measured, WrongResultError, measure
from benchmarks.report import growth_table, missed_bars, ratio, table

MB = 1_000_000
measures = pytest.mark.skipif(sys.platform == "win32", reason="nothing is measured on Windows, which has no wait4")


def run(wall: float, memory: int = 30 * MB, together: int | None = None, **more: float) -> Measured:
    return Measured(began=0.0, wall=wall, cpu=wall / 2, memory=memory, together=together, **more)  # type: ignore[arg-type]


def contest(**bars: float) -> Contest:
    return Contest(
        name="small", statement="a wheel", prepare=lambda _: None, contestants={}, bars=bars, memory_bar=80 * MB
    )


def test_a_line_has_the_median_its_spread_and_the_ratio_of_medians() -> None:
    lines = table(contest(twine=1.5), {"us": [run(1), run(9), run(2)], "twine": [run(4), run(4), run(5)]}).splitlines()
    assert lines[-2].startswith("| us | 2.00 (1.00 to 9.00) | 1.00 | 30 |")
    assert lines[-1].endswith("| 0.50 | 1.50 |")


def test_what_was_not_measured_leaves_its_cell_empty() -> None:
    lines = table(contest(), {"us": [run(1, first_request=0.25, connections=4)]}).splitlines()
    assert "| 0.25 |  | 4 |  |" in lines[-1]


def test_the_ratio_is_ours_over_theirs() -> None:
    assert ratio([run(1)], [run(4)]) == 0.25


def test_a_missed_bar_is_named_and_a_met_one_is_not() -> None:
    figures = {"us": [run(3, memory=90 * MB)], "twine": [run(2)], "uv": [run(9)]}
    assert missed_bars(contest(twine=1.0, uv=1.0), figures) == [
        "small: 1.50 of twine, and at most 1.00 is wanted",
        "small: a peak of 90 MB, and 80 are wanted",
    ]


def test_growth_shows_what_each_further_file_costs() -> None:
    table = growth_table({"files-1": {"us": [run(0.2)]}, "files-11": {"us": [run(0.3)]}, "small": {"us": [run(1)]}})
    assert table.splitlines()[-2:] == ["| files-1 | 0.20 | 30 |  |", "| files-11 | 0.30 | 30 | 10.00 |"]


def test_growth_that_was_not_measured_is_left_out() -> None:
    assert growth_table({"small": {"us": [run(1)]}}) == ""


def test_every_bar_is_held_against_a_contestant() -> None:
    assert [name for name, contest in CONTESTS.items() if not set(contest.bars) <= set(contest.contestants)] == []


@measures
def test_the_memory_of_a_child_is_its_own_however_large_its_parent_is(tmp_path: Path) -> None:
    large = bytearray(b"x" * (150 * MB))
    measured = measure([sys.executable, "-I", "-S", "-c", "x = b'x' * 40_000_000"], {}, tmp_path)
    assert 40 * MB < measured.memory < len(large)


@measures
def test_a_command_that_fails_is_a_wrong_result_and_shows_its_output(tmp_path: Path) -> None:
    with pytest.raises(WrongResultError, match=r"ended with 3:\n.*no luck"):
        measure([sys.executable, "-c", "print('no luck'); raise SystemExit(3)"], {}, tmp_path)


def test_what_is_kept_has_a_line_for_each_run_and_the_workloads_that_were_not_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "made" / "figures.json"
    keep(path, {"small": {"us": [run(1), run(2)]}, "check": {"us": [run(1)]}})
    keep(path, {"small": {"us": [run(3.14159), run(4)]}})
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["machine"] == machine()
    assert {name: [one["wall"] for one in runs["us"]] for name, runs in kept["figures"].items()} == {
        "small": [3.142, 4.0],
        "check": [1.0],
    }
    assert path.read_text(encoding="utf-8").count('{ "wall"') == 3
