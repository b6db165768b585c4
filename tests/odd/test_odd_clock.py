"""A release in a process that sees another time than the index: libfaketime shifts its clock."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from attestations.conftest import sandbox_and_job as sandbox_and_job  # noqa: PLC0414 - the fixture
from builders.attestations import SigningJob
from builders.started import ROOT
from odd.conftest import Run, skip_without, started
from pypi_trusted_publish.rehearsal.sandbox import Sandbox

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def clock(offset: str) -> dict[str, str | None]:
    """The variables that shift the clock by ``offset``, such as ``-5h`` or ``+2y``; time-outs stay real."""
    if not LIBRARIES:
        skip_without("libfaketime", "libfaketime")
    return {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME": offset,
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


@pytest.mark.parametrize(("offset", "tls"), [("-10y", False), ("-5h", False), ("+20y", False), ("+5h", True)])
def test_a_wrong_clock_stops_no_release_while_certificates_are_valid(
    tmp_path: Path, publish: Run, offset: str, tls: bool
) -> None:
    """GitHub and the index judge by their own clocks."""
    with Sandbox(tmp_path, tls=tls) as sandbox:
        ended = publish(sandbox, environ=clock(offset))
        assert (ended.code, len(sandbox.published()), sandbox.live_tokens()) == (0, 2, ()), ended.log
    assert "clock-skewed" in ended.log


@pytest.mark.parametrize(("offset", "reason"), [("-10y", "it is not valid yet"), ("+400d", "it has expired")])
def test_a_clock_by_which_no_certificate_is_valid_is_named_as_the_likely_cause(
    tmp_path: Path, publish: Run, offset: str, reason: str
) -> None:
    with Sandbox(tmp_path, tls=True) as sandbox:
        ended = publish(sandbox, environ=clock(offset))
        assert (ended.code, sandbox.published(), sandbox.live_tokens()) == (2, (), ()), ended.log
    assert f"the certificate was not accepted: {reason}" in ended.log
    assert "This machine's clock says" in ended.log
    assert "Set the clock of the runner" in ended.log
    assert "  tries: 1" in ended.log
    assert "Fix the runner" in ended.log


def test_a_clock_that_is_right_is_not_suspected(tmp_path: Path, publish: Run) -> None:
    with Sandbox(tmp_path, tls=True) as sandbox:
        ended = publish(sandbox, environ=clock("+20s"))
        assert (ended.code, len(sandbox.published())) == (0, 2), ended.log
    assert "clock-skewed" not in ended.log


@pytest.mark.parametrize(("offset", "attested"), [("+20s", True), ("+5h", False)])
def test_attestations_that_a_wrong_clock_prevents_are_left_out_with_that_reason(
    sandbox_and_job: tuple[Sandbox, SigningJob], tmp_path: Path, offset: str, attested: bool
) -> None:
    sandbox, job = sandbox_and_job
    trust = tmp_path / "trust.json"
    trust.write_text(job.instance.trust_configuration(), encoding="utf-8")
    path = os.pathsep.join(str(ROOT / name) for name in ("src", "tests"))
    shifted = {name: value for name, value in clock(offset).items() if value is not None}
    command = [sys.executable, "-m", "builders.publish_child", str(trust)]
    ended = started(command, {**sandbox.environ, **shifted, "PYTHONPATH": path})
    assert (ended.code, len(sandbox.published()), sandbox.live_tokens()) == (0, 2, ()), ended.log
    assert ended.log.count("publish attestation signed and verified") == (2 if attested else 0)
    assert ("this machine's clock, which is probably wrong" in ended.log) == (not attested)
