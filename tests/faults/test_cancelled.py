"""A run that is cancelled: it ends within two seconds, says what is where, and leaves no token that opens anything."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.bare import NEEDED
from builders.played import Played, left_by
from builders.started import ROOT
from builders.stopping import A_GROUP_OF_ITS_OWN, ask_to_stop
from pypi_trusted_publish.rehearsal.samples import Sample, build_wheels
from pypi_trusted_publish.rehearsal.sandbox import Sandbox
from pypi_trusted_publish.rehearsal.traffic import Endpoint, Latency

WITHIN = 2.0
"""Seconds between a signal and the end of the process."""
AT_ONCE = 0.25
"""Seconds after which nothing new may begin: the flow looks for signals every 0.05 s, on a machine that may be busy."""


@pytest.mark.parametrize(
    ("number", "faults", "moment"),
    [
        (signal.SIGINT, [], lambda stage: stage.index.traffic.uploads_now > 0),
        (signal.SIGTERM, [], lambda stage: stage.index.traffic.uploads_now > 2),
        (signal.SIGINT, [], lambda stage: len(stage.index.github.issuer.issued) == 2),
        (signal.SIGTERM, ["identity-timeout"], lambda stage: "identity-timeout" in stage.index.faults.triggered),
        (signal.SIGINT, ["upload-timeout-taken"], lambda stage: len(stage.published()) == 1),
        (signal.SIGTERM, ["upload-timeout:3-"], lambda stage: "upload-timeout" in stage.index.faults.triggered),
        (signal.SIGINT, ["upload-503:every"], lambda stage: "upload-503" in stage.index.faults.triggered),
        (signal.SIGTERM, ["page-never"], lambda stage: len(stage.published()) == 6),
    ],
    ids=[
        "in-the-first-upload",
        "in-parallel-uploads",
        "while-the-token-is-minted",
        "while-github-is-silent",
        "while-an-upload-that-was-taken-is-silent",
        "while-parallel-uploads-are-silent",
        "between-two-tries",
        "while-the-index-is-polled",
    ],
)
def test_a_cancelled_run_ends_at_once_with_a_report_and_no_live_token(
    tmp_path: Path, number: signal.Signals, faults: list[str], moment: Callable[[Sandbox], bool]
) -> None:
    wheels = build_wheels(tmp_path / "dist", Sample(), 6)
    latency = Latency(server=150)
    with Sandbox(tmp_path / "stage", distributions=wheels, faults=faults, latency=latency) as stage:
        signalled, took, played = _cancelled(stage, number, moment)
        assert took < WITHIN
        assert played.report["cancelled"] is True
        assert played.report["exit_code"] == played.code
        assert "Traceback" not in played.log
        assert stage.live_tokens() == ()
        assert {request.endpoint for request in stage.requests if request.began > signalled + AT_ONCE} <= {
            Endpoint.REVOKE
        }
        _agrees_with_the_index(stage, played)
        assert "Cancelled: " in played.summary


def test_a_run_whose_index_answers_neither_mint_nor_revocation_ends_in_time_too(tmp_path: Path) -> None:
    faults = ["upload-token-expired", "mint-timeout:2", "revoke-timeout:every"]
    with Sandbox(tmp_path, faults=faults) as stage:
        _, took, played = _cancelled(stage, signal.SIGINT, lambda stage: "mint-timeout" in stage.index.faults.triggered)
    assert took < WITHIN
    assert played.report["tokens"]["revoked"] == 0


def _cancelled(
    stage: Sandbox, number: signal.Signals, moment: Callable[[Sandbox], bool]
) -> tuple[float, float, Played]:
    """When the signal went out, how long the process lived on, and what it left."""
    command = [sys.executable, "-m", "pypi_trusted_publish", "publish"]
    environ = {**NEEDED, **stage.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(
        command,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        creationflags=A_GROUP_OF_ITS_OWN,
    ) as process:
        until = time.monotonic() + 30
        while not moment(stage):
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.005)
        signalled = time.monotonic()
        arrives = ask_to_stop(process, number)
        log, _ = process.communicate(timeout=30)
        took = time.monotonic() - signalled
    assert process.returncode == 128 + arrives
    return signalled, took, left_by(stage, code=process.returncode, log=log)


def _agrees_with_the_index(stage: Sandbox, played: Played) -> None:
    """What is called uploaded is there, what is called not sent is not, and no file that was seen is forgotten."""
    there = {file.filename for file in stage.published()}
    said = played.outcomes
    assert {name for name, outcome in said.items() if outcome in {"uploaded", "identical"}} <= there
    assert not {name for name, outcome in said.items() if outcome == "not sent"} & there
    assert there <= set(said)
