from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from builders.plain_client import PlainClient
from pypi_trusted_publish.rehearsal.sandbox import Sandbox


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Callable[..., PlainClient]]:
    """Enters a stage and gives a client of it; all of them are left at the end."""
    with ExitStack() as stack:

        def enter(**options: object) -> PlainClient:
            stage = stack.enter_context(Sandbox(tmp_path / "stage", **options))  # type: ignore[arg-type]
            return stack.enter_context(PlainClient(stage))

        yield enter
