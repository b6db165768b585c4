"""The problems before the program has its packages, reported without them.

Standard library only: the transcript, which reports everything else, needs the packages.
"""

from __future__ import annotations

import errno
import os
import re
import time
from typing import TYPE_CHECKING, Final

from ..errors import Cure, Diagnosis, IndexUnavailable, PublishError, TamperedError, WorkflowError
from ..sanitize import clean
from .pip_settings import origins, secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SET_UP_PYTHON: Final = """\
- uses: actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405  # v6.2.0
  with:
    python-version: "3.x"
"""

_CREDENTIALS: Final = re.compile(r"(?<=://)[^/\s]+(?=@)")
_INDEXES: Final = "Looking in indexes:"
"""The start of the line in which pip lists the configured indexes."""
_NOT_FOUND: Final = re.compile(r"No matching distribution found for (\S+)")
_TAIL: Final = 20
_CERTIFICATE: Final = re.compile(r"CERTIFICATE_VERIFY_FAILED\] certificate verify failed: ([^(\n]{1,200})")
_FULL: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_DISK_FULL: Final = re.compile(r"\[Errno (?:28|122)\]|No space left on device|Disk quota exceeded")


def log_lines(diagnosis: Diagnosis) -> list[str]:
    """Return the whole diagnosis for a log, cleaned, without line ends."""
    parts = [diagnosis.message, diagnosis.likely_cause, diagnosis.fix, *diagnosis.snippet.splitlines()]
    parts += [f"{name}: {value}" for name, value in diagnosis.details]
    return [clean(part) for part in parts if part]


def annotation(diagnosis: Diagnosis) -> str:
    """Return an error of the run: a workflow command on one line, at most 4,000 characters of text."""
    text = " ".join(part for part in (diagnosis.message, diagnosis.likely_cause, diagnosis.fix) if part)
    message = clean(text)[:4000].replace("%", "%25")
    return f"::error title=pypi-trusted-publish {diagnosis.code}::{message}"


def summary(diagnosis: Diagnosis) -> str:
    """Return Markdown for the job summary; untrusted text is in a code block."""
    code = "\n".join("    " + line for line in log_lines(diagnosis))
    page = diagnosis.read_more or "docs/troubleshooting.md"
    return f"### Nothing was published: the action could not start\n\n{code}\n\nSee `{page}`.\n"


def pip_missing(python: str) -> PublishError:
    """The interpreter ``python`` (its path and version) came without pip in any form."""
    return WorkflowError(
        Diagnosis(
            code="pip-missing",
            message=f"This Python has no pip, neither bundled nor installed: {python}.",
            likely_cause="Slim images leave out pip and ensurepip.",
            fix="Set up a complete Python before this step, or install the distributor's packages for pip and venv.",
            snippet=SET_UP_PYTHON,
        )
    )


def not_installed(
    lock: str,
    printed: str,
    status: int,
    python: str,
    environment: Mapping[str, str],
    *,
    unanswered: Sequence[str] = (),
) -> PublishError:
    """Pip, with this ``environment``, ended with ``status`` while it installed ``lock``.

    ``printed`` is all of its output, ``unanswered`` why no index answered, if so; secrets of the environment are taken
    out of both.
    """
    lines = [line for line in printed.splitlines() if line.strip() and not line.startswith(_INDEXES)][-_TAIL:]
    hidden = secrets(environment)
    tail = [_without(hidden, line) for line in (*unanswered, *lines)]
    errors = [line for line in tail if line.startswith("ERROR:")] or tail[-1:]
    if any(_DISK_FULL.search(line) for line in tail):
        return disk_full(errors[-1])
    if (refused := _CERTIFICATE.search(printed)) is not None:
        return _certificate_refused(refused[1].strip(), python, environment)
    details = (("Python", python), *origins(environment), *(("pip", line) for line in tail))
    if (wanted := _NOT_FOUND.search(printed)) and not unanswered:
        return WorkflowError(
            Diagnosis(
                code="packages-not-on-index",
                message=f"No index that pip is set to use has a wheel of {wanted[1]} for this Python: {python}.",
                likely_cause="It is a mirror without this version, or with its source only, which is never built here.",
                fix="Add the wheel to that index, or set PIP_INDEX_URL in the `env:` of this step to one that has it. "
                "A release of the action contains every wheel that publishing without attestations needs.",
                details=details,
            )
        )
    return IndexUnavailable(
        Diagnosis(
            code="packages-not-installed",
            message=f"pip could not install the locked packages of {lock!r} (status {status}): {' '.join(errors)}",
            likely_cause="Usually the package index, or a proxy in between, did not answer or sent different files.",
            fix="Run the job again. If it fails again, check the index, proxy and certificates in pip's settings.",
            details=details,
        )
    )


def _certificate_refused(reason: str, python: str, environment: Mapping[str, str]) -> PublishError:
    """Pip did not accept a certificate; ``reason`` is OpenSSL's phrase."""
    details = (("Python", python), *origins(environment))
    message = f"pip did not accept the certificate of the package index: {reason}."
    if reason in {"certificate is not yet valid", "certificate has expired"}:
        now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        return WorkflowError(
            Diagnosis(
                code="package-index-certificate",
                cure=Cure.RUNNER,
                message=message,
                likely_cause=f"This machine's clock says {now}. If that is wrong, the clock is the cause; otherwise "
                "the certificate of the index, or of a proxy that opens TLS connections, is out of date.",
                fix="Set the clock of the runner, and let it follow a time server (NTP).",
                details=details,
            )
        )
    return WorkflowError(
        Diagnosis(
            code="package-index-certificate",
            cure=Cure.RUNNER,
            message=message,
            likely_cause="The index has a private authority, or a proxy opens TLS connections with a certificate of "
            "its own.",
            fix="Set `PIP_CERT` to a PEM file with the authority's certificate, by `env:` on the job or in the "
            "runner's settings.",
            details=details,
        )
    )


def _without(secrets: Sequence[str], line: str) -> str:
    for secret in secrets:
        line = line.replace(secret, "***")
    return _CREDENTIALS.sub("***", line)


def installation_too_slow(lock: str, seconds: float, python: str, environment: Mapping[str, str]) -> PublishError:
    """Pip, with this ``environment``, did not finish within ``seconds``."""
    return IndexUnavailable(
        Diagnosis(
            code="packages-not-installed",
            message=f"pip did not install the locked packages of {lock!r} within {seconds:g} seconds and was stopped.",
            likely_cause="The package index, or a proxy on the way to it, is very slow or stopped answering.",
            fix="Run the job again. If it fails again, check the index and proxy that pip is set to use.",
            details=(("Python", python), *origins(environment)),
        )
    )


def no_wheel(lock: str, packages: Sequence[str], python: str) -> PublishError:
    """No wheel of these ``packages`` (``name==version``) fits the interpreter ``python``."""
    return WorkflowError(
        Diagnosis(
            code="no-wheel-for-python",
            message=f"There is no wheel of {', '.join(packages)} for this Python: {python}.",
            likely_cause=f"The lock {lock!r} needs these packages, and their maintainers publish no wheel for this "
            "Python on this platform.",
            fix="Use a regular CPython 3.10 or newer on a platform that they support (docs/platforms.md).",
            snippet=SET_UP_PYTHON,
            read_more="docs/platforms.md",
        )
    )


def incomplete(lock: str, missing: Sequence[str], python: str) -> PublishError:
    """Pip reported success, but these ``name==version`` are missing."""
    return WorkflowError(
        Diagnosis(
            code="packages-incomplete",
            message=f"pip reported success, but packages of {lock!r} are missing: {', '.join(missing)}.",
            likely_cause="A setting of this pip redirects installations.",
            fix="Set up another Python before this step.",
            snippet=SET_UP_PYTHON,
            details=(("Python", python),),
        )
    )


def package_tampered(wrong: Sequence[str]) -> PublishError:
    """Files of the checkout that are not those of the locks; each entry names a file and what is wrong with it."""
    return TamperedError(
        Diagnosis(
            code="package-tampered",
            message=f"The packages in this checkout of the action differ from its lock: {'; '.join(wrong)}.",
            likely_cause="The action was not fetched from a release of this project, or its files were changed since.",
            fix="Pin the commit of a release. On a self-hosted runner, also remove its copy of the action.",
        )
    )


def settings_unreadable(path: str) -> PublishError:
    """A configuration file of pip is malformed."""
    return WorkflowError(
        Diagnosis(
            code="pip-settings-unreadable",
            cure=Cure.RUNNER,
            message=f"The configuration file of pip is not valid: {path}.",
            fix="Correct or remove it on the runner; pip itself refuses it too.",
        )
    )


def no_private_folder(parent: str, reason: str) -> PublishError:
    """No folder could be made in ``parent``; ``reason`` is the operating system's phrase."""
    return WorkflowError(
        Diagnosis(
            code="no-private-folder",
            cure=Cure.RUNNER,
            message=f"No folder can be created in {parent}: {reason}.",
            likely_cause="RUNNER_TEMP names a folder that does not exist, is full or read-only, or belongs to another "
            "user.",
            fix="On a self-hosted runner, make that folder writable for the user that runs the job.",
        )
    )


def limit_reached(failure: BaseException) -> PublishError | None:
    """The error when a limit of the system caused ``failure``; None: something else did."""
    number = failure.errno if isinstance(failure, OSError) else None
    if isinstance(failure, MemoryError) or number == errno.ENOMEM:
        lacking = "memory"
    elif number == errno.EAGAIN or (isinstance(failure, RuntimeError) and "start new thread" in str(failure)):
        lacking = "threads or processes"
    elif number in {errno.EMFILE, errno.ENFILE}:
        lacking = "file descriptors"
    else:
        return None
    return out_of_resources(f"The action ran out of {lacking}.")


def out_of_resources(message: str, *, file: str = "") -> PublishError:
    """A limit of the system was reached, while ``file`` was read if one is named."""
    return WorkflowError(
        Diagnosis(
            code="runner-limit-reached",
            cure=Cure.RUNNER,
            message=message,
            likely_cause="The container or the runner limits memory, threads or open files. The action needs 512 MB of "
            "address space, 64 descriptors, and 40 threads and processes.",
            fix="Raise the limit, then run the job again: files that are already on the index are skipped.",
            file=file,
        )
    )


def not_written(failure: OSError) -> PublishError:
    """The packages could not be written; ``failure`` is the operating system's reason."""
    phrase = os.strerror(failure.errno or 0)
    if failure.errno in _FULL:
        return disk_full(f"{phrase}.")
    return limit_reached(failure) or WorkflowError(
        Diagnosis(
            code="packages-not-written",
            cure=Cure.RUNNER,
            message=f"The packages of the action could not be written to RUNNER_TEMP: {phrase}.",
            likely_cause="The file system of RUNNER_TEMP failed or is read-only, or `ulimit -f` limits a file's size.",
            fix="Repair the runner, or set RUNNER_TEMP to a folder on another file system.",
        )
    )


def disk_full(reason: str) -> PublishError:
    """The packages do not fit into ``RUNNER_TEMP``; ``reason`` is what reported it."""
    return WorkflowError(
        Diagnosis(
            code="runner-disk-full",
            cure=Cure.RUNNER,
            message=f"The packages of the action could not be written to RUNNER_TEMP: {reason}",
            likely_cause="The file system of RUNNER_TEMP, or a quota, is full; the action needs about 60 MB and 2,000 "
            "files there.",
            fix="Free space on the runner, or set RUNNER_TEMP to a folder on another file system.",
        )
    )


def trust_store_in_workspace(variables: Sequence[str]) -> PublishError:
    """These variables (``NAME=path``) name certificates inside the workspace."""
    return WorkflowError(
        Diagnosis(
            code="trust-store-in-workspace",
            message=f"Trusted certificates would be read from the workspace: {', '.join(variables)}.",
            likely_cause="An earlier step can write there and set these variables for this step.",
            fix="Copy the certificates out of the workspace in an earlier step, and set the variable to that copy "
            "in the `env:` of this step.",
            snippet='- run: cp ca.pem "$RUNNER_TEMP/ca.pem"\n'
            "# and in the step that publishes:\n"
            "  env:\n    SSL_CERT_FILE: ${{ runner.temp }}/ca.pem\n",
        )
    )
