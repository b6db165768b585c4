"""Output for the runner: workflow commands for the log, and the files for outputs and summary.

Only this module imports actions-toolkit, and only its modules ``command`` and ``file_command``, which need nothing but
the standard library. Nothing here reads the environment or writes to standard output: lines are returned.
``::stop-commands::`` is never used: between its tokens, ``::add-mask::`` is printed and masks nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from actions_toolkit.command import Command  # type: ignore[import-untyped]
from actions_toolkit.file_command import prepare_key_value_message  # type: ignore[import-untyped]

from ...installation.start import open_without_waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...errors import Severity
    from ...secret import Secret

SUMMARY_LIMIT: Final = 1 << 20
"""Bytes; GitHub drops a longer summary (documentation of workflow commands, 2026)."""


def mask(secret: Secret) -> tuple[str, ...]:
    """The lines that make the runner hide a secret in all its spellings."""
    return tuple(_line("add-mask", {}, spelling) for spelling in secret.spellings())


def group(title: str) -> str:
    """The line that opens a group of the log. ``title`` has been cleaned."""
    return _line("group", {}, title)


def end_group() -> str:
    """The line that closes the group."""
    return _line("endgroup", {}, "")


def annotation(severity: Severity, message: str, *, title: str) -> str:
    """The line that makes an annotation. The texts have been cleaned and cut."""
    return _line(severity.value, {"title": title}, message)


def append_outputs(path: str, outputs: Mapping[str, str]) -> None:
    """Append the step's outputs to the file that ``GITHUB_OUTPUT`` names; values may have several lines.

    Raises:
        OSError: the file cannot be written.

    """
    text = "".join(f"{prepare_key_value_message(name, value)}\n" for name, value in outputs.items())
    _append(path, text)


def append_summary(path: str, markdown: str) -> None:
    """Append to the job's summary, the file that ``GITHUB_STEP_SUMMARY`` names.

    Raises:
        OSError: the file cannot be written.
        ValueError: it is longer than GitHub accepts.

    """
    if len(markdown.encode("utf-8", "backslashreplace")) > SUMMARY_LIMIT:
        raise ValueError("a summary above 1 MiB would be dropped")
    _append(path, markdown if markdown.endswith("\n") else f"{markdown}\n")


def _append(path: str, text: str) -> None:
    with open(path, "a", encoding="utf-8", errors="backslashreplace", newline="", opener=open_without_waiting) as file:
        file.write(text)


def _line(command: str, properties: Mapping[str, str], message: str) -> str:
    return str(Command(command, dict(properties), message))
