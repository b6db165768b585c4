"""Run as ``python -m more.fuzz SECONDS [SEED]`` with ``src`` and ``tests`` on the path; the first failure ends it."""

from __future__ import annotations

import contextlib
import itertools
import random
import sys
import time
from collections.abc import Callable

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from builders.judging import judge_all
from builders.metadata import found
from builders.strategies import damage, inside_gzip, sdists, wheels
from pypi_trusted_publish.checks.wheel_entry_points import entry_point_findings
from pypi_trusted_publish.readers.core_metadata import read_core_metadata
from pypi_trusted_publish.readers.wheel_record import InvalidRecord, read_record

Change = Callable[[bytes], bytes]
SLOW = 10.0
"""Seconds of the processor that no input of this size may take."""
ROUND = settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def judged(name: str, data: bytes) -> None:
    """Judge a file: an error or a distribution comes of it, soon, and nothing is raised."""
    began = time.process_time()
    checked = judge_all((name, data))
    assert checked.errors or checked.distributions
    assert time.process_time() - began < SLOW


@ROUND
@given(st.text(max_size=120), st.sampled_from([".whl", ".tar.gz", ""]))
def fuzz_names(stem: str, suffix: str) -> None:
    judge_all((stem + suffix, b""))


@ROUND
@given(st.lists(st.binary(max_size=60), max_size=12))
def fuzz_metadata(lines: list[bytes]) -> None:
    data = b"\n".join(lines)
    read_core_metadata(data)
    found(data)


@ROUND
@given(wheels(), st.lists(damage(), min_size=1, max_size=4))
def fuzz_zip(wheel: tuple[str, bytes], changes: list[Change]) -> None:
    name, data = wheel
    for change in changes:
        data = change(data)
    judged(name, data)


@ROUND
@given(sdists(), st.lists(damage(), min_size=1, max_size=4), st.booleans())
def fuzz_tar(sdist: tuple[str, bytes], changes: list[Change], inside: bool) -> None:
    name, data = sdist
    for change in changes:
        data = inside_gzip(change)(data) if inside else change(data)
    judged(name, data)


@ROUND
@given(st.binary(max_size=500) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def fuzz_record_and_entry_points(data: bytes) -> None:
    with contextlib.suppress(InvalidRecord):
        list(read_record(data))
    list(entry_point_findings("demo-1.0-py3-none-any.whl", data))


TARGETS = (fuzz_names, fuzz_metadata, fuzz_zip, fuzz_tar, fuzz_record_and_entry_points)


def main(seconds: float, start: int) -> int:
    """Fuzz all targets in turn until the time is up; returns the number of rounds."""
    end = time.monotonic() + seconds
    for number in itertools.count():
        for target in TARGETS:
            seed(start + number)(target)()
            if time.monotonic() > end:
                return number
    raise AssertionError("counting ends only with the time")


if __name__ == "__main__":
    first = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)
    print(f"seed {first}", flush=True)
    print(f"{main(float(sys.argv[1]), first)} rounds of {ROUND.max_examples} examples for each target: nothing found")
