"""Figures as tables: medians with their spread, and the ratio to each other contestant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contests import Contest
    from measuring import Measured


def table(contest: Contest, figures: Mapping[str, Sequence[Measured]]) -> str:
    """One workload as a table of Markdown."""
    us = next(iter(figures))
    lines = [
        f"\n### {contest.name}: {contest.statement}\n",
        "| | wall s (min to max) | cpu s | memory MB | first request s | connections | at once | ours / theirs | bar |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for who, runs in figures.items():
        walls = [run.wall for run in runs]
        ratio = "" if who == us else f"{median(run.wall for run in figures[us]) / median(walls):.2f}"
        bar = f"{contest.bars[who]:.2f}" if who in contest.bars else ""
        lines.append(
            f"| {who} | {median(walls):.2f} ({min(walls):.2f} to {max(walls):.2f})"
            f" | {median(run.cpu for run in runs):.2f} | {median(run.memory for run in runs) / 1e6:.0f}"
            f" | {_known([run.first_request for run in runs], 2)} | {_known([run.connections for run in runs], 0)}"
            f" | {_known([run.peak_uploads for run in runs], 0)} | {ratio} | {bar} |"
        )
    return "\n".join(lines)


def growth_table(everything: Mapping[str, Mapping[str, Sequence[Measured]]]) -> str:
    """How wall time and memory grow with the number of files and with the bytes."""
    rows = [(name, runs) for name, figures in everything.items() for runs in figures.values() if "-" in name]
    grown = [(name, runs) for name, runs in rows if name.startswith(("files-", "bytes-"))]
    if not grown:
        return ""
    lines = ["\n### Growth\n", "| | wall s | memory MB |", "|---|--:|--:|"]
    lines += [
        f"| {name} | {median(run.wall for run in runs):.2f} | {median(run.memory for run in runs) / 1e6:.0f} |"
        for name, runs in grown
    ]
    return "\n".join(lines) + "\n"


def _known(values: Sequence[float | None], digits: int) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known):.{digits}f}" if known else ""
