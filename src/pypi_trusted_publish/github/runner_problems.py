"""Why a job cannot publish, each with what to change."""

from __future__ import annotations

from typing import Final

from ..errors import Diagnosis

DEPENDABOT: Final = "dependabot[bot]"


def not_on_github() -> Diagnosis:
    """The command runs elsewhere."""
    return Diagnosis(
        code="not-on-github-actions",
        happened="This is not a job of GitHub Actions (GITHUB_ACTIONS is not 'true').",
        cause="'publish' proves to the index who it is by an identity token that only GitHub Actions can give.",
        remedy="Run it as a step of a workflow. On your own machine, 'pypi-trusted-publish check dist/*' validates the "
        "files and 'pypi-trusted-publish rehearse dist/*' plays the release on an embedded index.",
    )


def no_permission(*, actor: str, event_name: str, job: str) -> Diagnosis:
    """GitHub gave the job no means to ask for an identity token."""
    dependabot = actor == DEPENDABOT
    return Diagnosis(
        code="id-token-permission-missing",
        happened="The job has no permission to ask GitHub for an identity token.",
        cause="Dependabot triggered this run, and such runs are given no identity tokens."
        if dependabot
        else "'id-token: write' is missing on the job. When other workflows call this one, the calling job must grant "
        "it too. As soon as 'permissions' stands anywhere, everything that is not listed is denied.",
        remedy="Trigger the release yourself." if dependabot else "Add the permission to the publishing job.",
        paste=f"jobs:\n  {job or 'publish'}:\n    permissions:\n      id-token: write",
        facts=(("actor", actor), ("event", event_name)),
    )


def fork(*, repository: str, event_name: str, fork: str) -> Diagnosis:
    """The run is about the code of a fork."""
    return Diagnosis(
        code="run-from-fork",
        happened=f"This run is about the code of a fork, {fork}, and such a run must not publish {repository}.",
        cause=f"The event {event_name!r} was brought about by a pull request from that fork.",
        remedy="Trigger the publishing workflow by a tag, a release or by hand.",
        paste='on:\n  push:\n    tags: ["v*"]\n  workflow_dispatch:',
        facts=(("event", event_name), ("fork", fork)),
    )


def identity_url_unsafe() -> Diagnosis:
    """The identity endpoint is not spoken to in the clear."""
    return Diagnosis(
        code="identity-url-unsafe",
        happened="ACTIONS_ID_TOKEN_REQUEST_URL is no https URL, so the request token is not sent there.",
        cause="Something in the job or on the self-hosted runner has set the variable; GitHub's own is always https.",
        remedy="Remove what sets it. Plain http is accepted on the machine itself only.",
    )


def request_token_unusable() -> Diagnosis:
    """The request token cannot be sent as it is."""
    return Diagnosis(
        code="identity-request-token-unusable",
        happened="ACTIONS_ID_TOKEN_REQUEST_TOKEN holds blanks, line breaks or other characters that no token has.",
        cause="Something in the job or on the self-hosted runner has set the variable.",
        remedy="Remove what sets it.",
    )
