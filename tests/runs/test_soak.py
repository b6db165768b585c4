"""A few of the seeds that ``make test-more`` tries, with fewer files."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.soaking import kill_again_and_again, soak


@pytest.mark.parametrize("seed", [1, 7])
def test_all_files_arrive_once_with_their_bytes_in_spite_of_a_fault_in_every_tenth_request(
    tmp_path: Path, seed: int
) -> None:
    soak(tmp_path, seed, files=60)


def test_a_release_whose_runs_are_killed_at_random_completes_in_the_end(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, 3, files=60)
