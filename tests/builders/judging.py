"""Bytes judged without a disk: candidates whose content is in memory."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

from pypi_trusted_publish.checks.check import check
from pypi_trusted_publish.checks.model import Candidate, CheckedSet, CheckOptions, FileIdentity
from pypi_trusted_publish.errors import Severity


def candidate(
    filename: str,
    data: bytes,
    *,
    line: str = "dist",
    opener: Callable[[], BinaryIO] | None = None,
    folder: str = "/dist",
) -> Candidate:
    """A file of these bytes."""
    return Candidate(
        path=f"{folder}/{filename}",
        filename=filename,
        line=line,
        identity=FileIdentity(device=1, inode=hash((folder, filename)), size=len(data), mtime_ns=0),
        open=opener or (lambda: io.BytesIO(data)),
    )


def judge_all(*files: tuple[str, bytes], options: CheckOptions | None = None) -> CheckedSet:
    """Everything that is found in these files."""
    return check([candidate(name, data) for name, data in files], options=options or CheckOptions())


def judge(filename: str, data: bytes, *, options: CheckOptions | None = None) -> dict[str, Severity]:
    """The rules that a file breaks, and how severely; what only concerns a release as a whole is left out."""
    found = judge_all((filename, data), options=options).findings
    return {finding.rule: finding.severity for finding in found if finding.rule != "set-no-sdist"}


def errors(filename: str, data: bytes, *, options: CheckOptions | None = None) -> list[str]:
    """The rules for which the index refuses a file."""
    return [rule for rule, severity in judge(filename, data, options=options).items() if severity is Severity.ERROR]
