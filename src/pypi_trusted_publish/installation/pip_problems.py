"""What can go wrong before the program has its packages, told as every other problem.

Standard library only: ``bootstrap.py`` runs this before anything is installed.
"""

from __future__ import annotations

import re
from typing import Final

from ..errors import Diagnosis, IndexUnavailable, PublishError, WorkflowError

SET_UP_PYTHON: Final = """\
- uses: actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405  # v6.2.0
  with:
    python-version: "3.x"
"""

READ_ON: Final = "docs/troubleshooting.md"

_CREDENTIALS: Final = re.compile(r"(?<=://)[^/\s]+(?=@)")
_TAIL: Final = 20


def pip_is_missing(python: str) -> PublishError:
    """Tell that the interpreter ``python`` (its path and version) came without pip in any form."""
    return WorkflowError(
        Diagnosis(
            code="pip-missing",
            message=f"This Python has no pip, neither with it nor installed: {python}.",
            likely_cause="Distributors of slim images leave out pip and ensurepip.",
            fix="Set up a complete Python before this step, or install the distributor's packages for pip and venv.",
            snippet=SET_UP_PYTHON,
            read_more=READ_ON,
        )
    )


def not_installed(lock: str, said: str, status: int, python: str) -> PublishError:
    """Tell that pip ended with ``status`` while it installed ``lock``; ``said`` is all of its output."""
    tail = [_CREDENTIALS.sub("***", line) for line in said.splitlines() if line.strip()][-_TAIL:]
    errors = [line for line in tail if line.startswith("ERROR:")] or tail[-1:]
    return IndexUnavailable(
        Diagnosis(
            code="packages-not-installed",
            message=f"pip could not install the locked packages of {lock!r} (status {status}): {' '.join(errors)}",
            likely_cause=(
                "Most often the package index, or a proxy on the way to it, did not answer or served other bytes."
            ),
            fix="Run the job again. If it stays, look at the index, proxy and certificates that pip is told to use.",
            read_more=READ_ON,
            details=(("Python", python), *(("pip", line) for line in tail)),
        )
    )


def incomplete(lock: str, missing: tuple[str, ...], python: str) -> PublishError:
    """Tell that pip said that all went well, and these ``name==version`` are not there."""
    return WorkflowError(
        Diagnosis(
            code="packages-incomplete",
            message=f"pip reported success, but packages of {lock!r} are not there: {', '.join(missing)}.",
            likely_cause="This pip obeys something that redirects installations.",
            fix="Set up a Python of its own before this step.",
            snippet=SET_UP_PYTHON,
            read_more=READ_ON,
            details=(("Python", python),),
        )
    )


def settings_unreadable(path: str) -> PublishError:
    """Tell that a configuration file of pip is malformed."""
    return WorkflowError(
        Diagnosis(
            code="pip-settings-unreadable",
            message=f"The configuration file of pip cannot be read as one: {path}.",
            fix="Correct or remove it on the runner; pip itself stops at it too.",
            read_more=READ_ON,
        )
    )


def no_private_folder(parent: str, reason: str) -> PublishError:
    """Tell that no folder could be made in ``parent``; ``reason`` is the operating system's phrase."""
    return WorkflowError(
        Diagnosis(
            code="no-private-folder",
            message=f"No folder can be made in {parent}: {reason}.",
            likely_cause="RUNNER_TEMP names a folder that is not there, is full, or belongs to somebody else.",
            fix="On a runner of your own, make that folder writable for the user that runs the job.",
            read_more=READ_ON,
        )
    )
