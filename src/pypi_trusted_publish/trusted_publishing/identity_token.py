"""What an identity token says of the job, read without its key and therefore called unverified.

Only the index verifies the signature. We read the claims to find a mistake before the index is asked, and to fill the
explanation when it refuses.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import Diagnosis, IndexUnavailable

if TYPE_CHECKING:
    from .tokens import IdentityToken

_WORKFLOW_REF: Final = re.compile(r"(?P<repository>[^/]+/[^/]+)/(?P<path>[^@]*?)(?P<file>[^/@]*)@(?P<at>.*)", re.DOTALL)
_PARTS: Final = 3
_PART: Final = re.compile(r"[A-Za-z0-9_-]+")


class IdentityMalformed(IndexUnavailable):
    """GitHub answered with something that is no identity token of this job."""


@dataclass(frozen=True, kw_only=True)
class WorkflowRef:
    """A workflow file at a commit, as the claims ``workflow_ref`` and ``job_workflow_ref`` spell it."""

    repository: str
    """``owner/name``; empty when the claim has another form."""
    filename: str
    """The file's name alone, such as ``release.yml``."""
    at: str
    """What stands after the ``@``: a ref such as ``refs/tags/v1`` or a commit."""

    @classmethod
    def parse(cls, text: str) -> WorkflowRef:
        """Split ``owner/name/.github/workflows/FILE@REF``; anything else gives empty parts."""
        found = _WORKFLOW_REF.fullmatch(text)
        if found is None:
            return cls(repository="", filename="", at="")
        return cls(repository=found["repository"], filename=found["file"], at=found["at"])


@dataclass(frozen=True, kw_only=True)
class UnverifiedClaims:
    """The claims that the index compares, and a few that help to explain. A text claim that is absent is empty.

    Source: GitHub's documentation of OpenID Connect and the GitHub publisher of PyPI's server, August 2026. ``sub`` is
    not here: organisations customise it, so that nothing can be read from it.
    """

    issuer: str = ""
    audience: str = ""
    repository: str = ""
    """``owner/name`` in the letter case that GitHub has on record."""
    repository_owner: str = ""
    repository_owner_id: str = ""
    repository_visibility: str = ""
    """``public``, ``private`` or ``internal``."""
    workflow_ref: str = ""
    """The workflow that was triggered."""
    job_workflow_ref: str = ""
    """The workflow file in which the job stands: the called one when the job is part of a reusable workflow."""
    environment: str | None = None
    """The deployment environment; None when the job names none."""
    event_name: str = ""
    ref: str = ""
    sha: str = ""
    runner_environment: str = ""
    """``github-hosted`` or ``self-hosted``."""
    issued_at: float | None = None
    """Seconds since the epoch on GitHub's clock."""
    expires_at: float | None = None
    """Seconds since the epoch on GitHub's clock."""

    @property
    def repository_name(self) -> str:
        """The repository's name without its owner."""
        return self.repository.partition("/")[2]

    @property
    def job_workflow(self) -> WorkflowRef:
        """The file that the publisher on the index must name."""
        return WorkflowRef.parse(self.job_workflow_ref)

    @property
    def caller_workflow(self) -> WorkflowRef:
        """The file that was triggered; the same unless the job stands in a reusable workflow."""
        return WorkflowRef.parse(self.workflow_ref)

    @property
    def is_called(self) -> bool:
        """Whether the job stands in a reusable workflow."""
        return bool(self.workflow_ref and self.job_workflow_ref) and self.workflow_ref != self.job_workflow_ref

    def shown(self) -> tuple[tuple[str, str], ...]:
        """The claims that matter to the index, name and value, in a stable order."""
        rows = (
            ("repository", self.repository),
            ("repository_owner", self.repository_owner),
            ("repository_owner_id", self.repository_owner_id),
            ("workflow_ref", self.workflow_ref),
            ("job_workflow_ref", self.job_workflow_ref),
            ("environment", self.environment or "(absent)"),
            ("event_name", self.event_name),
            ("ref", self.ref),
            ("sha", self.sha),
            ("repository_visibility", self.repository_visibility),
            ("runner_environment", self.runner_environment),
            ("iss", self.issuer),
            ("aud", self.audience),
        )
        return tuple((name, value) for name, value in rows if value)


def decode_unverified(token: IdentityToken) -> UnverifiedClaims:
    """Read the claims of a token in compact form (three base64url parts, the second a JSON object).

    Raises:
        IdentityMalformed: it is no such thing. The token itself is never quoted.

    """
    claims = _payload(token.secret.reveal())
    return UnverifiedClaims(
        issuer=_text(claims, "iss"),
        audience=_text(claims, "aud"),
        repository=_text(claims, "repository"),
        repository_owner=_text(claims, "repository_owner"),
        repository_owner_id=_text(claims, "repository_owner_id"),
        repository_visibility=_text(claims, "repository_visibility"),
        workflow_ref=_text(claims, "workflow_ref"),
        job_workflow_ref=_text(claims, "job_workflow_ref"),
        environment=_text(claims, "environment") or None,
        event_name=_text(claims, "event_name"),
        ref=_text(claims, "ref"),
        sha=_text(claims, "sha"),
        runner_environment=_text(claims, "runner_environment"),
        issued_at=_moment(claims, "iat"),
        expires_at=_moment(claims, "exp"),
    )


def malformed_identity(what: str) -> IdentityMalformed:
    """Say that GitHub's answer is no identity token, and why, without quoting it."""
    return IdentityMalformed(
        Diagnosis(
            code="identity-token-malformed",
            happened=f"GitHub's identity endpoint answered with something that is no identity token: {what}.",
            cause="The endpoint, or a proxy in front of it, has a fault.",
            remedy="Run the failed job again; when it stays, look at https://www.githubstatus.com.",
        )
    )


def _payload(text: str) -> dict[str, object]:
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise malformed_identity(f"it has {len(parts)} parts where a JSON Web Token has three")
    if not all(_PART.fullmatch(part) for part in parts):
        raise malformed_identity("a part is not base64url")
    try:
        decoded = base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True)
        claims = json.loads(decoded)
    except (binascii.Error, ValueError, RecursionError):
        raise malformed_identity("its claims cannot be read as JSON") from None
    if not isinstance(claims, dict):
        raise malformed_identity("its claims are no JSON object")
    return claims


def _text(claims: dict[str, object], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _moment(claims: dict[str, object], name: str) -> float | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        moment = float(value)
    except OverflowError:
        return None
    return moment if math.isfinite(moment) else None
