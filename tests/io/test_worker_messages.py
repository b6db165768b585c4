"""The messages between a worker and its parent, which believes nothing that does not fit."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from builders.archives import WHEEL_NAME, wheel_bytes
from builders.judging import candidate
from pypi_trusted_publish.checks.check import inspect
from pypi_trusted_publish.checks.model import CheckOptions
from pypi_trusted_publish.errors import Severity
from pypi_trusted_publish.io.workers.messages import (
    InspectionTask,
    Malformed,
    Message,
    RenderingTask,
    decode_inspection,
    decode_rendering,
    decode_task,
    encode_inspection,
    encode_task,
    read_frame,
    write_frame,
)


def of_a_wheel() -> tuple[Message, Any]:
    file = candidate(WHEEL_NAME, wheel_bytes({"demo.pth": b""}))
    return json.loads(json.dumps(encode_inspection(inspect(file, options=CheckOptions())))), file


def test_an_inspection_survives_the_pipe() -> None:
    message, file = of_a_wheel()
    inspection = decode_inspection(message, file)
    assert inspection == inspect(file, options=CheckOptions())
    assert inspection.findings[0].severity is Severity.WARNING


LIES: dict[str, tuple[str, object]] = {
    "findings": ("findings", None),
    "findings-many": ("findings", [["content-pth-file", "error", "", ""]] * 1001),
    "finding": ("findings", [["content-pth-file", "error"]]),
    "rule": ("findings", [["no-such-rule", "error", "", ""]]),
    "severity": ("findings", [["content-pth-file", "fatal", "", ""]]),
    "message": ("findings", [["content-pth-file", "error", "x" * 30_000, ""]]),
    "distribution": ("distribution", [1]),
}
LIES_OF_A_DISTRIBUTION: dict[str, tuple[str, object]] = {
    "name": ("name", "../evil"),
    "name-type": ("name", 5),
    "kind": ("kind", "egg"),
    "version": ("version", "one"),
    "tags": ("tags", "py3"),
    "tag": ("tags", [1]),
    "fields": ("fields", {}),
    "field": ("fields", [["Name"]]),
    "field-type": ("fields", [["Name", 1]]),
    "sha256": ("sha256", "A" * 64),
    "blake2b": ("blake2b_256", "ab"),
    "metadata-version": ("metadata_version", None),
}


@pytest.mark.parametrize(("key", "value"), LIES.values(), ids=LIES)
def test_an_answer_that_is_none_is_not_believed(key: str, value: object) -> None:
    message, file = of_a_wheel()
    with pytest.raises(Malformed):
        decode_inspection({**message, key: value}, file)


@pytest.mark.parametrize(("key", "value"), LIES_OF_A_DISTRIBUTION.values(), ids=LIES_OF_A_DISTRIBUTION)
def test_a_distribution_that_is_none_is_not_believed(key: str, value: object) -> None:
    message, file = of_a_wheel()
    answered = message["distribution"]
    assert isinstance(answered, dict)
    with pytest.raises(Malformed):
        decode_inspection({**message, "distribution": {**answered, key: value}}, file)


def test_a_distribution_may_lack_the_digest_that_fips_mode_refuses() -> None:
    message, file = of_a_wheel()
    answered = message["distribution"]
    assert isinstance(answered, dict)
    inspection = decode_inspection({**message, "distribution": {**answered, "blake2b_256": ""}}, file)
    assert inspection.distribution is not None
    assert inspection.distribution.blake2b_256 == ""


@pytest.mark.parametrize(
    "message",
    [{}, {"verdict": "fine", "problem": "", "line": None}, {"verdict": "rendered", "problem": 1, "line": None},
     {"verdict": "rendered", "problem": "", "line": "1"}, {"verdict": "rendered", "problem": "", "line": True}],
)  # fmt: skip
def test_a_rendering_that_is_none_is_not_believed(message: Message) -> None:
    with pytest.raises(Malformed):
        decode_rendering(message)


def test_tasks_survive_the_pipe(tmp_path: Path) -> None:
    tasks: list[InspectionTask | RenderingTask] = [
        InspectionTask(path="/x", filename="x", device=1, inode=2, size=3, mtime_ns=4, full=True, content=False,
                       unpacked_budget=5, member_budget=6, seconds=7.5),
        RenderingTask(text="\udcff \U0001f600", folders=["/a"], seconds=1.0),
    ]  # fmt: skip
    with (tmp_path / "pipe").open("w+b") as pipe:
        for task in tasks:
            write_frame(pipe, encode_task(task))
        pipe.seek(0)
        for task in tasks:
            message = read_frame(pipe)
            assert message is not None
            assert decode_task(message) == task
        assert read_frame(pipe) is None


@pytest.mark.parametrize(
    "data",
    [b"\0", struct.pack(">I", 1 << 31), b"\0\0\0\2[]", b"\0\0\0\2{x", struct.pack(">I", 100_000) + b"[" * 100_000],
    ids=["short", "large", "array", "broken", "deep"],
)
def test_a_frame_that_is_none_is_not_read(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "pipe").write_bytes(data)
    with (tmp_path / "pipe").open("rb") as pipe, pytest.raises(Malformed):
        read_frame(pipe)
