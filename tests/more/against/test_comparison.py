"""What docs/comparison.md says of uv and twine, they do: played against the index of the rehearsal.

When one of these fails after an update of theirs, the table of docs/comparison.md is what has to change.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from builders.started import ROOT
from pypi_trusted_publish.rehearsal.sandbox import Sandbox

BIN: Final = Path(sys.executable).parent
DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def staged(folder: Path, *faults: str, tls: bool = False) -> Iterator[Sandbox]:
    with Sandbox(folder, faults=faults, tls=tls) as stage:
        yield stage


def run(stage: Sandbox, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of others in the environment of the stage's job."""
    environ = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    job = stage.environ | {"HOME": str(stage.folder), "UV_NO_PROGRESS": "1", "TERM": "dumb", "PYTHONUTF8": "1"}
    program = str(BIN / command[0])
    return subprocess.run(
        [program, *command[1:]],
        env=environ | job,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def uv_publish(stage: Sandbox, *files: str) -> subprocess.CompletedProcess[str]:
    """Let uv do the whole exchange, and upload the files, or all that the stage has built."""
    index = stage.index
    urls = ["--publish-url", index.upload_url, "--check-url", index.simple_url]
    return run(stage, "uv", "publish", "--trusted-publishing", "always", *urls, *(files or distributions(stage)))


def twine_upload(stage: Sandbox) -> subprocess.CompletedProcess[str]:
    """Give twine a token, for it exchanges with the public indexes only."""
    given = ["--username", "__token__", "--password", minted(stage)]
    urls = ["--repository-url", stage.index.upload_url]
    return run(stage, "twine", "upload", "--disable-progress-bar", *urls, *given, *distributions(stage))


def distributions(stage: Sandbox) -> list[str]:
    return sorted(str(path) for path in (stage.folder / "workspace" / "dist").iterdir())


def minted(stage: Sandbox) -> str:
    """An upload token of the stage's job."""
    url = f"{stage.environ['ACTIONS_ID_TOKEN_REQUEST_URL']}&{urllib.parse.urlencode({'audience': 'rehearsal'})}"
    bearer = {"Authorization": f"bearer {stage.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    with DIRECT.open(urllib.request.Request(url, headers=bearer)) as answer:
        body = json.dumps({"token": json.load(answer)["value"]}).encode()
    origin = stage.index.upload_url.removesuffix("/legacy/")
    mint = urllib.request.Request(f"{origin}/_/oidc/mint-token", body, {"Content-Type": "application/json"})
    with DIRECT.open(mint) as answer:
        token: str = json.load(answer)["token"]
    return token


def posts(stage: Sandbox, path: str) -> int:
    return sum(request.method == "POST" and request.path == path for request in stage.requests)


def test_uv_exchanges_uploads_one_by_one_and_gives_its_token_back(tmp_path: Path) -> None:
    with staged(tmp_path, tls=True) as stage:
        ended = uv_publish(stage)
        assert ended.returncode == 0, ended.stderr
        assert len(stage.published()) == 2
        assert stage.live_tokens() == ()


def test_uv_ends_at_an_upload_that_is_answered_503(tmp_path: Path) -> None:
    with staged(tmp_path, "upload-503", tls=True) as stage:
        assert uv_publish(stage).returncode != 0
        assert (posts(stage, "/legacy/"), len(stage.published())) == (1, 0)


def test_uv_ends_when_the_answer_with_its_token_is_lost_and_the_token_lives_on(tmp_path: Path) -> None:
    with staged(tmp_path, "mint-reset-after", tls=True) as stage:
        assert uv_publish(stage).returncode != 0
        assert len(stage.live_tokens()) == 1


def test_uv_meets_a_name_that_is_taken_when_other_files_are_public_already(tmp_path: Path) -> None:
    with staged(tmp_path, tls=True) as stage:
        wheel, sdist = distributions(stage)
        other = tmp_path / "anew" / Path(sdist).name
        other.parent.mkdir()
        other.write_bytes(gzip.compress(gzip.decompress(Path(sdist).read_bytes()), 1, mtime=1))
        assert uv_publish(stage, sdist).returncode == 0
        assert uv_publish(stage, wheel, str(other)).returncode != 0
        assert len(stage.published()) == 2


def test_twine_tries_an_upload_again_that_is_answered_503_and_keeps_its_token(tmp_path: Path) -> None:
    with staged(tmp_path, "upload-503") as stage:
        ended = twine_upload(stage)
        assert ended.returncode == 0, ended.stdout
        assert posts(stage, "/legacy/") == 3
        assert len(stage.live_tokens()) == 1


@pytest.fixture
def without_record(tmp_path: Path) -> Path:
    """A wheel that the index refuses."""
    with staged(tmp_path / "stage") as stage:
        whole = next(Path(path) for path in distributions(stage) if path.endswith(".whl"))
        bare = tmp_path / whole.name
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(bare, "w", zipfile.ZIP_DEFLATED) as target:
            for member in source.infolist():
                if not member.filename.endswith("/RECORD"):
                    target.writestr(member.filename, source.read(member))
    return bare


def test_a_wheel_without_record_passes_the_check_of_twine_and_not_ours(without_record: Path) -> None:
    twine = [str(BIN / "twine"), "check", "--strict", str(without_record)]
    ours = [sys.executable, "-m", "pypi_trusted_publish", "check", str(without_record)]
    environ = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    codes = [
        subprocess.run(command, env=environ, capture_output=True, check=False).returncode for command in (twine, ours)
    ]
    assert codes == [0, 3]


def test_uv_sends_a_wheel_without_record(without_record: Path, tmp_path: Path) -> None:
    with staged(tmp_path / "another", tls=True) as stage:
        for path in distributions(stage):
            Path(path).unlink()
        (stage.folder / "workspace" / "dist" / without_record.name).write_bytes(without_record.read_bytes())
        assert uv_publish(stage).returncode != 0
        assert posts(stage, "/legacy/") == 1
