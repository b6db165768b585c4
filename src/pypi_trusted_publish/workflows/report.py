"""What a workflow file says about publishing: the values for the publisher's form, and what would make it fail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ..formatting import yaml_text
from ..inputs import INPUTS
from .document import Place, is_guarded, items, load, mapping, place_of, scalar, triggers_of
from .publishing_steps import OURS, PublishingStep, is_check, publishing_step

_FORK_EVENTS: Final = ("pull_request", "pull_request_target")
"""Events with which a stranger's pull request can start the run; the action refuses both from a fork."""
_BEGIN: Final = "${{"
_END: Final = "}}"
_MATRIX: Final = re.compile(r"matrix\.([\w-]+)")


@dataclass(frozen=True, order=True, kw_only=True)
class Problem:
    """Something that would make publishing fail, or that can be deleted."""

    place: Place
    code: str
    message: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class PublishingJob:
    """A job that publishes."""

    name: str
    place: Place
    by: str
    environments: tuple[str, ...]
    """Those that it can run in (several with a matrix); empty when it names none."""
    guarded: bool = False
    """An ``if`` decides whether it publishes: its own, that of each publishing step, or of a job that it needs."""


@dataclass(frozen=True, kw_only=True)
class CallingJob:
    """A job that calls another workflow file."""

    name: str
    place: Place
    target: str
    """As ``uses`` spells it."""
    grants_identity: bool
    from_forks: tuple[Problem, ...] = ()
    """The events that start it for the pull requests of strangers, were it to publish and nothing guarded that."""

    @property
    def local_file(self) -> str | None:
        """The file's name when it is one of the same repository."""
        folder, _, name = self.target.rpartition("/")
        return name if folder == "./.github/workflows" and name else None


@dataclass(frozen=True, kw_only=True)
class WorkflowReport:
    """All of it; problems in the order of the file."""

    filename: str
    jobs: tuple[PublishingJob, ...]
    calls: tuple[CallingJob, ...]
    problems: tuple[Problem, ...]
    only_checks: bool = False
    """No job publishes, and one uses the action that only checks distributions."""


def read_workflow(text: str, filename: str) -> WorkflowReport:
    """Read a workflow file. Raises WorkflowError when it is none."""
    workflow = load(text, filename)
    triggers = triggers_of(workflow)
    jobs: list[PublishingJob] = []
    calls: list[CallingJob] = []
    problems: set[Problem] = set()
    for name, body in mapping(workflow.get("jobs")).items():
        place = place_of(workflow["jobs"], name)
        job = mapping(body)
        if target := scalar(job.get("uses")):
            grants = _grants_identity(workflow, job)
            forks = tuple(_fork_triggers(triggers, str(name), guarded=is_guarded(workflow, job)))
            calls.append(
                CallingJob(name=str(name), place=place, target=target, grants_identity=grants, from_forks=forks)
            )
        steps = tuple(_publishing_steps(workflow, job))
        if steps:
            reader = _Job(workflow=workflow, job=job, name=str(name), place=place, triggers=triggers)
            jobs.append(reader.publishing(steps))
            problems.update(reader.problems(steps))
    if jobs and not triggers:
        problems.add(_never_starts(workflow))
    return WorkflowReport(
        filename=filename,
        jobs=tuple(jobs),
        calls=tuple(calls),
        problems=tuple(sorted(problems)),
        only_checks=not jobs and any(_checks(mapping(body)) for body in mapping(workflow.get("jobs")).values()),
    )


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One job that publishes, and the workflow around it."""

    workflow: Mapping[object, object]
    job: Mapping[object, object]
    name: str
    place: Place
    triggers: Mapping[str, Place]

    def publishing(self, steps: tuple[tuple[Mapping[object, object], PublishingStep], ...]) -> PublishingJob:
        environment = self._environment()
        found = _possible_names(environment, self.job) if environment else ()
        return PublishingJob(
            name=self.name,
            place=self.place,
            by=steps[0][1].by,
            environments=found,
            guarded=all(is_guarded(self.workflow, self.job, step) for step, _ in steps),
        )

    def problems(self, steps: tuple[tuple[Mapping[object, object], PublishingStep], ...]) -> Iterator[Problem]:
        yield from self._identity()
        for step, publishing in steps:
            yield from self._environments(step, publishing)
            yield from self._secrets(step, publishing)
            yield from self._triggers(step)

    def _environment(self) -> str:
        value = self.job.get("environment")
        return scalar(mapping(value).get("name")) if isinstance(value, Mapping) else scalar(value)

    def _identity(self) -> Iterator[Problem]:
        if _grants_identity(self.workflow, self.job) or self._has_its_callers_permissions():
            return
        called = " The workflow that calls this one must grant it too." if "workflow_call" in self.triggers else ""
        yield Problem(
            place=place_of(self.job, "permissions", self.place),
            code="setup-no-id-token",
            message=f"The job {self.name!r} has no 'id-token: write', so it cannot prove to the index who it is.",
            fix=f"Give the job 'permissions:' with 'id-token: write'.{called}",
        )

    def _has_its_callers_permissions(self) -> bool:
        """A called workflow that says nothing of permissions has those of the job that calls it."""
        silent = "permissions" not in self.job and "permissions" not in self.workflow
        return silent and set(self.triggers) == {"workflow_call"}

    def _environments(self, step: Mapping[object, object], publishing: PublishingStep) -> Iterator[Problem]:
        inputs = {name.lower(): value for name, value in _texts(step.get("with")).items()}
        wanted = (publishing.by == OURS and inputs.get("environment")) or INPUTS["environment"].default
        found = self._environment()
        if not found:
            yield Problem(
                place=self.place,
                code="setup-no-environment",
                message=f"The job {self.name!r} names no environment; the action publishes from an environment only.",
                fix=f"Add 'environment: {yaml_text(wanted)}' to the job, and name it in the publisher.",
            )
        elif publishing.by == OURS and not _agree(found, wanted, self.job):
            yield Problem(
                place=place_of(self.job, "environment", self.place),
                code="setup-other-environment",
                message=f"The job {self.name!r} runs in the environment {found!r}, and the action expects {wanted!r}.",
                fix=f"Give the action 'environment: {yaml_text(found)}', or run the job in {wanted!r}.",
            )

    def _secrets(self, step: Mapping[object, object], publishing: PublishingStep) -> Iterator[Problem]:
        for name in publishing.secrets:
            holder = next((part for part in self._holders(step) if name in part), step)
            yield Problem(
                place=place_of(holder, name, place_of(step, "run", self.place)),
                code="setup-credential",
                message=f"{name!r} still passes a credential; Trusted Publishing needs none.",
                fix="Delete it, and the secret behind it; then revoke the token on the index.",
            )

    def _holders(self, step: Mapping[object, object]) -> tuple[Mapping[object, object], ...]:
        own = (mapping(step.get("with")), mapping(step.get("env")))
        return (*own, mapping(self.job.get("env")), mapping(self.workflow.get("env")))

    def _triggers(self, step: Mapping[object, object]) -> Iterator[Problem]:
        yield from _fork_triggers(self.triggers, self.name, guarded=is_guarded(self.workflow, self.job, step))


def _fork_triggers(triggers: Mapping[str, Place], job: str, *, guarded: bool) -> Iterator[Problem]:
    others = [name for name in triggers if name not in _FORK_EVENTS]
    for event in _FORK_EVENTS:
        if event in triggers and not (guarded and others):
            yield Problem(
                place=triggers[event],
                code="setup-fork-trigger",
                message=f"{event!r} starts the job {job!r} for the pull requests of strangers, too.",
                fix="Publish from a workflow of its own (a tag, a release, by hand), or guard it with 'if:'.",
            )


def _never_starts(workflow: Mapping[object, object]) -> Problem:
    return Problem(
        place=place_of(workflow, "on", Place(line=1, column=1)),
        code="setup-never-starts",
        message="Nothing starts this workflow: 'on' is missing or empty.",
        fix="Add 'on:' with what a release is here, such as 'push: {tags: [\"v*\"]}'.",
    )


def _publishing_steps(
    workflow: Mapping[object, object], job: Mapping[object, object]
) -> Iterator[tuple[Mapping[object, object], PublishingStep]]:
    around = {**_texts(workflow.get("env")), **_texts(job.get("env"))}
    for entry in items(job.get("steps")):
        step = mapping(entry)
        variables = {**around, **_texts(step.get("env"))}
        found = publishing_step(scalar(step.get("uses")), scalar(step.get("run")), _texts(step.get("with")), variables)
        if found is not None:
            yield step, found


def _checks(job: Mapping[object, object]) -> bool:
    return any(is_check(scalar(mapping(entry).get("uses"))) for entry in items(job.get("steps")))


def _texts(value: object) -> dict[str, str]:
    return {str(name): scalar(content) for name, content in mapping(value).items()}


def _grants_identity(workflow: Mapping[object, object], job: Mapping[object, object]) -> bool:
    permissions = job["permissions"] if "permissions" in job else workflow.get("permissions")
    if isinstance(permissions, Mapping):
        return scalar(permissions.get("id-token")) == "write"
    return scalar(permissions) == "write-all"


def _possible_names(environment: str, job: Mapping[object, object]) -> tuple[str, ...]:
    """The values that an environment can have: those of the matrix where it is one of its keys."""
    whole = environment.startswith(_BEGIN) and environment.endswith(_END)
    key = _MATRIX.fullmatch(environment[len(_BEGIN) : -len(_END)].strip()) if whole else None
    if key is None:
        return (environment,)
    matrix = mapping(mapping(job.get("strategy")).get("matrix"))
    listed = [scalar(value) for value in items(matrix.get(key[1]))]
    included = [scalar(mapping(entry).get(key[1])) for entry in items(matrix.get("include"))]
    return tuple(dict.fromkeys(value for value in (*listed, *included) if value)) or (environment,)


def _agree(found: str, wanted: str, job: Mapping[object, object]) -> bool:
    """Whether the job's environment is the one that the action expects, whatever the run.

    Two different expressions, or one in the action's input that the matrix does not tell, may well agree: they pass.
    An expression on the job alone does not, since the action then expects one name whatever the job's is.
    """
    expected = _possible_names(wanted, job)
    if _BEGIN in wanted and (_BEGIN in found or expected == (wanted,)):
        return True
    return len({name.lower() for name in (*_possible_names(found, job), *expected)}) == 1
