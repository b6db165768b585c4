"""A release with a hostile file, which is read up to its limit."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from builders import hostile
from builders.archives import WHEEL_NAME, wheel_bytes
from builders.publish_run import nothing_was_published, run_publish
from pypi_trusted_publish.io.workers import pool
from pypi_trusted_publish.rehearsal.sandbox import Sandbox


@pytest.mark.skipif(sys.platform == "win32", reason="Windows bounds no processor time")
def test_nothing_is_sent_when_a_file_cannot_be_read_within_its_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "processor_seconds", lambda _size: 2.0)
    monkeypatch.setattr(pool, "_WALL", 100)  # a busy machine does not end it by the clock
    (tmp_path / WHEEL_NAME).write_bytes(wheel_bytes())
    files = [hostile.many_members(tmp_path), tmp_path / WHEEL_NAME]
    with Sandbox(tmp_path / "sandbox", distributions=files, inputs={"expected-version": "any"}) as sandbox:
        result = run_publish(sandbox)
        assert result.code == 3, result.log
        assert "Neither metadata nor digests could be read: it " in result.log
        nothing_was_published(sandbox, result)
