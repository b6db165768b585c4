"""The console script, when its output was closed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from builders.started import ROOT
from pypi_trusted_publish.__main__ import is_closed_pipe, main
from pypi_trusted_publish.io.http.trust import Trust

ENTERS = """
import io, os, sys
from pypi_trusted_publish.__main__ import entry

class Output(io.RawIOBase):
    def writable(self):
        return True

    def fileno(self):
        return 1

    def write(self, data):
        try:
            return os.write(1, data)
        except OSError:  # on Windows no BrokenPipeError
            raise OSError(NUMBER, "as the system says it") from None

sys.platform = PLATFORM
sys.stdout = io.TextIOWrapper(io.BufferedWriter(Output()), encoding="utf-8")
sys.argv[1:] = ["--version"]
entry()
"""


@pytest.mark.parametrize(("platform", "number"), [("linux", errno.EPIPE), ("win32", errno.EINVAL)])
def test_a_closed_pipe_causes_no_traceback(platform: str, number: int) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    code = ENTERS.replace("NUMBER", str(number)).replace("PLATFORM", repr(platform))
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, env=environ, stdout=writes, stderr=subprocess.PIPE, check=False)
    os.close(writes)
    assert (ended.returncode, ended.stderr) == (128 + 13, b"")


def test_an_interpreter_that_cannot_freeze_its_objects_ends_like_others() -> None:
    """PyPy cannot."""
    code = (
        "import gc, sys; del gc.freeze; sys.argv[1:] = ['--version']; from pypi_trusted_publish.__main__ import entry"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    ended = subprocess.run([sys.executable, "-c", f"{code}; entry()"], env=environ, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")  # noqa: PTH110
def test_a_full_output_is_reported_on_standard_error() -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "pypi_trusted_publish", "--version"]
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        ended = subprocess.run(command, env=environ, stdout=full, stderr=subprocess.PIPE, check=False)
    said = b"The output could not be written: No space left on device."
    assert (ended.returncode, ended.stderr.splitlines()) == (2, [said])


@pytest.mark.skipif(sys.platform == "win32", reason="standard streams as POSIX has them")
def test_standard_streams_that_are_closed_are_not_taken_by_another_file() -> None:
    code = "import sys; from pypi_trusted_publish.__main__ import main; main(['--version'], environ={});"
    code += "import os; file = os.open(os.devnull, os.O_RDONLY); sys.exit(file)"
    command = ["sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, code]
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, check=False)
    assert ended.returncode == 3


def test_empty_variables_do_not_hide_the_trust_store_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    for name in variables:
        monkeypatch.delenv(name, raising=False)
    expected = Trust().context().cert_store_stats()
    for name in variables:
        monkeypatch.setenv(name, "")
    assert main(["--version"], environ=os.environ) == 0
    assert not {*variables} & {*os.environ}
    assert Trust.from_environ(os.environ).context().cert_store_stats() == expected


def test_variables_that_name_a_trust_store_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "ca.pem")
    assert main(["--version"], environ=os.environ) == 0
    assert os.environ["SSL_CERT_FILE"] == "ca.pem"


def test_another_error_is_not_a_closed_pipe() -> None:
    assert not is_closed_pipe(OSError(errno.EINVAL, "Invalid argument"), "linux")
    assert not is_closed_pipe(OSError(errno.ENOSPC, "No space left on device"), "win32")
