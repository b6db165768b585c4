"""Serve the embedded index from the command line: ``python -m pypi_trusted_publish.rehearsal --serve``.

Prints one line of JSON when it is ready (URLs, the authority's file, the environment of a job) and serves until
standard input ends or a signal comes. A last line of JSON lists the files, the counters and the valid tokens.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Final

from .faults.schedule import UnknownFault
from .faults.table import FAULTS
from .projects import SIZE_LIMIT
from .sandbox import DEFAULT_ENVIRONMENT, Sandbox
from .traffic import Latency

_STOPPING: Final = ("SIGINT", "SIGTERM", "SIGBREAK")
_POLL_SECONDS: Final = 0.1
"""Seconds between checks, because Windows does not interrupt a wait for a lock."""


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pypi_trusted_publish.rehearsal", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="serve until standard input ends or a signal comes")
    parser.add_argument("--list-faults", action="store_true", help="print the faults and stop")
    parser.add_argument("--port", type=int, default=0, help="of the index; 0: any free one")
    parser.add_argument("--tls", action="store_true", help="with a throw-away authority, for SSL_CERT_FILE")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[:K]")
    parser.add_argument("--random-faults", metavar="SEED:PERCENT", help="so many requests in a hundred meet a fault")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="round trip of every request")
    parser.add_argument("--server-ms", type=float, default=0.0, help="the server's work for an upload or a mint")
    parser.add_argument("--project", action="append", default=None, help="exists and is covered by the publisher")
    parser.add_argument("--pending", default="", help="a project with a pending publisher only")
    parser.add_argument("--environment", default=DEFAULT_ENVIRONMENT, help="of the job's claims and the publisher")
    parser.add_argument("--audience", default="rehearsal")
    parser.add_argument("--size-limit-mb", type=int, default=SIZE_LIMIT >> 20, help="of one file")
    parser.add_argument("--claim", action="append", default=[], metavar="NAME=VALUE", help="replaces one of the job's")
    parser.add_argument("--folder", type=Path, help="where the job's files are laid out; default: a temporary one")
    parser.add_argument("distributions", nargs="*", type=Path, metavar="DIST", help="files to release; none: a sample")
    return parser


def main(arguments: list[str]) -> int:
    """Run the command; returns the exit code."""
    parser = _options()
    options = parser.parse_args(arguments)
    if options.list_faults:
        for fault in FAULTS.values():
            print(f"{fault.name}: {fault.description}")
        return 0
    if not options.serve:
        parser.error("nothing to do: give --serve or --list-faults")
    with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as temporary:
        try:
            sandbox = _sandbox(options, options.folder or Path(temporary))
        except (UnknownFault, ValueError) as error:
            parser.error(str(error))
        _serve(sandbox)
    return 0


def _sandbox(options: argparse.Namespace, folder: Path) -> Sandbox:
    seed, _, percent = (options.random_faults or "").partition(":")
    return Sandbox(
        folder,
        distributions=[path.resolve() for path in options.distributions] or None,
        projects=options.project,
        pending=options.pending,
        environment=options.environment,
        claims=dict(text.split("=", maxsplit=1) for text in options.claim),
        faults=options.fault,
        random_faults=(int(seed), float(percent) / 100) if options.random_faults else None,
        tls=options.tls,
        port=options.port,
        latency=Latency(round_trip=options.latency_ms, server=options.server_ms),
        audience=options.audience,
        size_limit=options.size_limit_mb << 20,
    )


def _serve(sandbox: Sandbox) -> None:
    over = threading.Event()
    for name in _STOPPING:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: over.set())
    with sandbox:
        print(json.dumps(_directions(sandbox)), flush=True)
        threading.Thread(target=_until_input_ends, args=(over,), daemon=True).start()
        while not over.wait(_POLL_SECONDS):
            pass
        print(json.dumps(_account(sandbox)), flush=True)


def _until_input_ends(over: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # no lock of a buffer, which would be held when the program ends
        pass
    over.set()


def _directions(sandbox: Sandbox) -> dict[str, Any]:
    index = sandbox.index
    return {
        "upload_url": index.upload_url,
        "simple_url": index.simple_url,
        "identity_url": index.identity_url,
        "request_token": index.github.request_token,
        "api_url": index.api_url,
        "ca_file": str(index.authority_file) if index.authority_file else None,
        "environ": sandbox.environ,
        "distributions": [str(path) for path in sandbox.distributions or ()],
    }


def _account(sandbox: Sandbox) -> dict[str, Any]:
    traffic = sandbox.index.traffic
    return {
        "files": [
            {"filename": file.filename, "sha256": file.sha256, "size": file.size} for file in sandbox.published()
        ],
        "connections": traffic.connections,
        "peak_uploads": traffic.peak_uploads,
        "requests": len(sandbox.requests),
        "first_request": min((request.began for request in sandbox.requests), default=None),
        "last_request": max((request.ended for request in sandbox.requests), default=None),
        "live_tokens": len(sandbox.live_tokens()),
        "faults_triggered": sandbox.index.faults.triggered,
        "crashes": [repr(crash) for crash in traffic.crashes],
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
