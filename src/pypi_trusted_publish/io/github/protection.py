"""Reads the protection of a deployment environment from GitHub's REST API: best effort, at most five seconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ...core.protection import (
    Protection,
    has_custom_patterns,
    read_approvers,
    read_environment,
    read_patterns,
    unknown_protection,
)
from ...core.urls import may_carry_tokens
from ...secret import TOKEN_PATTERN, Secret
from ..http.failure import TransportFailure

if TYPE_CHECKING:
    from ...clock import Clock
    from ..http.session import Session
    from .job import RunnerContext

TOTAL_TIMEOUT: Final = 5.0
"""Seconds for all requests together: a release does not wait longer for this."""
_LIMIT: Final = 1 << 20
_REASONS: Final = {
    401: "the token of the job was not accepted",
    403: "the job may not read it ('actions: read' is missing), or GitHub's limit for requests is used up",
    404: "GitHub does not show it to this job ('actions: read' is missing, or there is no such environment)",
    429: "GitHub's limit for requests is used up",
}


class _Unreadable(Exception):
    """One of the answers cannot be used; the text is our own phrase."""


class ProtectionReader:
    """Reads the protection of one environment. Never raises an error that would fail a release."""

    def __init__(self, *, session: Session, context: RunnerContext, clock: Clock) -> None:
        self._session = session
        self._context = context
        self._clock = clock

    def read(self, environment: str) -> Protection:
        """Return the protection of ``environment``; its state is UNKNOWN without an answer in time."""
        settings = f"{self._context.server_url}/{self._context.repository}/settings/environments"
        ends = self._clock.monotonic() + TOTAL_TIMEOUT
        if not may_carry_tokens(self._context.api_url):
            return unknown_protection(
                "GITHUB_API_URL is not an https URL", environment=environment, settings_url=settings
            )
        place = f"environments/{quote(environment, safe='')}"
        try:
            answer = self._get(place, ends)
        except _Unreadable as problem:
            return unknown_protection(str(problem), environment=environment, settings_url=settings)
        listed = has_custom_patterns(answer)
        patterns = read_patterns(self._get_or_none(f"{place}/deployment-branch-policies", ends, listed))
        run = f"actions/runs/{quote(self._context.run_id, safe='')}/approvals"
        approvers = read_approvers(self._get_or_none(run, ends, bool(self._context.run_id)), environment)
        return read_environment(
            answer, environment=environment, settings_url=settings, patterns=patterns, approved_by=approvers
        )

    def _get_or_none(self, place: str, ends: float, wanted: bool) -> object:
        try:
            return self._get(place, ends) if wanted else None
        except _Unreadable:
            return None

    def _get(self, place: str, ends: float) -> object:
        left = ends - self._clock.monotonic()
        if left <= 0:
            raise _Unreadable("GitHub's API did not answer in time")
        repository = quote(self._context.repository, safe="/")
        try:
            answer = self._session.request(
                "GET",
                f"{self._context.api_url}/repos/{repository}/{place}",
                headers=self._headers(),
                read_timeout=left,
                connect_timeout=left,
                deadline=left,
                limit=_LIMIT,
            )
        except TransportFailure as failure:
            raise _Unreadable(f"GitHub's API did not answer ({failure.phrase})") from None
        if not answer.ok:
            raise _Unreadable(_REASONS.get(answer.status, f"GitHub's API answered {answer.status}"))
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise _Unreadable("the answer of GitHub's API is not JSON") from None

    def _headers(self) -> dict[str, str | Secret]:
        headers: dict[str, str | Secret] = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        token = self._context.token.reveal()
        if TOKEN_PATTERN.fullmatch(token):
            headers["Authorization"] = Secret(f"Bearer {token}")
        return headers
