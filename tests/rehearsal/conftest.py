from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from builders.plain_client import PlainClient
from pypi_trusted_publish.rehearsal.sandbox import Sandbox


@pytest.fixture
def sandboxed(tmp_path: Path) -> Iterator[Callable[..., PlainClient]]:
    """Enters sandboxes, gives a client for each, and leaves them at the end."""
    with ExitStack() as stack:

        def enter(**options: object) -> PlainClient:
            sandbox = stack.enter_context(Sandbox(tmp_path / "sandbox", **options))  # type: ignore[arg-type]
            return stack.enter_context(PlainClient(sandbox))

        yield enter
