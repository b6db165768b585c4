"""The embedded index for jobs on GitHub: it accepts identity tokens that GitHub has signed for this job.

``python index_for_real_tokens.py FOLDER`` builds a sample release in ``FOLDER``, starts the index in a separate
process, which ends after ten minutes, and writes its addresses as outputs of the step: ``upload-url`` and
``simple-url``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jwt

from pypi_trusted_publish.rehearsal.github import ISSUER, LEEWAY, Issuer
from pypi_trusted_publish.rehearsal.index import EmbeddedIndex
from pypi_trusted_publish.rehearsal.publishers import Publisher
from pypi_trusted_publish.rehearsal.samples import Sample, build_release

KEYS: Final = f"{ISSUER}/.well-known/jwks"
LIFETIME: Final = 600
"""Seconds."""


class PublishedKeys(Issuer):
    """Trusts what is signed by one of the keys at a URL, and signs nothing."""

    def __init__(self, url: str) -> None:
        super().__init__({}, now=time.time)
        self._keys = jwt.PyJWKClient(url)

    def verify(self, token: str, audience: str) -> dict[str, Any]:
        """Return the claims of a token that is signed by one of the keys; raises ``jwt.InvalidTokenError``."""
        try:
            key = self._keys.get_signing_key_from_jwt(token)
        except jwt.PyJWKClientError as error:
            raise jwt.InvalidTokenError("no such key") from error
        claims: dict[str, Any] = jwt.decode(
            token, key.key, algorithms=["RS256"], audience=audience, issuer=ISSUER, leeway=LEEWAY
        )
        return claims


def make_index(environ: Mapping[str, str], keys: str) -> EmbeddedIndex:
    """Make the index of one job of this repository: its publisher is the workflow that runs."""
    index = EmbeddedIndex(claims={})
    index.oidc.issuer = PublishedKeys(keys)
    workflow = environ["GITHUB_WORKFLOW_REF"].split("@", maxsplit=1)[0].rsplit("/", maxsplit=1)[-1]
    publisher = Publisher(
        repository=environ["GITHUB_REPOSITORY"],
        owner_id=environ["GITHUB_REPOSITORY_OWNER_ID"],
        workflow=workflow,
        environment=environ["JOB_ENVIRONMENT"],
    )
    index.add_publisher(publisher, [Sample().name])
    return index


def serve(environ: Mapping[str, str]) -> None:
    """Serve for a while; the first line of standard output has the addresses."""
    with make_index(environ, KEYS) as index:
        print(json.dumps({"upload-url": index.upload_url, "simple-url": index.simple_url}), flush=True)
        threading.Event().wait(LIFETIME)


def start(folder: Path, environ: Mapping[str, str]) -> None:
    """Build the release, start the index and write its addresses.

    The index inherits no stream of the step: the runner waits for their ends, and then ends what still holds them.
    """
    build_release(folder)
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    log = Path(environ["RUNNER_TEMP"], "index.log")
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            **detached,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        sys.exit(f"The index did not start: {log.read_text(encoding='utf-8', errors='replace')}")
    addresses: dict[str, str] = json.loads(line)
    with Path(environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in addresses.items())


if __name__ == "__main__":
    if sys.argv[1:]:
        start(Path(sys.argv[1]), os.environ)
    else:
        serve(os.environ)
