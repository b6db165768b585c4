"""Faults of the job and of what is registered for it: the workflow file and the publisher's form do not agree."""

from __future__ import annotations

from typing import Final

from .fault import Ending, Fault, Scene, Setting
from .publishers import PendingPublisher
from .traffic import Endpoint

OTHER_ENVIRONMENT: Final = "staging"
OTHER_WORKFLOW: Final = "publish.yml"
OTHER_PROJECT: Final = "rehearsal-other"
OTHER_REPOSITORY: Final = "octo-org/workflows"
FORK: Final = "stranger/sampleproject"


def _triggered_by(event_name: str) -> Setting:
    def setting(scene: Scene) -> None:
        scene.claims["event_name"] = event_name

    return setting


def _come_from_a_fork(scene: Scene) -> None:
    scene.claims["event_name"] = "pull_request"
    scene.event["pull_request"] = {"number": 7, "head": {"repo": {"full_name": FORK, "fork": True}}}


def _be_risky(scene: Scene) -> None:
    scene.claims["event_name"] = "issue_comment"
    scene.index.github.protection_rules = []


def _leave_environment(scene: Scene) -> None:
    for name in ("environment", "environment_node_id"):
        scene.claims.pop(name, None)


def _called(*, repository: str = "", file: str = "", at: str = "") -> Setting:
    """The job stands in a workflow that the run's own one calls."""

    def setting(scene: Scene) -> None:
        place, _, ref = str(scene.claims["job_workflow_ref"]).partition("@")
        owner, name, *_, ours = place.split("/")
        where = repository or f"{owner}/{name}"
        scene.claims["job_workflow_ref"] = f"{where}/.github/workflows/{file or ours}@{at or ref}"

    return setting


def _register(**changed: str) -> Setting:
    """Each publisher was registered with another value in a field of its form."""

    def setting(scene: Scene) -> None:
        for publisher in scene.index.exchange.publishers:
            for name, value in changed.items():
                setattr(publisher, name, value)

    return setting


def _register_in_capitals(scene: Scene) -> None:
    for publisher in scene.index.exchange.publishers:
        owner, _, name = publisher.repository.partition("/")
        publisher.repository = f"{owner}/{name.title()}"


def _register_for_another_project(scene: Scene) -> None:
    """The project is there, and the only publisher that fits is pending for a project of another name."""
    exchange = scene.index.exchange
    for publisher in tuple(exchange.publishers):
        publisher.projects.clear()
        exchange.publishers.remove(publisher)
        exchange.pending.append(PendingPublisher(project=OTHER_PROJECT, publisher=publisher))


def _state(endpoint: Endpoint, name: str, statement: str, setting: Setting, ending: Ending) -> Fault:
    return Fault(
        name=name,
        statement=statement,
        endpoint=endpoint,
        setting=setting,
        once=ending,
        lasts=ending is not Ending.FINISHED,
    )


def _job(name: str, statement: str, setting: Setting, ending: Ending) -> Fault:
    return _state(Endpoint.JOB, f"job-{name}", statement, setting, ending)


def _publisher(name: str, statement: str, setting: Setting) -> Fault:
    return _state(Endpoint.JOB, f"publisher-{name}", statement, setting, Ending.REFUSED)


JOB_FAULTS: Final = (
    _job("without-environment", "The job names no environment.", _leave_environment, Ending.WORKFLOW),
    _job(
        "pull-request-target",
        "The run was triggered by pull_request_target.",
        _triggered_by("pull_request_target"),
        Ending.WORKFLOW,
    ),
    _job("of-a-fork", "The run is about a pull request from a fork.", _come_from_a_fork, Ending.WORKFLOW),
    _job(
        "risky-event",
        "Anybody can trigger the run by a comment, and the environment has no protection.",
        _be_risky,
        Ending.FINISHED,
    ),
    _job(
        "in-called-file",
        "The job stands in a called workflow file, and the publisher names the calling one.",
        _called(file=OTHER_WORKFLOW),
        Ending.REFUSED,
    ),
    _job(
        "called-at-other-ref",
        "The job stands in a workflow of its own repository that is called at a fixed branch.",
        _called(at="refs/heads/main"),
        Ending.REFUSED,
    ),
    _job(
        "called-elsewhere",
        "The job stands in a called workflow of another repository.",
        _called(repository=OTHER_REPOSITORY),
        Ending.REFUSED,
    ),
    _publisher(
        "other-environment", "The publisher names another environment.", _register(environment=OTHER_ENVIRONMENT)
    ),
    _publisher("other-workflow", "The publisher names another workflow file.", _register(workflow=OTHER_WORKFLOW)),
    _publisher(
        "other-repository",
        "The publisher names the repository as it was called before it was renamed.",
        _register(repository="octo-org/former-name"),
    ),
    _publisher("other-spelling", "The publisher spells the repository in other letter case.", _register_in_capitals),
    _publisher("other-owner", "The owner's name was given up and taken by somebody else.", _register(owner_id="66")),
    _publisher(
        "other-project",
        "The publisher is pending for a project of another name.",
        _register_for_another_project,
    ),
)
