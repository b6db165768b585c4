"""``python benchmarks [--runs N] [--only NAME]... [--json FILE]``: this project beside twine and uv, in one run.

Contestants take turns, run after run, against the same index on this machine with the same added distance, so that a
machine that slows down slows all of them. It fails when a result is wrong, never because something was slow.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

from contests import CONTESTS, Contest
from measuring import Measured, WrongResultError

from report import growth_table, table


def main(argv: list[str]) -> int:
    """Run the contests that are asked for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each contestant (default 3)")
    parser.add_argument("--only", action="append", default=[], choices=sorted(CONTESTS), help="some workloads only")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    options = parser.parse_args(argv)
    chosen = [contest for name, contest in CONTESTS.items() if name in (options.only or CONTESTS)]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(machine, flush=True)
    everything: dict[str, dict[str, list[Measured]]] = {}
    try:
        for contest in chosen:
            everything[contest.name] = _run(contest, options.runs)
            print(table(contest, everything[contest.name]), flush=True)
    except WrongResultError as wrong:
        print(f"wrong result: {wrong}")
        return 1
    print(growth_table(everything), end="")
    if options.json:
        figures = {
            name: {who: [vars(run) for run in runs] for who, runs in contestants.items()}
            for name, contestants in everything.items()
        }
        options.json.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2), encoding="utf-8")
    return 0


def _run(contest: Contest, runs: int) -> dict[str, list[Measured]]:
    """Warm up each contestant once where that is cheap, then let them take turns."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        prepared = contest.prepare(Path(folder))
        figures: dict[str, list[Measured]] = {who: [] for who in contest.contestants}
        for number in range(runs + contest.warm_ups):
            for who, compete in contest.contestants.items():
                measured = compete(prepared)
                if number >= contest.warm_ups:
                    figures[who].append(measured)
        return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
