"""Two hundred files through an index that fails one request in ten, and through runs that are killed on the way."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from builders.played import play
from pypi_trusted_publish.rehearsal.samples import Sample, build_wheels
from pypi_trusted_publish.rehearsal.stage import Stage

FILES = 200
SECONDS = 120
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", [1, 7, 20])
def test_all_files_arrive_once_with_their_bytes_in_spite_of_a_fault_in_every_tenth_request(
    tmp_path: Path, seed: int
) -> None:
    wheels = build_wheels(tmp_path / "dist", Sample(padding=2_000), FILES)
    with Stage(tmp_path / "stage", distributions=wheels, chance=(seed, 0.10)) as stage:
        played = play(stage)
        for _ in range(5):
            if played.code == 0:
                break
            played = play(stage)
        assert played.code == 0, played.log[-4000:]
        assert len(stage.index.faults.struck) >= FILES / 20
        _each_is_there_once(stage)


@pytest.mark.parametrize("seed", [3, 11])
def test_a_release_whose_runs_are_killed_at_random_completes_in_the_end(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    wheels = build_wheels(tmp_path / "dist", Sample(padding=2_000), FILES)
    with Stage(tmp_path / "stage", distributions=wheels, chance=(seed, 0.05)) as stage:
        for _ in range(4):
            left = FILES - len(stage.published())
            assert _killed_when(stage, len(stage.published()) + chance.randint(1, left // 2))
        codes = [_start(stage).wait(SECONDS)]
        while codes[-1] != 0 and len(codes) < 4:
            codes.append(_start(stage).wait(SECONDS))
        assert codes[-1] == 0
        _each_is_there_once(stage)


def _start(stage: Stage) -> subprocess.Popen[bytes]:
    environ = {**stage.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}"}
    command = [sys.executable, "-m", "builders.publish_child"]
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)


def _killed_when(stage: Stage, count: int) -> bool:
    """Start a run and kill it as soon as the index has ``count`` files; whether it came to that."""
    process = _start(stage)
    while process.poll() is None and len(stage.published()) < count:
        threading.Event().wait(0.002)
    process.kill()
    return process.wait() < 0


def _each_is_there_once(stage: Stage) -> None:
    published = stage.published()
    assert max(Counter(file.filename for file in published).values()) == 1
    assert {file.filename: file.sha256 for file in published} == {
        wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in stage.distributions or ()
    }
