"""Which steps of a workflow publish, by what, and which secrets they no longer need. Tables. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

OURS: Final = "this action"

_ACTIONS: Final = (
    (re.compile(r"[^/@\s]+/pypi-trusted-publish(@.*)?"), OURS),
    (re.compile(r"pypa/gh-action-pypi-publish(@.*)?", re.IGNORECASE), "pypa/gh-action-pypi-publish"),
)
_CHECK: Final = re.compile(r"[^/@\s]+/pypi-trusted-publish/check(@.*)?")
_COMMANDS: Final = (
    (
        re.compile(r"(?:^|[\s;&|(])(?:[\w./-]*python[\d.]*\s+-m\s+|uvx\s+|pipx\s+run\s+)?twine\s+upload\b"),
        "twine upload",
    ),
    (re.compile(r"(?:^|[\s;&|(])uv\s+publish\b"), "uv publish"),
    (re.compile(r"(?:^|[\s;&|(])(?:[\w./-]*python[\d.]*\s+-m\s+)?((?:flit|hatch|poetry|pdm|rye)\s+publish)\b"), ""),
    (re.compile(r"(?:^|[\s;&|(])(?:[\w./-]*python[\d.]*\s+-m\s+|uvx\s+)?(maturin\s+(?:upload|publish))\b"), ""),
)
"""A command -> what to call it; empty: by its own words."""
_MATURIN_ACTION: Final = re.compile(r"PyO3/maturin-action(@.*)?", re.IGNORECASE)
"""Builds, and with the input ``command`` publishes."""

SECRET_INPUTS: Final = frozenset({"password", "user", "username", "token", "api-token", "api_token"})
SECRET_VARIABLES: Final = re.compile(
    r"(TWINE|UV_PUBLISH|FLIT|MATURIN|HATCH_INDEX|PDM_PUBLISH|POETRY_PYPI_TOKEN|POETRY_HTTP_BASIC)_\w*"
    r"(USERNAME|USER|PASSWORD|TOKEN|AUTH|PYPI)|(TEST_?)?PYPI_(API_)?(TOKEN|PASSWORD)"
)
_SECRET_OPTIONS: Final = re.compile(r"(?:^|\s)(--username|--user|--password|--token|--auth|-u|-p|-t)[\s=]")
_COMMAND: Final = re.compile(r"""(?:\$\{\{.{0,1000}?\}\}|"[^"]*"|'[^']*'|&(?!&)|[^;|&])+""")
"""One command of a line: what ends it ends nothing within quotes or an expression."""


@dataclass(frozen=True, kw_only=True)
class PublishingStep:
    """One step that publishes."""

    by: str
    """:data:`OURS`, another action, or a command."""
    secrets: tuple[str, ...]
    """Names of the inputs and variables, or options, through which a credential is passed."""


def publishing_step(
    uses: str, run: str, inputs: Mapping[str, str], variables: Mapping[str, str]
) -> PublishingStep | None:
    """Read one step; None when it does not publish. ``variables`` are those of step, job and workflow together."""
    by = _by_action(uses) or _by_maturin_action(uses, inputs) or _by_command(run)
    if by is None:
        return None
    return PublishingStep(by=by, secrets=tuple(dict.fromkeys(_secrets(run, inputs, variables))))


def is_check(uses: str) -> bool:
    """Whether a step uses the action that only checks distributions."""
    return _CHECK.fullmatch(uses) is not None


def _by_action(uses: str) -> str | None:
    return next((name for pattern, name in _ACTIONS if pattern.fullmatch(uses)), None)


def _by_maturin_action(uses: str, inputs: Mapping[str, str]) -> str | None:
    command = next((value for name, value in inputs.items() if name.lower() == "command"), "")
    return f"maturin {command}" if _MATURIN_ACTION.fullmatch(uses) and command in ("upload", "publish") else None


def _by_command(run: str) -> str | None:
    code = "\n".join(line for line in run.splitlines() if not line.lstrip().startswith("#"))
    for pattern, name in _COMMANDS:
        found = pattern.search(code)
        if found:
            return name or " ".join(found[1].split())
    return None


def _secrets(run: str, inputs: Mapping[str, str], variables: Mapping[str, str]) -> Iterator[str]:
    yield from (name for name in inputs if name.lower() in SECRET_INPUTS)
    yield from (name for name in variables if SECRET_VARIABLES.fullmatch(name.upper()))
    lines = run.replace("\\\n", " ").splitlines()
    for command in (part for line in lines for part in _COMMAND.findall(line) if _by_command(part)):
        yield from (option[1] for option in _SECRET_OPTIONS.finditer(command))
