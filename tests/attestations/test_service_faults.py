"""Each fault of the services that signing needs, passing and lasting, and what the run does then."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from builders.attestations import Stand, all_at_once, attested_page, warnings
from builders.bare import NEEDED
from builders.release import distribution, page
from local_sigstore.faults import Fault
from local_sigstore.instance import AUTHORITY, LOG, TIMESTAMP, LocalSigstore
from local_sigstore.transparency_log import Log
from pypi_trusted_publish.attestations.policy import AttestationMode
from pypi_trusted_publish.attestations.signing import PARALLEL_SIGNATURES
from pypi_trusted_publish.core.project_page import PageState
from pypi_trusted_publish.core.retry import POLICIES, RequestKind
from pypi_trusted_publish.errors import IndexUnavailable, Severity
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


def spoil(stand: Stand, service: str, fault: Fault, *, times: int = 1) -> None:
    """Let a service fail."""
    stand.instance.faults.put(service, fault, times=times)


@pytest.mark.parametrize("service", [AUTHORITY, LOG, TIMESTAMP])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_that_passes_costs_one_more_try(stand: Stand, service: str, fault: Fault) -> None:
    spoil(stand, service, fault)
    assert set(stand.prepare(WHEEL, SDIST, mode=AttestationMode.TRUE)) == {WHEEL.filename, SDIST.filename}
    assert [event.attempt for event in stand.events_of(Retrying)] == [2]
    assert stand.events_of(DiagnosisReported) == []


@pytest.mark.parametrize("service", [AUTHORITY, LOG])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_when_a_fault_lasts_a_project_without_provenance_is_published_without(
    stand: Stand, service: str, fault: Fault
) -> None:
    spoil(stand, service, fault, times=LASTING)
    assert stand.prepare(WHEEL, SDIST) == {}
    (warning,) = warnings(stand)
    assert warning.code == "attestations-not-made"
    assert stand.events_of(Attested) == []
    assert Fact(value="No file is sent with an attestation.") in stand.events
    assert not stand.made.exists()


@pytest.mark.parametrize("service", [AUTHORITY, LOG])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_when_a_fault_lasts_a_project_with_provenance_is_not_published(
    stand: Stand, service: str, fault: Fault
) -> None:
    spoil(stand, service, fault, times=LASTING)
    with pytest.raises(IndexUnavailable) as caught:
        stand.prepare(WHEEL, SDIST, pages=[page(project="other"), attested_page()])
    (diagnosis,) = caught.value.diagnostics()
    assert caught.value.exit_code == 5
    assert diagnosis.fix == "Run the failed job again; or publish without them: `attestations: false`."
    assert "demo-0.9-py3-none-any.whl" in diagnosis.likely_cause


def test_a_service_that_cannot_be_reached_is_named(stand: Stand, instance: LocalSigstore) -> None:
    closed = LocalSigstore(dict)  # type: ignore[arg-type]
    closed.close()
    stand.trust = instance.trust_configuration().replace(instance.url, closed.url)
    assert stand.prepare(WHEEL) == {}
    (warning,) = warnings(stand)
    assert "the certificate authority gave no answer: connection refused" in warning.message


def test_attestations_that_were_asked_for_are_never_left_out(stand: Stand) -> None:
    spoil(stand, LOG, FAULTS["answers 503"], times=LASTING)
    with pytest.raises(IndexUnavailable) as caught:
        stand.prepare(WHEEL, mode=AttestationMode.TRUE)
    assert "the transparency log answered 503" in caught.value.diagnostics()[0].message


def test_a_page_that_could_not_be_read_counts_as_one_with_provenance(stand: Stand) -> None:
    spoil(stand, LOG, FAULTS["answers 503"], times=LASTING)
    with pytest.raises(IndexUnavailable):
        stand.prepare(WHEEL, pages=[page(state=PageState.UNREADABLE)])


def test_one_file_that_cannot_be_signed_leaves_the_whole_release_without(stand: Stand) -> None:
    log = BreakingLog(good=1)
    stand.instance.log = log
    assert stand.prepare(WHEEL, SDIST, distribution("demo-1.0-py2-none-any.whl")) == {}
    assert stand.events_of(Attested) == []
    assert log.asked == 2, "the third file is not tried"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_without_timestamps_the_attestations_are_made_all_the_same(stand: Stand, fault: Fault) -> None:
    spoil(stand, TIMESTAMP, fault, times=LASTING)
    assert len(stand.prepare(WHEEL, SDIST, pages=[attested_page()])) == 2
    (notice,) = [event.diagnosis for event in stand.events_of(DiagnosisReported)]
    assert (notice.code, notice.severity) == ("attestations-without-timestamp", Severity.NOTICE)
    assert stand.instance.requests.count(TIMESTAMP) == TRIES, "it is not asked again for the second file"


def test_files_that_lose_their_timestamps_together_are_reported_once(stand: Stand) -> None:
    files = [distribution(f"demo-1.{number}-py3-none-any.whl") for number in range(4)]
    spoil(stand, TIMESTAMP, FAULTS["is slow"], times=LASTING)
    assert len(stand.prepare(*files, map_=all_at_once)) == 4
    assert len(stand.events_of(DiagnosisReported)) == 1


def test_files_that_fail_together_are_reported_once(stand: Stand) -> None:
    files = [distribution(f"demo-1.{number}-py3-none-any.whl") for number in range(9)]
    spoil(stand, LOG, FAULTS["is slow"], times=LASTING)
    assert stand.prepare(*files, map_=all_at_once) == {}
    assert len(warnings(stand)) == 1
    assert stand.instance.requests.count(LOG) <= TRIES * PARALLEL_SIGNATURES


def test_files_that_meet_a_spent_certificate_together_share_the_next_one(stand: Stand) -> None:
    files = [distribution(f"demo-1.{number}-py3-none-any.whl") for number in range(4)]
    stand.instance.authority.lifetimes = [timedelta(seconds=-1)]
    assert len(stand.prepare(*files, map_=all_at_once)) == 4
    assert stand.instance.requests.count(AUTHORITY) == 2


def test_an_entry_whose_answer_was_lost_is_made_anew(stand: Stand) -> None:
    spoil(stand, LOG, Fault(status=502, after_work=True))
    assert len(stand.prepare(WHEEL)) == 1
    assert stand.instance.requests.count(LOG) == 3
    assert stand.instance.log.size == 2


def test_a_refusal_is_not_tried_again(stand: Stand) -> None:
    spoil(stand, AUTHORITY, Fault(status=400), times=LASTING)
    assert stand.prepare(WHEEL) == {}
    assert stand.instance.requests == [AUTHORITY]
    assert stand.events_of(Retrying) == []


def test_a_service_that_asks_for_a_longer_wait_gets_it(stand: Stand) -> None:
    spoil(stand, AUTHORITY, Fault(status=429, headers=(("Retry-After", "7"),)))
    assert stand.prepare(WHEEL)
    assert stand.clock.slept == [7.0]


def test_a_wait_that_is_too_long_ends_the_tries(stand: Stand) -> None:
    spoil(stand, AUTHORITY, Fault(status=503, headers=(("Retry-After", "900"),)))
    assert stand.prepare(WHEEL) == {}
    assert stand.clock.slept == []


def test_waits_grow_when_the_service_asks_for_none(stand: Stand) -> None:
    stand.instance.faults.put(
        AUTHORITY, Fault(status=503, headers=(("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"),)), times=3
    )
    stand.prepare(WHEEL)
    assert stand.clock.slept == [0.75, 1.5, 3.0]


def test_every_try_for_a_certificate_has_an_identity_token_of_its_own(stand: Stand) -> None:
    spoil(stand, AUTHORITY, Fault(status=503))
    stand.prepare(WHEEL)
    assert len(stand.github.asked) == 2


def test_the_libraries_say_nothing_on_stderr() -> None:
    program = "import logging; from pypi_trusted_publish.attestations.services import quieten; quieten(); quieten(); "
    program += "logging.getLogger('sigstore.sign').warning('loud'); print(len(logging.getLogger('sigstore').handlers))"
    environment = {**NEEDED, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1\n", "")
