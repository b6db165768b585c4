from __future__ import annotations

import pytest

from builders.attestations import claims
from pypi_trusted_publish.attestations.policy import Decision, Fail, PassOn, Sign, Skip, Wish, decide, needs_packages
from pypi_trusted_publish.core.claims import UnverifiedClaims
from pypi_trusted_publish.errors import Diagnosis, Severity

HERE = claims()
CALLED = claims(job_workflow_ref="octo/demo/.github/workflows/called.yml@refs/tags/v1.0")
ELSEWHERE = claims(job_workflow_ref="other/shared/.github/workflows/release.yml@refs/heads/main")
PRIVATE = claims(repository_visibility="private")
INTERNAL = claims(repository_visibility="internal")
UNTOLD = claims(repository_visibility="")
WITHOUT_CALLER = claims(workflow_ref="")


def decided(wish: Wish, about: UnverifiedClaims, *, index_verifies: bool = True) -> Decision:
    return decide(wish, about, index_name="PyPI", index_verifies=index_verifies)


def notice(decision: Decision) -> Diagnosis:
    assert not isinstance(decision, Fail)
    (only,) = decision.notices
    assert only.severity is Severity.NOTICE
    return only


@pytest.mark.parametrize(
    ("wish", "about", "index_verifies", "kind", "notices"),
    [
        (Wish.AUTO, HERE, True, Sign, 0),
        (Wish.AUTO, WITHOUT_CALLER, True, Sign, 0),
        (Wish.AUTO, CALLED, True, Skip, 1),
        (Wish.AUTO, ELSEWHERE, True, Skip, 1),
        (Wish.AUTO, PRIVATE, True, PassOn, 1),
        (Wish.AUTO, INTERNAL, True, PassOn, 1),
        (Wish.AUTO, UNTOLD, True, PassOn, 1),
        (Wish.AUTO, HERE, False, Skip, 0),
        (Wish.AUTO, CALLED, False, Skip, 0),
        (Wish.TRUE, HERE, True, Sign, 0),
        (Wish.TRUE, CALLED, True, Fail, 0),
        (Wish.TRUE, ELSEWHERE, True, Fail, 0),
        (Wish.TRUE, PRIVATE, True, Sign, 1),
        (Wish.TRUE, HERE, False, Sign, 1),
        (Wish.TRUE, CALLED, False, Sign, 1),
        (Wish.FALSE, HERE, True, Skip, 0),
        (Wish.FALSE, CALLED, True, Skip, 0),
        (Wish.FALSE, PRIVATE, False, Skip, 0),
    ],
)
def test_the_decision_follows_the_wish_the_index_and_the_claims(
    wish: Wish, about: UnverifiedClaims, index_verifies: bool, kind: type, notices: int
) -> None:
    decision = decided(wish, about, index_verifies=index_verifies)
    assert type(decision) is kind
    assert isinstance(decision, Fail) or len(decision.notices) == notices


def test_a_reusable_workflow_is_explained_with_both_files() -> None:
    skipped = notice(decided(Wish.AUTO, CALLED))
    refused = decided(Wish.TRUE, CALLED)
    assert isinstance(refused, Fail)
    for told in (skipped, refused.diagnosis):
        assert told.code == "attestations-reusable-workflow"
        assert "release.yml" in told.likely_cause
        assert "called.yml" in told.likely_cause
        assert "Move the publishing job into release.yml" in told.fix
    assert refused.diagnosis.severity is Severity.ERROR
    assert "attestations: auto" in refused.diagnosis.fix


def test_a_private_repository_is_told_of_the_public_log_whatever_happens() -> None:
    kept_out, put_in = notice(decided(Wish.AUTO, PRIVATE)), notice(decided(Wish.TRUE, PRIVATE))
    assert "No attestations are made: the repository is private." in kept_out.message
    assert "attestations: true" in kept_out.fix
    assert "although the repository is private" in put_in.message
    assert "attestations: auto" in put_in.fix
    assert "of unknown visibility" in notice(decided(Wish.AUTO, UNTOLD)).message


def test_an_index_that_is_not_known_to_take_them_is_named() -> None:
    assert "PyPI, which is not known" in notice(decided(Wish.TRUE, HERE, index_verifies=False)).message
    silent = decided(Wish.AUTO, HERE, index_verifies=False)
    assert isinstance(silent, Skip)
    assert "PyPI is not known to take attestations" in silent.reason


@pytest.mark.parametrize(
    ("decision", "files_beside", "needed"),
    [
        (Sign(), False, True),
        (Sign(), True, True),
        (PassOn(), False, False),
        (PassOn(), True, True),
        (Skip(reason="none"), True, False),
    ],
)
def test_the_packages_are_needed_only_for_work(
    decision: Sign | PassOn | Skip, files_beside: bool, needed: bool
) -> None:
    assert needs_packages(decision, files_beside=files_beside) is needed
