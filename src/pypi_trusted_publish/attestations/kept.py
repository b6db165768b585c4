"""Where made attestations stay: a folder that later steps can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .signing import Signed


def keep(folder: Path, filename: str, signed: Signed) -> Path:
    """Write one file's attestation, as it is sent, and its Sigstore bundle with everything that the services said.

    ``<filename>.publish.attestation`` is PEP 740's form; ``<filename>.sigstore.json`` is what ``sigstore`` and
    ``cosign`` verify. Returns the path of the former.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{filename}.publish.attestation"
    path.write_text(signed.attestation.model_dump_json(), encoding="utf-8", newline="\n")
    (folder / f"{filename}.sigstore.json").write_text(signed.bundle.to_json(), encoding="utf-8", newline="\n")
    return path
