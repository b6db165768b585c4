"""The job as the runner describes it: read once into frozen values, and checked for what publishing needs."""

from __future__ import annotations

import json
import os
import re
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...core.claims import REFUSED_EVENT, event_refused
from ...core.urls import may_carry_tokens
from ...errors import Diagnosis, WorkflowError
from ...secret import TOKEN_PATTERN, Secret
from ...values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEPENDABOT: Final = "dependabot[bot]"


def not_on_github() -> Diagnosis:
    """The command does not run in GitHub Actions."""
    return Diagnosis(
        code="not-on-github-actions",
        message="This is not a job of GitHub Actions (GITHUB_ACTIONS is not 'true').",
        likely_cause="'publish' identifies itself to the index with an identity token that only GitHub Actions issues.",
        fix="Run it as a step of a workflow. On your own machine, 'pypi-trusted-publish check dist/*' validates the "
        "files, and 'pypi-trusted-publish rehearse dist/*' tries the release on an embedded index.",
    )


def no_permission(*, actor: str, event_name: str, job: str) -> Diagnosis:
    """The job has no permission to request an identity token."""
    dependabot = actor == DEPENDABOT
    return Diagnosis(
        code="id-token-permission-missing",
        message="The job has no permission to request an identity token from GitHub.",
        likely_cause="Dependabot triggered this run, and such runs get no identity tokens."
        if dependabot
        else "'id-token: write' is missing on the job. If another workflow calls this one, the calling job must grant "
        "it too. Once 'permissions' is set anywhere, everything that it does not list is denied.",
        fix="Trigger the release yourself." if dependabot else "Add the permission to the publishing job.",
        snippet=f"jobs:\n  {job or 'publish'}:\n    permissions:\n      id-token: write",
        details=(("actor", actor), ("event", event_name)),
    )


def fork_cannot_publish(*, repository: str, event_name: str, fork: str) -> Diagnosis:
    """The run is for the code of a fork."""
    return Diagnosis(
        code="run-from-fork",
        message=f"This run is for the code of a fork, {fork}, which must not publish {repository}.",
        likely_cause=f"The event {event_name!r} was caused by a pull request from that fork.",
        fix="Trigger the publishing workflow by a tag, by a release, or manually.",
        snippet='on:\n  push:\n    tags: ["v*"]\n  workflow_dispatch:',
        details=(("event", event_name), ("fork", fork)),
    )


def event_unreadable(event_name: str) -> Diagnosis:
    """It is unknown whose code the run is for."""
    return Diagnosis(
        code="event-unreadable",
        message=f"The payload of the event {event_name!r} cannot be read, so this run may be for the code of a fork.",
        likely_cause="GITHUB_EVENT_PATH does not name a file, or something in the job has changed the file.",
        fix="Trigger the publishing workflow by a tag, by a release, or manually.",
        snippet='on:\n  push:\n    tags: ["v*"]\n  workflow_dispatch:',
        details=(("event", event_name),),
    )


def identity_url_unsafe() -> Diagnosis:
    """The identity endpoint is not an HTTPS URL."""
    return Diagnosis(
        code="identity-url-unsafe",
        message="ACTIONS_ID_TOKEN_REQUEST_URL is not an https URL, so the request token is not sent there.",
        likely_cause=(
            "Something in the job or on the self-hosted runner has set the variable; GitHub always sets an https URL."
        ),
        fix="Remove what sets it. Plain http is accepted only on this machine.",
    )


def request_token_unusable() -> Diagnosis:
    """The request token cannot be sent in a header."""
    return Diagnosis(
        code="identity-request-token-unusable",
        message="ACTIONS_ID_TOKEN_REQUEST_TOKEN contains spaces, line breaks or other characters that no token has.",
        likely_cause="Something in the job or on the self-hosted runner has set the variable.",
        fix="Remove what sets it.",
    )


SECRET_VARIABLES: Final = (
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "INPUT_GITHUB_TOKEN",
    "GITHUB_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
)
"""Variables that contain secrets."""

_LARGEST_EVENT: Final = 32 << 20
"""Bytes of the event's payload that are read; GitHub caps payloads at 25 MB."""

_COUNT: Final = re.compile(r"[0-9]{1,9}")


def _no_secret() -> Secret:
    return Secret("")


@dataclass(frozen=True, kw_only=True)
class RunnerContext:
    """All ``GITHUB_*``, ``RUNNER_*`` and ``ACTIONS_*`` variables that we use; one that is not set is empty."""

    on_github_actions: bool
    repository: str = ""
    """``owner/name``."""
    event_name: str = ""
    event_path: str = ""
    ref_type: str = ""
    """``branch`` or ``tag``."""
    ref_name: str = ""
    actor: str = ""
    job: str = ""
    """The job's id in the workflow file."""
    run_id: str = ""
    run_attempt: int = 1
    api_url: str = ""
    server_url: str = ""
    workspace: str = ""
    temp: str = ""
    output_path: str = ""
    summary_path: str = ""
    identity_url: str = ""
    """``ACTIONS_ID_TOKEN_REQUEST_URL``."""
    identity_request_token: Secret = field(default_factory=_no_secret)
    """``ACTIONS_ID_TOKEN_REQUEST_TOKEN``."""
    token: Secret = field(default_factory=_no_secret)
    """``github.token``, passed as ``INPUT_GITHUB_TOKEN`` by the action or as ``GITHUB_TOKEN``; may be empty."""
    other_secrets: tuple[Secret, ...] = ()
    """Unused secrets in the environment; they are masked too."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> RunnerContext:
        """Read a copy of the environment, without checking it."""
        attempt = environ.get("GITHUB_RUN_ATTEMPT", "")
        tokens = [environ[name] for name in SECRET_VARIABLES[1:3] if environ.get(name)]
        others = [*tokens[1:], environ.get("ACTIONS_RUNTIME_TOKEN", "")]
        return cls(
            on_github_actions=environ.get("GITHUB_ACTIONS") == "true",
            repository=environ.get("GITHUB_REPOSITORY", ""),
            event_name=environ.get("GITHUB_EVENT_NAME", ""),
            event_path=environ.get("GITHUB_EVENT_PATH", ""),
            ref_type=environ.get("GITHUB_REF_TYPE", ""),
            ref_name=environ.get("GITHUB_REF_NAME", ""),
            actor=environ.get("GITHUB_ACTOR", ""),
            job=environ.get("GITHUB_JOB", ""),
            run_id=environ.get("GITHUB_RUN_ID", ""),
            run_attempt=int(attempt) if _COUNT.fullmatch(attempt) else 1,
            api_url=environ.get("GITHUB_API_URL", "").rstrip("/"),
            server_url=environ.get("GITHUB_SERVER_URL", "").rstrip("/"),
            workspace=environ.get("GITHUB_WORKSPACE", ""),
            temp=environ.get("RUNNER_TEMP", ""),
            output_path=environ.get("GITHUB_OUTPUT", ""),
            summary_path=environ.get("GITHUB_STEP_SUMMARY", ""),
            identity_url=environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", ""),
            identity_request_token=Secret(environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")),
            token=Secret(tokens[0] if tokens else ""),
            other_secrets=tuple(Secret(text) for text in others if text),
        )

    @property
    def consumed(self) -> tuple[str, ...]:
        """The variables to delete from the environment after reading them."""
        return (*SECRET_VARIABLES, "ACTIONS_ID_TOKEN_REQUEST_URL")

    def secrets(self) -> tuple[Secret, ...]:
        """Everything to mask before anything else is printed."""
        return tuple(secret for secret in (self.identity_request_token, self.token, *self.other_secrets) if secret)


@dataclass(frozen=True, kw_only=True)
class ReleaseJob:
    """A job that may request an identity token and publish. Only :func:`check_runner` makes one."""

    context: RunnerContext
    identity_url: str
    """HTTPS, or HTTP on loopback; it has a query."""
    identity_request_token: Secret


def read_event(path: str) -> Mapping[str, object]:
    """Read the payload of the event that triggered the run; empty when it is missing, too large or not an object."""
    if not os.path.isfile(path):  # noqa: PTH113 - a pipe would be waited for; this never raises OSError
        return {}
    try:
        with Path(path).open("rb") as file:
            payload = json.loads(file.read(_LARGEST_EVENT))
    except (OSError, ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def check_runner(context: RunnerContext, event: Mapping[str, object]) -> ReleaseJob:
    """Check the job for what publishing needs; ``event`` is the payload of :func:`read_event`.

    Raises:
        WorkflowError: with all reasons why this job cannot publish.

    """
    found = tuple(_problems(context, event))
    if found:
        raise WorkflowError(*found)
    return ReleaseJob(
        context=context, identity_url=context.identity_url, identity_request_token=context.identity_request_token
    )


_HEAD_REPOSITORY: Final = frozenset({"workflow_run", "check_suite"})
"""Events whose payload names the repository of the head commit. Pull requests that it lists do not count."""


def fork_of_run(context: RunnerContext, event: Mapping[str, object]) -> str | None:
    """The fork whose code this run is for, or None; ``(deleted)`` for a deleted one."""
    pull_request = event.get("pull_request")
    if isinstance(pull_request, dict):
        return _fork_of(pull_request.get("head"), "repo", context.repository)
    subject = event.get(context.event_name) if context.event_name in _HEAD_REPOSITORY else None
    if isinstance(subject, dict) and "head_repository" in subject:
        return _fork_of(subject, "head_repository", context.repository)
    return None


def _cannot_be_judged(context: RunnerContext, event: Mapping[str, object]) -> bool:
    """Whether the run may be for a fork's code, but the payload cannot be read."""
    name = context.event_name
    wanted = "pull_request" if name.startswith("pull_request") else name if name in _HEAD_REPOSITORY else ""
    return bool(wanted) and not isinstance(event.get(wanted), dict)


def _fork_of(holder: object, key: str, ours: str) -> str | None:
    if not isinstance(holder, dict):
        return None
    repository = holder.get(key)
    if not isinstance(repository, dict):
        return "(deleted)"
    name = repository.get("full_name")
    return name if isinstance(name, str) and name.lower() != ours.lower() else None


def _problems(context: RunnerContext, event: Mapping[str, object]) -> Iterator[Diagnosis]:
    if not context.on_github_actions:
        yield not_on_github()
        return
    if context.event_name == REFUSED_EVENT:
        yield event_refused(context.event_name)
    fork = fork_of_run(context, event)
    if context.event_name != REFUSED_EVENT and _cannot_be_judged(context, event):
        yield event_unreadable(context.event_name)
    if fork is not None:
        yield fork_cannot_publish(repository=context.repository, event_name=context.event_name, fork=fork)
    elif not (context.identity_url and context.identity_request_token):
        yield no_permission(actor=context.actor, event_name=context.event_name, job=context.job)
    elif not may_carry_tokens(context.identity_url):
        yield identity_url_unsafe()
    elif TOKEN_PATTERN.fullmatch(context.identity_request_token.reveal()) is None:
        yield request_token_unusable()
