"""Faults of the job, of its publisher, and of GitHub's identity endpoint and REST API."""

from __future__ import annotations

from typing import Final

from ..publishers import PendingPublisher
from ..traffic import Endpoint
from . import actions
from .model import ExpectedExit, Fault, Scenario, Setup, permanent, slow, transient, unanswered

OTHER_ENVIRONMENT: Final = "staging"
OTHER_WORKFLOW: Final = "publish.yml"
OTHER_PROJECT: Final = "rehearsal-other"
OTHER_REPOSITORY: Final = "octo-org/workflows"
FORK: Final = "stranger/sampleproject"


def _triggered_by(event_name: str) -> Setup:
    def setup(scenario: Scenario) -> None:
        scenario.claims["event_name"] = event_name

    return setup


def _come_from_a_fork(scenario: Scenario) -> None:
    scenario.claims["event_name"] = "pull_request"
    scenario.event["pull_request"] = {"number": 7, "head": {"repo": {"full_name": FORK, "fork": True}}}


def _be_risky(scenario: Scenario) -> None:
    scenario.claims["event_name"] = "issue_comment"
    scenario.index.github.protection_rules = []


def _leave_environment(scenario: Scenario) -> None:
    for name in ("environment", "environment_node_id"):
        scenario.claims.pop(name, None)


def _called(*, repository: str = "", file: str = "", at: str = "") -> Setup:
    """The job is in a workflow that the run's own one calls."""

    def setup(scenario: Scenario) -> None:
        place, _, ref = str(scenario.claims["job_workflow_ref"]).partition("@")
        owner, name, *_, ours = place.split("/")
        where = repository or f"{owner}/{name}"
        scenario.claims["job_workflow_ref"] = f"{where}/.github/workflows/{file or ours}@{at or ref}"

    return setup


def _register(**changed: str) -> Setup:
    """Each publisher was registered with another value in one field."""

    def setup(scenario: Scenario) -> None:
        for publisher in scenario.index.oidc.publishers:
            for name, value in changed.items():
                setattr(publisher, name, value)

    return setup


def _register_in_capitals(scenario: Scenario) -> None:
    for publisher in scenario.index.oidc.publishers:
        owner, _, name = publisher.repository.partition("/")
        publisher.repository = f"{owner}/{name.title()}"


def _register_for_another_project(scenario: Scenario) -> None:
    """The project exists, and the only publisher that matches is pending for another project."""
    oidc = scenario.index.oidc
    for publisher in tuple(oidc.publishers):
        publisher.projects.clear()
        oidc.publishers.remove(publisher)
        oidc.pending.append(PendingPublisher(project=OTHER_PROJECT, publisher=publisher))


def _state(endpoint: Endpoint, name: str, description: str, setup: Setup, expected: ExpectedExit) -> Fault:
    return Fault(
        name=name,
        description=description,
        endpoint=endpoint,
        setup=setup,
        once=expected,
        persists=expected is not ExpectedExit.SUCCESS,
    )


def _job(name: str, description: str, setup: Setup, expected: ExpectedExit) -> Fault:
    return _state(Endpoint.JOB, f"job-{name}", description, setup, expected)


def _publisher(name: str, description: str, setup: Setup) -> Fault:
    return _state(Endpoint.JOB, f"publisher-{name}", description, setup, ExpectedExit.INDEX)


JOB_FAULTS: Final = (
    _job("without-environment", "The job names no environment.", _leave_environment, ExpectedExit.WORKFLOW),
    _job(
        "pull-request-target",
        "The run was triggered by pull_request_target.",
        _triggered_by("pull_request_target"),
        ExpectedExit.WORKFLOW,
    ),
    _job("of-a-fork", "The run belongs to a pull request from a fork.", _come_from_a_fork, ExpectedExit.WORKFLOW),
    _job(
        "risky-event",
        "A comment triggered the run, and the environment has no protection rules.",
        _be_risky,
        ExpectedExit.SUCCESS,
    ),
    _job(
        "in-called-file",
        "The job is in a called workflow file, and the publisher names the calling one.",
        _called(file=OTHER_WORKFLOW),
        ExpectedExit.INDEX,
    ),
    _job(
        "called-at-other-ref",
        "The job is in a workflow of its own repository that is called at a fixed branch.",
        _called(at="refs/heads/main"),
        ExpectedExit.WORKFLOW,
    ),
    _job(
        "called-elsewhere",
        "The job is in a called workflow of another repository.",
        _called(repository=OTHER_REPOSITORY),
        ExpectedExit.WORKFLOW,
    ),
    _publisher(
        "other-environment", "The publisher names another environment.", _register(environment=OTHER_ENVIRONMENT)
    ),
    _publisher("other-workflow", "The publisher names another workflow file.", _register(workflow=OTHER_WORKFLOW)),
    _publisher(
        "other-repository",
        "The publisher names the repository by its former name.",
        _register(repository="octo-org/former-name"),
    ),
    _publisher("other-spelling", "The publisher spells the repository in another letter case.", _register_in_capitals),
    _publisher("other-owner", "The owner was renamed, and somebody else took the name.", _register(owner_id="66")),
    _publisher(
        "other-project",
        "The publisher is pending for another project.",
        _register_for_another_project,
    ),
)


_JSON: Final = "application/json"
_TRUNCATED: Final = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"val'
_IDENTITY: Final = Endpoint.IDENTITY

IDENTITY_FAULTS: Final = (
    transient(
        _IDENTITY, "500", "GitHub's identity endpoint answers 500.", actions.answer(500, "Internal Server Error")
    ),
    transient(
        _IDENTITY,
        "503",
        "GitHub's identity endpoint answers 503 with HTML.",
        actions.cdn_error_page(503, "Unavailable"),
    ),
    transient(
        _IDENTITY, "html", "GitHub's identity endpoint answers 200 with HTML.", actions.cdn_error_page(200, "OK")
    ),
    transient(
        _IDENTITY,
        "malformed-json",
        "GitHub's identity endpoint answers with broken JSON.",
        actions.answer(200, '{"value": "eyJ', content_type=_JSON),
    ),
    transient(_IDENTITY, "reset", "GitHub's identity endpoint resets the connection.", actions.reset_before_body),
    transient(_IDENTITY, "truncated", "GitHub's response is truncated.", actions.process_then_send_raw(_TRUNCATED)),
    slow(_IDENTITY, "GitHub's identity endpoint is slow.", actions.answer_slowly),
    unanswered(_IDENTITY, "GitHub's identity endpoint never answers.", actions.hang_before_processing),
    permanent(
        _IDENTITY,
        "401",
        "GitHub does not accept the job's request token.",
        actions.answer(401, '{"message": "Unauthorized"}', content_type=_JSON),
        ExpectedExit.RETRY,
    ),
    permanent(
        _IDENTITY,
        "403",
        "GitHub does not issue an identity token to this job.",
        actions.cdn_error_page(403, "Forbidden"),
        ExpectedExit.RETRY,
    ),
    permanent(
        _IDENTITY,
        "no-token",
        "GitHub's response contains no token.",
        actions.answer(200, '{"count": 0}', content_type=_JSON),
        ExpectedExit.RETRY,
    ),
    permanent(
        _IDENTITY,
        "newline",
        "The identity token contains a line break and a workflow command.",
        actions.answer(200, '{"value": "eyJhbGciOiJSUzI1NiJ9.e30.\\n::error::hello"}', content_type=_JSON),
        ExpectedExit.RETRY,
    ),
    permanent(
        _IDENTITY,
        "wrong-audience",
        "The identity token has another audience.",
        actions.with_claims({"aud": "somebody-else"}),
        ExpectedExit.RETRY,
    ),
    permanent(
        _IDENTITY,
        "wrong-environment",
        "The identity token names another environment.",
        actions.with_claims({"environment": "staging"}),
        ExpectedExit.WORKFLOW,
    ),
    permanent(
        _IDENTITY,
        "no-environment",
        "The identity token names an empty environment.",
        actions.with_claims({"environment": ""}),
        ExpectedExit.WORKFLOW,
    ),
)
