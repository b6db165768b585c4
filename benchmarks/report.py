"""Figures as tables of Markdown: medians with their spread, and the ratio to each other contestant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .contests import Contest
    from .measuring import Measured

_MB = 1e6


def table(contest: Contest, figures: Mapping[str, Sequence[Measured]]) -> str:
    """One workload: a line for each contestant."""
    us = next(iter(figures))
    lines = [
        f"\n### {contest.name}: {contest.statement}\n",
        (
            "| | wall s (min to max) | cpu s | peak MB | all MB | first request s | last answer s | connections "
            "| at once | ours / theirs | bar |"
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for who, runs in figures.items():
        walls = [run.wall for run in runs]
        cells = [
            who,
            f"{median(walls):.2f} ({min(walls):.2f} to {max(walls):.2f})",
            f"{median(run.cpu for run in runs):.2f}",
            f"{median(run.memory for run in runs) / _MB:.0f}",
            _median_of([None if run.together is None else run.together / _MB for run in runs], 0),
            _median_of([run.first_request for run in runs], 2),
            _median_of([run.last_answer for run in runs], 2),
            _median_of([run.connections for run in runs], 0),
            _median_of([run.peak_uploads for run in runs], 0),
            "" if who == us else f"{ratio(figures[us], runs):.2f}",
            _bar(contest, who, us),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def ratio(ours: Sequence[Measured], theirs: Sequence[Measured]) -> float:
    """Our median wall time as a part of theirs."""
    return median(run.wall for run in ours) / median(run.wall for run in theirs)


def missed_bars(contest: Contest, figures: Mapping[str, Sequence[Measured]]) -> list[str]:
    """What was slower or larger than we want it: a line each. For the reader, nothing fails on it."""
    us = next(iter(figures))
    missed = [
        f"{contest.name}: {ratio(figures[us], figures[who]):.2f} of {who}, and at most {bar:.2f} is wanted"
        for who, bar in contest.bars.items()
        if ratio(figures[us], figures[who]) > bar
    ]
    for who, bar in contest.seconds_bars.items():
        longer = median(run.wall for run in figures[us]) - median(run.wall for run in figures[who])
        if longer > bar:
            missed.append(f"{contest.name}: {longer:.1f} s longer than {who}, and at most {bar:.1f} s are wanted")
    wall = median(run.wall for run in figures[us])
    if contest.own_seconds_bar is not None and wall > contest.own_seconds_bar:
        missed.append(f"{contest.name}: {wall:.1f} s, and at most {contest.own_seconds_bar:.1f} s are wanted")
    together = [run.together for run in figures[us] if run.together is not None]
    if contest.together_bar is not None and together and median(together) > contest.together_bar:
        missed.append(
            f"{contest.name}: {median(together) / _MB:.0f} MB in all processes at once, and "
            f"{contest.together_bar / _MB:.0f} are wanted"
        )
    peak = median(run.memory for run in figures[us])
    if contest.memory_bar is not None and peak > contest.memory_bar:
        missed.append(f"{contest.name}: a peak of {peak / _MB:.0f} MB, and {contest.memory_bar / _MB:.0f} are wanted")
    return missed


def growth_table(everything: Mapping[str, Mapping[str, Sequence[Measured]]]) -> str:
    """How our wall time and memory grow with the number of files and with the bytes; empty when it was not measured.

    The last column is what each file, or each MiB, adds to the line above.
    """
    lines: list[str] = []
    for unit in ("files", "bytes"):
        before: tuple[float, float] | None = None
        for name, figures in everything.items():
            if not name.startswith(f"{unit}-"):
                continue
            runs = next(iter(figures.values()))
            wall, count = median(run.wall for run in runs), float(name.removeprefix(f"{unit}-").removesuffix("MiB"))
            added = "" if before is None else f"{1000 * (wall - before[0]) / (count - before[1]):.2f}"
            before = wall, count
            lines.append(f"| {name} | {wall:.2f} | {median(run.memory for run in runs) / _MB:.0f} | {added} |")
    head = ["\n### Growth\n", "| | wall s | peak MB | ms for each more |", "|---|--:|--:|--:|"]
    return "\n".join([*head, *lines]) + "\n" if lines else ""


def _bar(contest: Contest, who: str, us: str) -> str:
    if who == us:
        bars = (
            (contest.own_seconds_bar, "{:.1f} s", 1.0),
            (contest.memory_bar, "{:.0f} MB", _MB),
            (contest.together_bar, "{:.0f} MB in all", _MB),
        )
        return ", ".join(form.format(bar / unit) for bar, form, unit in bars if bar is not None)
    return f"{contest.bars[who]:.2f}" if who in contest.bars else ""


def _median_of(values: Sequence[float | None], digits: int) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known):.{digits}f}" if known else ""
