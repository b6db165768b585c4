from __future__ import annotations

from dataclasses import replace

import pytest

from builders.attestations import claims
from pypi_trusted_publish.attestations.policy import (
    AttestationMode,
    Decision,
    Fail,
    Sign,
    Skip,
    UseExisting,
    decide,
    needs_packages,
    publish_without,
)
from pypi_trusted_publish.core.claims import UnverifiedClaims
from pypi_trusted_publish.errors import Cure, Diagnosis, PublishError, Severity, error_of

HERE = claims()
CALLED = claims(job_workflow_ref="octo/demo/.github/workflows/called.yml@refs/tags/v1.0")
ELSEWHERE = claims(job_workflow_ref="other/shared/.github/workflows/release.yml@refs/heads/main")
PRIVATE = claims(repository_visibility="private")
INTERNAL = claims(repository_visibility="internal")
UNTOLD = claims(repository_visibility="")
WITHOUT_CALLER = claims(workflow_ref="")


def decided(mode: AttestationMode, about: UnverifiedClaims, *, index_verifies: bool = True) -> Decision:
    return decide(mode, about, index_name="PyPI", index_verifies=index_verifies)


def notice(decision: Decision) -> Diagnosis:
    assert not isinstance(decision, Fail)
    (only,) = decision.notices
    assert only.severity is Severity.NOTICE
    return only


@pytest.mark.parametrize(
    ("mode", "about", "index_verifies", "kind", "notices"),
    [
        (AttestationMode.AUTO, HERE, True, Sign, 0),
        (AttestationMode.AUTO, WITHOUT_CALLER, True, Sign, 0),
        (AttestationMode.AUTO, CALLED, True, Skip, 1),
        (AttestationMode.AUTO, ELSEWHERE, True, Skip, 1),
        (AttestationMode.AUTO, PRIVATE, True, UseExisting, 1),
        (AttestationMode.AUTO, INTERNAL, True, UseExisting, 1),
        (AttestationMode.AUTO, UNTOLD, True, UseExisting, 1),
        (AttestationMode.AUTO, HERE, False, Skip, 0),
        (AttestationMode.AUTO, CALLED, False, Skip, 0),
        (AttestationMode.TRUE, HERE, True, Sign, 0),
        (AttestationMode.TRUE, CALLED, True, Fail, 0),
        (AttestationMode.TRUE, ELSEWHERE, True, Fail, 0),
        (AttestationMode.TRUE, PRIVATE, True, Sign, 1),
        (AttestationMode.TRUE, HERE, False, Sign, 1),
        (AttestationMode.TRUE, CALLED, False, Sign, 1),
        (AttestationMode.FALSE, HERE, True, Skip, 0),
        (AttestationMode.FALSE, CALLED, True, Skip, 0),
        (AttestationMode.FALSE, PRIVATE, False, Skip, 0),
    ],
)
def test_the_decision_follows_the_input_the_index_and_the_claims(
    mode: AttestationMode, about: UnverifiedClaims, index_verifies: bool, kind: type, notices: int
) -> None:
    decision = decided(mode, about, index_verifies=index_verifies)
    assert type(decision) is kind
    assert isinstance(decision, Fail) or len(decision.notices) == notices


def test_a_reusable_workflow_is_explained_with_both_files() -> None:
    skipped = notice(decided(AttestationMode.AUTO, CALLED))
    refused = decided(AttestationMode.TRUE, CALLED)
    assert isinstance(refused, Fail)
    for diagnosis in (skipped, refused.diagnosis):
        assert diagnosis.code == "attestations-reusable-workflow"
        assert "release.yml" in diagnosis.likely_cause
        assert "called.yml" in diagnosis.likely_cause
        assert "Move the publishing job into release.yml" in diagnosis.fix
    assert refused.diagnosis.severity is Severity.ERROR
    assert "attestations: auto" in refused.diagnosis.fix


def test_a_private_repository_is_warned_of_the_public_log_in_every_mode() -> None:
    kept_out, put_in = notice(decided(AttestationMode.AUTO, PRIVATE)), notice(decided(AttestationMode.TRUE, PRIVATE))
    assert "No attestations are made: the repository is private." in kept_out.message
    assert "attestations: true" in kept_out.fix
    assert "although the repository is private" in put_in.message
    assert "attestations: auto" in put_in.fix
    assert "of unknown visibility" in notice(decided(AttestationMode.AUTO, UNTOLD)).message


def test_an_index_that_is_not_known_to_take_them_is_named() -> None:
    assert "PyPI, which is not known" in notice(decided(AttestationMode.TRUE, HERE, index_verifies=False)).message
    silent = decided(AttestationMode.AUTO, HERE, index_verifies=False)
    assert isinstance(silent, Skip)
    assert "PyPI is not known to accept attestations" in silent.reason


@pytest.mark.parametrize(
    ("decision", "existing_files", "needed"),
    [
        (Sign(), False, True),
        (Sign(), True, True),
        (UseExisting(), False, False),
        (UseExisting(), True, True),
        (Skip(reason="none"), True, False),
    ],
)
def test_the_packages_are_needed_only_for_work(
    decision: Sign | UseExisting | Skip, existing_files: bool, needed: bool
) -> None:
    assert needs_packages(decision, existing_files=existing_files) is needed


@pytest.mark.parametrize(("cure", "exit_code"), [(Cure.RUNNER, 2), (Cure.WORKFLOW, 2), (Cure.LATER, 5), (None, 5)])
def test_a_run_that_stops_without_attestations_has_the_cure_of_their_failure(cure: Cure | None, exit_code: int) -> None:
    failure = Diagnosis(code="attestations-not-made", message="The attestations could not be made.", cure=cure)
    with pytest.raises(PublishError) as caught:
        publish_without(AttestationMode.TRUE, (), failure)
    assert caught.value.exit_code == exit_code
    assert type(caught.value) is type(error_of(replace(failure, cure=cure or Cure.LATER)))
    assert publish_without(AttestationMode.AUTO, (), failure).severity is Severity.WARNING
