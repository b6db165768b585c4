from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.attestations import Stand, verify_identity
from local_sigstore.instance import LocalSigstore


@pytest.fixture
def instance() -> Iterator[LocalSigstore]:
    """A Sigstore instance of its own for each test."""
    local = LocalSigstore(verify_identity)
    with local.running():
        yield local


@pytest.fixture
def stand(instance: LocalSigstore, tmp_path: Path) -> Iterator[Stand]:
    """A job that attests its files with that instance."""
    made = Stand(instance=instance, folder=tmp_path)
    yield made
    made.session.close()
