"""The workloads and who competes in each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from measuring import Measured, measure, measure_upload

from pypi_trusted_publish.rehearsal.samples import Sample, build_release, build_wheel, build_wheels
from pypi_trusted_publish.rehearsal.stage import Stage
from pypi_trusted_publish.rehearsal.traffic import Latency

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
NETWORK: Final = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy")
MB: Final = 1_000_000

Compete: TypeAlias = Callable[[Path], Measured]
"""Runs once on what was prepared in the folder."""


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One workload."""

    name: str
    statement: str
    prepare: Callable[[Path], Path]
    """Makes the workload in a folder; what it returns is handed to every run."""
    contestants: Mapping[str, Compete]
    """The first one is ours."""
    warm_ups: int = 1
    bars: Mapping[str, float] = field(default_factory=dict)
    """The most that our median may be of another's, where there is such a bar. For the reader: nothing fails on it."""


def environment(home: Path) -> dict[str, str]:
    """What every contestant is given: the network's variables, and a home of its own."""
    kept = {name: value for name, value in os.environ.items() if name in NETWORK or name.startswith("PIP_")}
    return {**kept, "HOME": str(home), "PYTHONUTF8": "1", "UV_NO_CACHE": "1"}


def ours(files: Path, *, latency: Latency) -> Measured:
    """The whole release: proof, checks, exchange, upload, revocation, read-back."""
    with _Stage(files, latency) as stage:
        command = [str(BIN / "python"), "-m", "pypi_trusted_publish", "publish"]
        return measure_upload(stage, command, {**environment(stage.folder), **stage.environ})


def twine(files: Path, *, latency: Latency) -> Measured:
    """``twine upload`` with a token that is ready."""
    with _Stage(files, latency) as stage:
        command = [str(BIN / "twine"), "upload", "--non-interactive", "--disable-progress-bar"]
        command += ["--repository-url", stage.index.upload_url, "-u", "__token__", "-p", _token(stage)]
        return measure_upload(stage, [*command, *map(str, stage.distributions or ())], environment(stage.folder))


def uv(files: Path, *, latency: Latency) -> Measured:
    """``uv publish`` with a token that is ready."""
    with _Stage(files, latency) as stage:
        command = [str(BIN / "uv"), "publish", "--trusted-publishing", "never", "--no-progress"]
        command += ["--publish-url", stage.index.upload_url, "--token", _token(stage)]
        return measure_upload(stage, [*command, *map(str, stage.distributions or ())], environment(stage.folder))


class _Stage:
    """An empty index with the files of the workload, for one run."""

    def __init__(self, files: Path, latency: Latency) -> None:
        self._folder = tempfile.mkdtemp(prefix="stage-", dir=files.parent)
        self._stage = Stage(Path(self._folder), distributions=sorted(files.iterdir()), latency=latency)

    def __enter__(self) -> Stage:
        return self._stage.__enter__()

    def __exit__(self, *exc: object) -> None:
        self._stage.__exit__(*exc)
        shutil.rmtree(self._folder, ignore_errors=True)


def _token(stage: Stage) -> str:
    """An upload token, got by an exchange before the clock starts."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    bearer = {"Authorization": f"bearer {stage.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    url = f"{stage.index.identity_url}&audience=rehearsal"
    identity = json.load(opener.open(urllib.request.Request(url, headers=bearer)))["value"]
    body = json.dumps({"token": identity}).encode()
    mint = urllib.request.Request(f"{stage.index.origin}/_/oidc/mint-token", data=body)
    mint.add_header("Content-Type", "application/json")
    token: str = json.load(opener.open(mint))["token"]
    return token


def check(files: Path) -> Measured:
    """``check`` on every file."""
    command = [str(BIN / "python"), "-m", "pypi_trusted_publish", "check", str(files)]
    return measure(command, environment(files.parent), files.parent)


def twine_check(files: Path) -> Measured:
    """``twine check --strict`` on every file."""
    command = [str(BIN / "twine"), "check", "--strict", *map(str, sorted(files.iterdir()))]
    return measure(command, environment(files.parent), files.parent)


def cold_start(folder: Path) -> Measured:
    """``bootstrap.py --version`` from nothing: the lock is installed by hash, then the program starts."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        environ = {**environment(Path(home)), "RUNNER_TEMP": home}
        return measure([_base_python(), str(ROOT / "bootstrap.py"), "--version"], environ, Path(home))


def pip_uv(folder: Path) -> Measured:
    """``pip install --target DIR uv``, without a cache."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        command = [_base_python(), "-m", "pip", "install", "--quiet", "--no-cache-dir", "--target", f"{home}/uv", "uv"]
        return measure(command, environment(Path(home)), Path(home))


def venv_twine(folder: Path) -> Measured:
    """A fresh environment with twine in it, without a cache."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        steps = f'"$0" -m venv {home}/v && {home}/v/bin/python -m pip install --quiet --no-cache-dir twine'
        return measure(["sh", "-c", steps, _base_python()], environment(Path(home)), Path(home))


def _base_python() -> str:
    """The interpreter that the environment of the benchmark was made from."""
    code = "import sys; print(sys.base_prefix + '/bin/python3')"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _files(build: Callable[[Path], object], folder: Path) -> Path:
    files = folder / "files"
    files.mkdir()
    build(files)
    return files


def _wheels(count: int, size: int) -> Callable[[Path], Path]:
    return partial(_files, lambda files: build_wheels(files, Sample(padding=size), count))


def _one_wheel(size: int) -> Callable[[Path], Path]:
    return partial(_files, lambda files: build_wheel(files, Sample(padding=size)))


def _uploads(latency: Latency) -> dict[str, Compete]:
    return {
        "this project": partial(ours, latency=latency),
        "twine": partial(twine, latency=latency),
        "uv publish": partial(uv, latency=latency),
    }


def _growth(name: str, statement: str, prepare: Callable[[Path], Path]) -> Contest:
    only_us = {"this project": partial(ours, latency=Latency())}
    return Contest(name=name, statement=statement, prepare=prepare, contestants=only_us, warm_ups=0)


_ALL: Final[Sequence[Contest]] = (
    Contest(
        name="cold-start",
        statement="from an empty folder, without a cache, to the program's version",
        prepare=lambda folder: folder,
        contestants={"this project": cold_start, "pip install uv": pip_uv, "venv with twine": venv_twine},
        warm_ups=0,
        bars={"pip install uv": 1.5, "venv with twine": 1 / 3},
    ),
    Contest(
        name="small",
        statement="one wheel and one sdist; on our side the full exchange is included",
        prepare=partial(_files, build_release),
        contestants=_uploads(Latency()),
        bars={"twine": 1.0},
    ),
    Contest(
        name="40x1MB",
        statement="40 wheels of 1 MB, 50 ms of round trip and 150 ms of server time each",
        prepare=_wheels(40, MB),
        contestants=_uploads(Latency(round_trip=50, server=150)),
        warm_ups=0,
        bars={"twine": 1 / 3, "uv publish": 1 / 3},
    ),
    Contest(
        name="150x200kB",
        statement="150 wheels of 200 kB, 30 ms of round trip and 100 ms of server time each",
        prepare=_wheels(150, MB // 5),
        contestants=_uploads(Latency(round_trip=30, server=100)),
        warm_ups=0,
        bars={"twine": 1 / 3, "uv publish": 1 / 3},
    ),
    Contest(
        name="8x60MB",
        statement="8 wheels of 60 MB without distance, every hash of RECORD compared on our side",
        prepare=_wheels(8, 60 * MB),
        contestants=_uploads(Latency()),
        bars={"twine": 1.0},
    ),
    Contest(
        name="1GiB",
        statement="one wheel of 1 GiB without distance",
        prepare=_one_wheel(1 << 30),
        contestants=_uploads(Latency()),
        warm_ups=0,
        bars={"twine": 1.3, "uv publish": 1.3},
    ),
    Contest(
        name="check",
        statement="validation alone of 40 wheels of 1 MB",
        prepare=_wheels(40, MB),
        contestants={"this project": check, "twine check --strict": twine_check},
        bars={"twine check --strict": 1.0},
    ),
    *(_growth(f"files-{count}", f"{count} wheels of 10 kB", _wheels(count, 10_000)) for count in (1, 10, 100, 1_000)),
    *(
        _growth(f"bytes-{size >> 20}MiB", f"one wheel of {size >> 20} MiB", _one_wheel(size))
        for size in (1 << 20, 1 << 24, 1 << 28, 1 << 31)
    ),
)

CONTESTS: Final = {contest.name: contest for contest in _ALL}
