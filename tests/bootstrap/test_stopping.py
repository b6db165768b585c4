"""A job that is cancelled while packages are being installed ends properly."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from builders.polling import PATIENT
from builders.started import ROOT, Started


@pytest.fixture
def silent_index() -> Iterator[socket.socket]:
    """A server that accepts connections and never sends anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENT)
        yield server


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_process_that_the_runner_started_stops_pip_and_removes_the_folder(
    checkout: Path, tmp_path: Path, silent_index: socket.socket, number: signal.Signals
) -> None:
    started = Started(checkout=checkout, folder=tmp_path)
    port = silent_index.getsockname()[1]
    environ = started.environ | {"PIP_INDEX_URL": f"http://127.0.0.1:{port}/simple", "PIP_RETRIES": "0"}
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    command = ["sh", str(checkout / "launch.sh"), "publish"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        connection, _ = silent_index.accept()
        with connection:
            connection.recv(1 << 16)
            process.send_signal(number)
            output, _ = process.communicate(timeout=PATIENT)
            assert connection.recv(1) == b"", "pip must have ended too"
    assert process.returncode == 128 + number
    assert output == f"Ended by {number.name} before anything was sent.\n"
    assert started.left_over == []


ENDED_BY: Final = """\
import os, signal, sys
sys.path.insert(0, "src")
from pypi_trusted_publish.installation import start
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU"):
    try:
        with start._ended_by_signals():
            os.kill(os.getpid(), getattr(signal, name))
    except start.Ended as ended:
        assert ended.args == (getattr(signal, name),)
        print(name, end=" ")
"""


def test_every_signal_that_stops_a_run_ends_the_start_in_the_same_way() -> None:
    ended = subprocess.run([sys.executable, "-c", ENDED_BY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "SIGINT SIGTERM SIGHUP SIGQUIT SIGXCPU "
