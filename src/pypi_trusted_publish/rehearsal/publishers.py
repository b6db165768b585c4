"""Trusted publishers of the embedded index: who may mint a token for which projects.

The comparison and the reasons of a refusal follow PyPI's public server code (2026-08): repository, owner and owner id
exactly, the workflow's file name as the part of ``job_workflow_ref`` before the ``@``, the environment in any letter
case, and a publisher without environment accepts every environment.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

REQUIRED_CLAIMS: Final = (
    "repository",
    "repository_owner",
    "repository_owner_id",
    "job_workflow_ref",
    "ref",
    "sha",
    "jti",
    "event_name",
)
_WORKFLOW_FILE: Final = re.compile(r"([^/]+\.(?:yml|yaml))(?=@)")


class NoPublisher(Exception):
    """No publisher matches the claims; the argument is PyPI's reason."""


@dataclass(kw_only=True)
class Publisher:
    """One registered publisher: GitHub's repository, workflow file and environment."""

    repository: str
    """``owner/name``, as typed into the form."""
    owner_id: str
    workflow: str
    """File name, such as ``release.yml``."""
    environment: str = ""
    """Empty: any."""
    projects: list[str] = field(default_factory=list)
    """Normalized names of the projects that it may publish to."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(kw_only=True)
class PendingPublisher:
    """A publisher for a project that does not exist yet."""

    project: str
    """The project's name as typed into the form."""
    publisher: Publisher
    invalid: bool = False
    """The project was created in the meantime; the next mint removes the publisher."""


def check_presence(claims: Mapping[str, Any]) -> None:
    """Raise :class:`NoPublisher` for the first required claim that is missing."""
    for name in REQUIRED_CLAIMS:
        if claims.get(name) is None:
            raise NoPublisher(f"Missing claim {name!r}")


def find(publishers: Iterable[Publisher], claims: Mapping[str, Any]) -> Publisher:
    """The publisher that matches best. Raises :class:`NoPublisher`."""
    check_presence(claims)
    match = _WORKFLOW_FILE.search(str(claims["job_workflow_ref"]))
    if match is None:
        raise NoPublisher("Could not job extract workflow filename from OIDC claims")
    candidates = [
        publisher
        for publisher in publishers
        if publisher.repository == claims["repository"]
        and publisher.owner_id == claims["repository_owner_id"]
        and publisher.workflow == match.group(0)
    ]
    found = _for_environment(candidates, str(claims.get("environment") or ""))
    _verify(found, claims)
    return found


def _for_environment(candidates: list[Publisher], environment: str) -> Publisher:
    for wanted in (environment.lower(), ""):
        for publisher in candidates:
            if publisher.environment.lower() == wanted:
                return publisher
    raise NoPublisher("Publisher with matching claims was not found")


def _verify(publisher: Publisher, claims: Mapping[str, Any]) -> None:
    if claims["repository_owner"] != publisher.repository.split("/")[0]:
        raise NoPublisher("Check failed for required claim 'repository_owner'")
    if claims["event_name"] == "pull_request_target":
        raise NoPublisher("Publishing from a workflow invoked via 'pull_request_target' is not supported.")
    places = [str(claims[name]) for name in ("ref", "sha") if claims.get(name)]
    if not places:
        raise NoPublisher("The ref and sha claims are empty")
    file = f"{publisher.repository}/.github/workflows/{publisher.workflow}"
    expected = sorted(f"{file}@{place}" for place in places)
    if claims["job_workflow_ref"] not in expected:
        raise NoPublisher(
            "The job_workflow_ref claim does not match, expecting one of "
            f"{expected!r}, got {claims['job_workflow_ref']!r}"
        )
