"""The next step of a failed run is advice that works: done literally, it makes the next run green.

An action does what the next step and the message say to the sandbox: to its files, its job, its index, its clock. A
fault that consists of a response goes on until what it is about was changed (``ABOUT``, written from the meaning of
each response, not from the cures); a fault that is a state of the index or of the job goes on until an action repairs
that state. So advice that is wrong leaves the second run red.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from tools.answers_page import example

from builders.publish_run import RunResult, run_publish
from builders.refusal_facts import ABOUT, CAUSES, OTHER_ANSWERS
from pypi_trusted_publish.core.cures import STEPS
from pypi_trusted_publish.core.responses import ANSWERS, read_answer
from pypi_trusted_publish.core.retry import RequestKind
from pypi_trusted_publish.errors import Cure
from pypi_trusted_publish.rehearsal.faults import actions
from pypi_trusted_publish.rehearsal.faults.model import ExpectedExit, Fault
from pypi_trusted_publish.rehearsal.faults.refusals import (
    INVALID_PUBLISHER_REASONS,
    MINT_REFUSAL_FAULTS,
    MINT_REFUSALS,
    UPLOAD_REFUSAL_FAULTS,
    UPLOAD_REFUSALS,
)
from pypi_trusted_publish.rehearsal.faults.schedule import ScheduledFault, respond_with
from pypi_trusted_publish.rehearsal.faults.table import FAULTS
from pypi_trusted_publish.rehearsal.oidc import NO_PUBLISHER
from pypi_trusted_publish.rehearsal.publishers import Publisher
from pypi_trusted_publish.rehearsal.runner import runner_variables
from pypi_trusted_publish.rehearsal.samples import Sample, build_release
from pypi_trusted_publish.rehearsal.sandbox import Sandbox
from pypi_trusted_publish.rehearsal.traffic import Endpoint

NEW_NAME: Final = "renamed-sample"
TURNS: Final = [
    fault.name if fault.always is None else f"{fault.name}:every"
    for fault in FAULTS.values()
    if not fault.hangs and (fault.once if fault.always is None else fault.always) is not ExpectedExit.SUCCESS
]
_ENDPOINTS: Final = {
    RequestKind.UPLOAD: Endpoint.UPLOAD,
    RequestKind.MINT: Endpoint.MINT,
    RequestKind.AUDIENCE: Endpoint.AUDIENCE,
}


@dataclass(kw_only=True)
class World:
    """The sandbox between two runs."""

    sandbox: Sandbox
    result: RunResult
    """The run that failed."""
    changed: set[str] = field(default_factory=set)
    """What was changed, in the words of ``ABOUT``."""

    def files(self) -> dict[str, str]:
        """Digests of the files to publish, by their names."""
        return {path.name: _sha256(path) for path in self.sandbox.distributions or ()}

    def releases(self) -> set[tuple[str, str]]:
        """Projects and versions of the files to publish."""
        return {_release_of(name) for name in self.files()}

    def change_job(self, **claims: str) -> None:
        """Push another workflow and start a new run of it."""
        issuer = self.sandbox.index.github.issuer
        issuer.claims |= {"sha": "a" * 40, "workflow_sha": "a" * 40, "run_id": "7", **claims}
        self.sandbox.environ |= runner_variables(
            folder=self.sandbox.folder, claims=issuer.claims, index=self.sandbox.index, inputs={}
        )

    def set_input(self, name: str, value: str) -> None:
        """Change an input of the action."""
        self.change_job()
        self.sandbox.environ[f"INPUT_{name.upper().replace('-', '_')}"] = value
        self.changed.add(name)

    def build(self, sample: Sample) -> None:
        """Build the release again, from another commit."""
        refused = {diagnosis["file"] for diagnosis in self.result.report["diagnoses"]} - {""}
        before = {item for item in self.files().items() if item[0] in refused or not refused}
        releases = self.releases()
        folder = self.sandbox.workspace / "dist"
        for path in folder.iterdir():
            path.unlink()
        self.sandbox.distributions = build_release(folder, sample)
        self.change_job()
        if not before & self.files().items():
            self.changed.add("files")
        if not releases & self.releases():
            self.changed.add("version")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _release_of(filename: str) -> tuple[str, str]:
    parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
    name, version = parse(filename)[:2]
    return str(name), str(version)


def _name_environment(world: World, diagnosis: Mapping[str, Any]) -> None:
    named = re.findall(r"^    environment: (\S+)", diagnosis["snippet"], re.MULTILINE)
    world.change_job(environment=named[-1], environment_node_id="EN_kwDOAAAASs4AAQ")
    world.changed.add("environment")


def _trigger_by_a_tag(world: World, _: Mapping[str, Any]) -> None:
    world.change_job(event_name="push")
    event = world.sandbox.folder / "event.json"
    payload = json.loads(event.read_text(encoding="utf-8"))
    payload.pop("pull_request", None)
    event.write_text(json.dumps(payload), encoding="utf-8")
    world.changed.add("event")


def _publish_from_an_own_file(world: World, _: Mapping[str, Any]) -> None:
    world.change_job(job_workflow_ref=str(world.sandbox.index.github.issuer.claims["workflow_ref"]))
    world.changed |= {"workflow file", "subject template"}


def _follow_the_reason(world: World, diagnosis: Mapping[str, Any]) -> None:
    """The advice about a publisher names what to change in the workflow."""
    if "Trigger the publishing workflow" in diagnosis["fix"]:
        _trigger_by_a_tag(world, diagnosis)
    else:
        _publish_from_an_own_file(world, diagnosis)


def _correct_the_url(world: World, diagnosis: Mapping[str, Any]) -> None:
    assert "repository-url" in diagnosis["fix"]
    named = re.search(r"repository-url' to (https?://\S+)", diagnosis["fix"])
    world.set_input("repository-url", named.group(1) if named else world.sandbox.index.upload_url)


def _publish_from_github(world: World, diagnosis: Mapping[str, Any]) -> None:
    assert "github.com" in diagnosis["fix"]
    world.change_job()
    world.changed.add("issuer")


def _publish_without_attestations(world: World, diagnosis: Mapping[str, Any]) -> None:
    assert "`attestations: false`" in diagnosis["fix"]
    world.set_input("attestations", "false")


def _exempt_from_the_proxy(world: World, diagnosis: Mapping[str, Any]) -> None:
    assert "`no_proxy`" in diagnosis["fix"]
    world.sandbox.environ["no_proxy"] = "127.0.0.1"
    world.changed.add("proxy")


WORKFLOW_CHANGES: Final[dict[str, Callable[[World, Mapping[str, Any]], None]]] = {
    "audience-refused": _correct_the_url,
    "called-workflow-at-other-ref": _publish_from_an_own_file,
    "environment-absent": _name_environment,
    "environment-different": _name_environment,
    "event-refused": _trigger_by_a_tag,
    "mint-invalid-publisher": _follow_the_reason,
    "mint-issuer-unknown": _publish_from_github,
    "mint-not-offered": _correct_the_url,
    "mint-redirected": _correct_the_url,
    "no-trusted-publishing": _correct_the_url,
    "proxy-credentials": _exempt_from_the_proxy,
    "run-from-fork": _trigger_by_a_tag,
    "upload-attestation-refused": _publish_without_attestations,
    "upload-credentials-replaced": _exempt_from_the_proxy,
    "upload-redirected": _correct_the_url,
    "upload-token-refused": _correct_the_url,
    "upload-url-is-index": _correct_the_url,
    "upload-url-not-found": _correct_the_url,
    "upload-url-without-slash": _correct_the_url,
}
"""By the code of the diagnosis: what changes in the workflow or on the runner."""


def _matching(sandbox: Sandbox) -> Publisher:
    """The publisher that the printed form describes."""
    claims = sandbox.index.github.issuer.claims
    return Publisher(
        repository=claims["repository"],
        owner_id=claims["repository_owner_id"],
        workflow=claims["job_workflow_ref"].partition("@")[0].rpartition("/")[2],
        environment=claims.get("environment", ""),
    )


def _register_the_publisher(world: World, diagnosis: Mapping[str, Any]) -> None:
    if diagnosis["code"].startswith("mint-invalid-publisher"):
        assert world.sandbox.index.github.issuer.claims["repository"].partition("/")[2] in diagnosis["snippet"]
    world.sandbox.index.oidc.publishers.clear()
    world.sandbox.index.add_publisher(_matching(world.sandbox), ["rehearsal-sample"])
    world.changed.add("publisher")


def _register_a_pending_publisher(world: World, diagnosis: Mapping[str, Any]) -> None:
    named = re.search(r"the project name '([^']+)'", diagnosis["fix"])
    assert named is not None
    world.sandbox.index.add_pending_publisher(_matching(world.sandbox), named.group(1))
    world.changed.add("pending publisher")


def _open_the_project(world: World, _: Mapping[str, Any]) -> None:
    for project in world.sandbox.index.store.projects.values():
        project.status = "active"
    world.changed.add("status")


def _open_the_project_and_register(world: World, diagnosis: Mapping[str, Any]) -> None:
    assert "publishing settings and its status" in diagnosis["fix"]
    _open_the_project(world, diagnosis)
    _register_the_publisher(world, diagnosis)


def _settle_the_billing(world: World, _: Mapping[str, Any]) -> None:
    for project in world.sandbox.index.store.projects.values():
        project.organization_active = True
    world.changed.add("organization")


def _close_the_session(world: World, _: Mapping[str, Any]) -> None:
    for project in world.sandbox.index.store.projects.values():
        project.staged_versions.clear()
    world.changed.add("session")


INDEX_CHANGES: Final[dict[str, Callable[[World, Mapping[str, Any]], object]]] = {
    "mint-invalid-payload": _register_the_publisher,
    "mint-invalid-pending-publisher": _register_the_publisher,
    "mint-invalid-publisher": _register_the_publisher,
    "mint-refused": _register_the_publisher,
    "project-archived": _open_the_project,
    "project-quarantined": _open_the_project,
    "upload-account-not-ready": lambda world, _: world.changed.add("account"),
    "upload-conflict": _close_the_session,
    "upload-forbidden": _open_the_project_and_register,
    "upload-no-project": _register_a_pending_publisher,
    "upload-not-allowed": _open_the_project_and_register,
    "upload-organization-inactive": _settle_the_billing,
    "upload-payment-required": lambda world, _: world.changed.add("payment"),
    "upload-project-not-covered": _register_the_publisher,
    "upload-too-large": lambda world, _: world.changed.add("limit"),
}
"""By the code of the diagnosis: what an owner of the project, or the operators, change on the index."""


def _change_the_workflow(world: World, result: RunResult, cure: Cure) -> None:
    for diagnosis in _diagnoses(result, cure):
        WORKFLOW_CHANGES[diagnosis["code"]](world, diagnosis)


def _change_the_index(world: World, result: RunResult, cure: Cure) -> None:
    for diagnosis in _diagnoses(result, cure):
        INDEX_CHANGES[diagnosis["code"]](world, diagnosis)


def _diagnoses(result: RunResult, cure: Cure) -> list[dict[str, Any]]:
    return [diagnosis for diagnosis in result.report["diagnoses"] if diagnosis["cure"] == cure.value]


def _wait(world: World, _: RunResult, __: Cure) -> None:
    """The operators of the index finish what they do, and its clock goes on."""
    flags = world.sandbox.index.uploads.flags
    flags.read_only = flags.uploads_off = False
    world.sandbox.index.oidc.registration_enabled = True
    world.changed.add("time")


def _leave_out(world: World, result: RunResult, cure: Cure) -> None:
    refused = {diagnosis["file"] for diagnosis in _diagnoses(result, cure)}
    environ = world.sandbox.environ
    lines = [environ["INPUT_PACKAGES_DIR"], *(f"!{name}" for name in sorted(refused))]
    world.set_input("packages-dir", "\n".join(lines))
    world.sandbox.distributions = tuple(path for path in world.sandbox.distributions or () if path.name not in refused)


def _build_again(world: World, _: RunResult, __: Cure) -> None:
    world.build(Sample(padding=64))


def _raise_the_version(world: World, _: RunResult, __: Cure) -> None:
    world.build(Sample(version="2.0.0"))


def _rename(world: World, _: RunResult, __: Cure) -> None:
    world.sandbox.index.oidc.pending.clear()
    world.sandbox.index.add_pending_publisher(_matching(world.sandbox), NEW_NAME)
    world.build(Sample(name=NEW_NAME))
    world.changed.add("project")


def _repair_this_action(world: World, result: RunResult, _: Cure) -> None:
    """No action of the user helps, and the next step says nothing else."""
    (step,) = _next_steps(result)
    assert step == f"{STEPS[Cure.REPORT].action}.".capitalize()
    world.changed.add("action")


ACTIONS: Final[dict[Cure, Callable[[World, RunResult, Cure], None]]] = {
    Cure.REPORT: _repair_this_action,
    Cure.WORKFLOW: _change_the_workflow,
    Cure.RUNNER: _change_the_workflow,
    Cure.NEW_BUILD: _build_again,
    Cure.LEAVE_OUT: _leave_out,
    Cure.NEW_NAME: _rename,
    Cure.NEW_VERSION: _raise_the_version,
    Cure.INDEX: _change_the_index,
    Cure.LATER: _wait,
}


def _next_steps(result: RunResult) -> list[str]:
    lines = [line for line in result.log.splitlines() if line.startswith("Next step: ")]
    return [line.removeprefix("Next step: ") for line in lines]


def advised(result: RunResult) -> list[Cure]:
    """The cures whose actions the next step names; a new version when it says to release one."""
    (step,) = _next_steps(result)
    if "release a new version" in step.lower():
        return [Cure.NEW_VERSION]
    return [cure for cure, row in STEPS.items() if row.action.replace("*", '"').lower() in step.lower()] or [Cure.LATER]


def test_every_cure_is_known_as_an_action() -> None:
    assert set(ACTIONS) == set(Cure)


def test_every_answer_is_given_by_a_fault_or_named_here() -> None:
    uploads = [(RequestKind.UPLOAD, row.status, row.text or row.reason or "") for row in UPLOAD_REFUSALS]
    mints = [(code, text) for _, code, text, _ in MINT_REFUSALS]
    mints += [("invalid-publisher", NO_PUBLISHER.format(reason=text)) for text in INVALID_PUBLISHER_REASONS.values()]
    given = {_row(*answer) for answer in uploads}
    given |= {_row(RequestKind.MINT, 422, f"{code}: {text}") for code, text in mints}
    others = {row.name for row in ANSWERS} - given - OTHER_ANSWERS.keys()
    assert others == {  # given by a fault without a text of PyPI
        "audience-not-there",
        "audience-off",
        "audience-refused",
        "bad-request",
        "method-not-allowed",
        "not-found",
        "pending-publisher-outrun",
        "redirect",
        "token-expired",
    }


def _row(request: RequestKind, status: int, text: str) -> str:
    body = text.replace("{origin}", "https://index.example").replace("{docs}", "https://docs.example")
    if request is RequestKind.MINT:
        code, _, description = body.partition(": ")
        body = json.dumps({"errors": [{"code": code, "description": description}]})
    answer = read_answer(request, status=status, reason="", headers={"content-type": "text/plain"}, body=body.encode())
    row = answer.refusals[0].row
    return row.name if row is not None else ""


def _answer_of(name: str) -> ScheduledFault:
    """An example of a row as the answer to every request."""
    (row,) = (row for row in ANSWERS if row.name == name)
    status, text = min(row.statuses), example(row.shapes[0]) if row.shapes else "No."
    if row.request is RequestKind.MINT and row.shapes:
        code, _, description = text.partition(": ")
        action = actions.refuse_mint(code, description)
    elif row.intercepted:
        action = actions.cdn_error_page(status, "")
    elif row.request is RequestKind.UPLOAD:
        action = actions.refuse_upload(status, text)
    else:
        action = actions.answer(status, json.dumps({"message": text}))
    return respond_with(_ENDPOINTS[row.request], action, name=name)


def _about(fault: Fault) -> str:
    """What a response is about; nothing for a state, which an action has to repair."""
    if fault.setup is not None or fault.persists:
        return ""
    ending = fault.once if fault.always is None else fault.always
    return ABOUT.get(fault.name, "time" if ending is ExpectedExit.RETRY else "files")


def test_every_text_of_a_refusal_has_a_named_cause() -> None:
    refusals = {fault.name for fault in (*UPLOAD_REFUSAL_FAULTS, *MINT_REFUSAL_FAULTS)}
    assert refusals <= CAUSES.keys()


@pytest.mark.parametrize("turn", TURNS)
def test_the_next_step_is_done_and_the_run_after_it_is_green(tmp_path: Path, turn: str) -> None:
    _follow(tmp_path, turn, about=_about(FAULTS[turn.partition(":")[0]]))


@pytest.mark.parametrize("name", OTHER_ANSWERS)
def test_the_advice_about_any_other_answer_works(tmp_path: Path, name: str) -> None:
    _follow(tmp_path, _answer_of(name), about=OTHER_ANSWERS[name])


def _follow(folder: Path, fault: str | ScheduledFault, *, about: str) -> None:
    with Sandbox(folder, faults=[fault]) as sandbox:
        result = run_publish(sandbox)
        assert result.code != 0
        name = fault.partition(":")[0] if isinstance(fault, str) else fault.fault.name
        assert {CAUSES.get(name, result.codes[0])} <= set(result.codes)
        world = World(sandbox=sandbox, result=result)
        for cure in advised(result):
            ACTIONS[cure](world, result, cure)
        if about in world.changed:
            sandbox.clear_faults()
        again = run_publish(sandbox)
        assert again.code == 0, again.log
        there = {file.filename: file.sha256 for file in sandbox.published()}
        assert world.files().items() <= there.items()
