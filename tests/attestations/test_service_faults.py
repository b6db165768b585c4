"""Each temporary or permanent fault of the signing services, and the reaction of the run."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from builders.attestations import SigningJob, all_at_once, attested_page, warnings
from builders.bare import NEEDED
from builders.release import distribution, page
from local_sigstore.faults import Fault
from local_sigstore.instance import AUTHORITY, LOG, TIMESTAMP, LocalSigstore
from local_sigstore.transparency_log import Log
from pypi_trusted_publish.attestations.policy import AttestationMode
from pypi_trusted_publish.attestations.signing import PARALLEL_SIGNATURES
from pypi_trusted_publish.attestations.wire import Service, ServiceFault, not_made
from pypi_trusted_publish.core.project_page import PageState
from pypi_trusted_publish.core.retry import POLICIES, RequestKind, RetryReason
from pypi_trusted_publish.errors import Cure, IndexUnavailable, Severity
from pypi_trusted_publish.events import Attested, DiagnosisReported, Fact, Retrying

WHEEL = distribution("demo-1.0-py3-none-any.whl")
SDIST = distribution("demo-1.0.tar.gz")

FAULTS = {
    "answers 503": Fault(status=503, body=b"<html>over capacity</html>"),
    "limits the rate": Fault(status=429, headers=(("Retry-After", "7"),)),
    "is slow": Fault(stall=True),
    "hangs up": Fault(drop=True),
    "talks HTML": Fault(body=b"<html>welcome</html>"),
    "answers an empty object": Fault(body=b"{}"),
    "answers a list": Fault(body=b"[1, 2]"),
    "answers nothing": Fault(body=b""),
    "nests its answer too deep": Fault(body=b"[" * 100_000),
    "answers a nonsense certificate": Fault(
        body=b'{"signedCertificateEmbeddedSct": {"chain": {"certificates": ["a", "b"]}}}'
    ),
    "answers a nonsense entry": Fault(body=b'{"a": {"body": "e30=", "verification": {"inclusionProof": {}}}}'),
}
LASTING = 40
TRIES = POLICIES[RequestKind.LOG_ENTRY].tries


class BreakingLog(Log):
    """A log that breaks after some entries."""

    def __init__(self, *, good: int) -> None:
        super().__init__()
        self._good = good
        self.asked = 0

    def add(self, proposed: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        if self.asked > self._good:
            raise ValueError("refused")
        return super().add(proposed)


def spoil(job: SigningJob, service: str, fault: Fault, *, times: int = 1) -> None:
    """Let a service fail."""
    job.instance.faults.put(service, fault, times=times)


@pytest.mark.parametrize("service", [AUTHORITY, LOG, TIMESTAMP])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_that_passes_costs_one_more_try(job: SigningJob, service: str, fault: Fault) -> None:
    spoil(job, service, fault)
    assert set(job.prepare(WHEEL, SDIST, mode=AttestationMode.TRUE)) == {WHEEL.filename, SDIST.filename}
    assert [event.attempt for event in job.events_of(Retrying)] == [2]
    assert job.events_of(DiagnosisReported) == []


@pytest.mark.parametrize("service", [AUTHORITY, LOG])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_when_a_fault_lasts_a_project_without_provenance_is_published_without(
    job: SigningJob, service: str, fault: Fault
) -> None:
    spoil(job, service, fault, times=LASTING)
    assert job.prepare(WHEEL, SDIST) == {}
    (warning,) = warnings(job)
    assert warning.code == "attestations-not-made"
    assert job.events_of(Attested) == []
    assert Fact(value="No file is sent with an attestation.") in job.events
    assert not job.made.exists()


@pytest.mark.parametrize("service", [AUTHORITY, LOG])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_when_a_fault_lasts_a_project_with_provenance_is_not_published(
    job: SigningJob, service: str, fault: Fault
) -> None:
    spoil(job, service, fault, times=LASTING)
    with pytest.raises(IndexUnavailable) as caught:
        job.prepare(WHEEL, SDIST, pages=[page(project="other"), attested_page()])
    (diagnosis,) = caught.value.diagnostics()
    assert caught.value.exit_code == 5
    assert diagnosis.fix == "Run the failed job again; or publish without them: `attestations: false`."
    assert "demo-0.9-py3-none-any.whl" in diagnosis.likely_cause


@pytest.mark.parametrize(
    ("fault", "words", "cure"),
    [
        (ServiceFault(Service.LOG, "answered 403", status=403), "A proxy or firewall", None),
        (ServiceFault(Service.TRUST, "answered 302", status=302), "A proxy or firewall", None),
        (
            ServiceFault(Service.LOG, "gave no answer: the proxy answered 403 instead of", reason=RetryReason.PROXY),
            "A proxy or firewall",
            Cure.RUNNER,
        ),
        (
            ServiceFault(Service.LOG, "gave no answer: the proxy answered 502 instead of", reason=RetryReason.PROXY),
            "A proxy or firewall",
            None,
        ),
        (ServiceFault(Service.AUTHORITY, "answered 400", status=400), "The service refused", None),
        (
            ServiceFault(Service.LOG, "answered 503", status=503, reason=RetryReason.STATUS_5XX),
            "The service is down",
            None,
        ),
    ],
)
def test_the_status_shows_who_refused(fault: ServiceFault, words: str, cure: Cure | None) -> None:
    diagnosis = not_made(fault)
    assert (diagnosis.likely_cause.startswith(words), diagnosis.cure) == (True, cure)
    assert bool(diagnosis.fix) is (words == "A proxy or firewall")


def test_a_service_that_cannot_be_reached_is_named(job: SigningJob, instance: LocalSigstore) -> None:
    closed = LocalSigstore(dict)  # type: ignore[arg-type]
    closed.close()
    job.trust = instance.trust_configuration().replace(instance.url, closed.url)
    assert job.prepare(WHEEL) == {}
    (warning,) = warnings(job)
    assert "the certificate authority gave no answer: connection refused" in warning.message


def test_attestations_that_were_asked_for_are_never_left_out(job: SigningJob) -> None:
    spoil(job, LOG, FAULTS["answers 503"], times=LASTING)
    with pytest.raises(IndexUnavailable) as caught:
        job.prepare(WHEEL, mode=AttestationMode.TRUE)
    assert "the transparency log answered 503" in caught.value.diagnostics()[0].message


def test_a_page_that_could_not_be_read_counts_as_one_with_provenance(job: SigningJob) -> None:
    spoil(job, LOG, FAULTS["answers 503"], times=LASTING)
    with pytest.raises(IndexUnavailable):
        job.prepare(WHEEL, pages=[page(state=PageState.UNREADABLE)])


def test_one_file_that_cannot_be_signed_leaves_the_whole_release_without(job: SigningJob) -> None:
    log = BreakingLog(good=1)
    job.instance.log = log
    assert job.prepare(WHEEL, SDIST, distribution("demo-1.0-py2-none-any.whl")) == {}
    assert job.events_of(Attested) == []
    assert log.asked == 2, "the third file is not tried"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_without_timestamps_the_attestations_are_made_all_the_same(job: SigningJob, fault: Fault) -> None:
    spoil(job, TIMESTAMP, fault, times=LASTING)
    assert len(job.prepare(WHEEL, SDIST, pages=[attested_page()])) == 2
    (notice,) = [event.diagnosis for event in job.events_of(DiagnosisReported)]
    assert (notice.code, notice.severity) == ("attestations-without-timestamp", Severity.NOTICE)
    assert job.instance.requests.count(TIMESTAMP) == TRIES, "it is not asked again for the second file"


def test_files_that_lose_their_timestamps_together_are_reported_once(job: SigningJob) -> None:
    files = [distribution(f"demo-1.{number}-py3-none-any.whl") for number in range(4)]
    spoil(job, TIMESTAMP, FAULTS["is slow"], times=LASTING)
    assert len(job.prepare(*files, map_=all_at_once)) == 4
    assert len(job.events_of(DiagnosisReported)) == 1


def test_files_that_fail_together_are_reported_once(job: SigningJob) -> None:
    files = [distribution(f"demo-1.{number}-py3-none-any.whl") for number in range(9)]
    spoil(job, LOG, FAULTS["is slow"], times=LASTING)
    assert job.prepare(*files, map_=all_at_once) == {}
    assert len(warnings(job)) == 1
    assert job.instance.requests.count(LOG) <= TRIES * PARALLEL_SIGNATURES


def test_files_that_meet_a_spent_certificate_together_share_the_next_one(job: SigningJob) -> None:
    files = [distribution(f"demo-1.{number}-py3-none-any.whl") for number in range(4)]
    job.instance.authority.lifetimes = [timedelta(seconds=-1)]
    assert len(job.prepare(*files, map_=all_at_once)) == 4
    assert job.instance.requests.count(AUTHORITY) == 2


def test_an_entry_whose_answer_was_lost_is_made_again(job: SigningJob) -> None:
    spoil(job, LOG, Fault(status=502, after_work=True))
    assert len(job.prepare(WHEEL)) == 1
    assert job.instance.requests.count(LOG) == 3
    assert job.instance.log.size == 2


def test_a_refusal_is_not_retried(job: SigningJob) -> None:
    spoil(job, AUTHORITY, Fault(status=400), times=LASTING)
    assert job.prepare(WHEEL) == {}
    assert job.instance.requests == [AUTHORITY]
    assert job.events_of(Retrying) == []


def test_a_service_that_asks_for_a_longer_wait_gets_it(job: SigningJob) -> None:
    spoil(job, AUTHORITY, Fault(status=429, headers=(("Retry-After", "7"),)))
    assert job.prepare(WHEEL)
    assert job.clock.slept == [7.0]


def test_a_wait_that_is_too_long_ends_the_tries(job: SigningJob) -> None:
    spoil(job, AUTHORITY, Fault(status=503, headers=(("Retry-After", "900"),)))
    assert job.prepare(WHEEL) == {}
    assert job.clock.slept == []


def test_waits_grow_when_the_service_asks_for_none(job: SigningJob) -> None:
    job.instance.faults.put(
        AUTHORITY, Fault(status=503, headers=(("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"),)), times=3
    )
    job.prepare(WHEEL)
    assert job.clock.slept == [0.75, 1.5, 3.0]


def test_every_try_for_a_certificate_has_an_identity_token_of_its_own(job: SigningJob) -> None:
    spoil(job, AUTHORITY, Fault(status=503))
    job.prepare(WHEEL)
    assert len(job.github.asked) == 2


def test_the_libraries_say_nothing_on_stderr() -> None:
    program = "import logging; from pypi_trusted_publish.attestations.services import quieten; quieten(); quieten(); "
    program += "logging.getLogger('sigstore.sign').warning('loud'); print(len(logging.getLogger('sigstore').handlers))"
    environment = {**NEEDED, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1\n", "")
