"""The variables with which GitHub's runner starts a step of the job."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .index import EmbeddedIndex

SERVER_URL = "https://github.com"


def runner_variables(
    *, folder: Path, claims: Mapping[str, Any], index: EmbeddedIndex, inputs: Mapping[str, str]
) -> dict[str, str]:
    """The variables of the job, the identity endpoint, the inputs and, with TLS, the trust store."""
    environ = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": index.api_url,
        "GITHUB_SERVER_URL": SERVER_URL,
        "GITHUB_TOKEN": index.github.api_token,
        "GITHUB_JOB": "publish",
        "ACTIONS_ID_TOKEN_REQUEST_URL": index.identity_url,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": index.github.request_token,
        "RUNNER_OS": "Linux",
        "RUNNER_ARCH": "X64",
        "RUNNER_NAME": "rehearsal",
    }
    environ |= {variable: str(claims[claim]) for variable, claim in _FROM_CLAIMS.items() if claim in claims}
    environ["GITHUB_REF_NAME"] = str(claims.get("ref", "")).split("/", 2)[-1]
    environ |= {variable: str(folder / name) for variable, name in _FILES.items()}
    environ |= {f"INPUT_{name.upper().replace('-', '_')}": value for name, value in inputs.items()}
    if index.authority_file is not None:
        environ["SSL_CERT_FILE"] = str(index.authority_file)
    return environ


_FROM_CLAIMS = {
    "GITHUB_ACTOR": "actor",
    "GITHUB_ACTOR_ID": "actor_id",
    "GITHUB_BASE_REF": "base_ref",
    "GITHUB_EVENT_NAME": "event_name",
    "GITHUB_HEAD_REF": "head_ref",
    "GITHUB_REF": "ref",
    "GITHUB_REF_TYPE": "ref_type",
    "GITHUB_REPOSITORY": "repository",
    "GITHUB_REPOSITORY_ID": "repository_id",
    "GITHUB_REPOSITORY_OWNER": "repository_owner",
    "GITHUB_REPOSITORY_OWNER_ID": "repository_owner_id",
    "GITHUB_RUN_ATTEMPT": "run_attempt",
    "GITHUB_RUN_ID": "run_id",
    "GITHUB_RUN_NUMBER": "run_number",
    "GITHUB_SHA": "sha",
    "GITHUB_WORKFLOW": "workflow",
    "GITHUB_WORKFLOW_REF": "workflow_ref",
    "GITHUB_WORKFLOW_SHA": "workflow_sha",
    "RUNNER_ENVIRONMENT": "runner_environment",
}
_FILES = {
    "GITHUB_ENV": "env",
    "GITHUB_EVENT_PATH": "event.json",
    "GITHUB_OUTPUT": "output",
    "GITHUB_PATH": "path",
    "GITHUB_STATE": "state",
    "GITHUB_STEP_SUMMARY": "summary",
    "GITHUB_WORKSPACE": "workspace",
    "RUNNER_TEMP": "temp",
    "RUNNER_TOOL_CACHE": "tools",
}
