"""Unusable identities, and untrusted services."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders.attestations import GitHub, SigningJob, attested_page, claims, warnings
from builders.release import distribution
from local_sigstore.certificates import Authority
from local_sigstore.instance import AUTHORITY
from local_sigstore.transparency_log import Log
from pypi_trusted_publish.attestations.policy import AttestationMode
from pypi_trusted_publish.errors import Diagnosis, IndexUnavailable, WorkflowError
from pypi_trusted_publish.secret import Audience, IdentityToken

WHEEL = distribution("demo-1.0-py3-none-any.whl")
LASTING = 20


def test_certificates_that_have_always_run_out_end_the_tries(job: SigningJob) -> None:
    job.instance.authority.lifetimes = [timedelta(seconds=-1)] * LASTING
    assert job.prepare(WHEEL) == {}
    assert "expired before it was used" in warnings(job)[0].message
    assert job.instance.requests == [AUTHORITY] * 3


def test_identity_tokens_that_are_never_valid_point_to_the_clock(job: SigningJob) -> None:
    job.github.lifetimes = [-60] * LASTING
    assert job.prepare(WHEEL) == {}
    assert "gave a new identity token that is not valid at 2" in warnings(job)[0].message
    assert "this machine's clock, which is probably wrong" in warnings(job)[0].likely_cause
    with pytest.raises(WorkflowError):
        job.prepare(WHEEL, pages=[attested_page()])


def test_an_identity_endpoint_that_is_down_is_a_failure_to_sign(job: SigningJob) -> None:
    def down(audience: Audience) -> IdentityToken:
        raise IndexUnavailable(Diagnosis(code="identity-endpoint", message="GitHub's identity endpoint is down."))

    assert job.prepare(WHEEL, request_identity=down) == {}
    assert "GitHub's identity endpoint is down." in warnings(job)[0].message
    with pytest.raises(IndexUnavailable):
        job.prepare(WHEEL, request_identity=down, pages=[attested_page()])


def test_an_identity_that_the_workflow_must_allow_stops_the_run(job: SigningJob) -> None:
    def forbidden(audience: Audience) -> IdentityToken:
        raise WorkflowError(Diagnosis(code="no-id-token", message="The job lacks a permission."))

    with pytest.raises(WorkflowError):
        job.prepare(WHEEL, request_identity=forbidden)


def test_a_certificate_of_a_stranger_is_not_used(job: SigningJob) -> None:
    job.trust = job.instance.trust_configuration()
    job.instance.authority = Authority()
    assert job.prepare(WHEEL) == {}
    assert "not a certificate for this job" in warnings(job)[0].message


def test_an_entry_of_a_strange_log_is_found_out_before_anything_is_sent(job: SigningJob) -> None:
    job.trust = job.instance.trust_configuration()
    job.instance.log = Log()
    with pytest.raises(IndexUnavailable) as caught:
        job.prepare(WHEEL, pages=[attested_page()])
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.code == "attestation-would-be-refused"
    assert "does not verify" in diagnosis.message
    assert diagnosis.fix == (
        "If the job is in a reusable workflow, move it to the calling workflow; "
        "or publish without them: `attestations: false`."
    )


def test_a_certificate_that_names_the_calling_workflow_is_found_out(job: SigningJob) -> None:
    called = "octo/demo/.github/workflows/called.yml@refs/tags/v1.0"
    job.github = GitHub(job_workflow_ref=called)
    assert job.prepare(WHEEL, names=claims(job_workflow_ref=called)) == {}
    (warning,) = warnings(job)
    assert warning.code == "attestation-would-be-refused"
    assert (
        "release.yml@refs/tags/v1.0, not https://github.com/octo/demo/.github/workflows/called.yml" in warning.message
    )


def test_a_certificate_without_ref_and_commit_is_found_out(job: SigningJob) -> None:
    job.github = GitHub(workflow_ref="octo/demo/.github/workflows/release.yml@", ref="", sha="")
    assert job.prepare(WHEEL) == {}
    (warning,) = warnings(job)
    assert warning.code == "attestation-would-be-refused"
    assert "not https://github.com/octo/demo/.github/workflows/release.yml at its own ref or commit" in warning.message


def test_once_the_run_is_ending_nothing_is_retried(job: SigningJob) -> None:
    job.session.abort()
    with pytest.raises(IndexUnavailable):
        job.prepare(WHEEL, mode=AttestationMode.TRUE)
    assert job.instance.requests == []
    assert job.clock.slept == []
