from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sigstore._utils import read_embedded
from sigstore.verify import Verifier

from builders.attestations import Stand
from builders.release import distribution
from local_sigstore.faults import Fault
from local_sigstore.trust_repository import FOLDER, TrustRepository
from pypi_trusted_publish.attestations import trust_root
from pypi_trusted_publish.attestations.services import signing_context
from pypi_trusted_publish.attestations.wire import Service, ServiceFault
from pypi_trusted_publish.core.retry import POLICIES, RequestKind
from pypi_trusted_publish.events import Retrying

WHEEL = distribution("demo-1.0-py3-none-any.whl")

TRIES = POLICIES[RequestKind.TRUST_DATA].tries


def published(stand: Stand, served: TrustRepository) -> trust_root.TrustRepository:
    """Serve a repository on loopback, and trust its root."""
    stand.instance.documents = served.documents
    return trust_root.TrustRepository(url=stand.instance.url + FOLDER, root=served.root)


def repository(stand: Stand) -> TrustRepository:
    return TrustRepository(stand.instance.trust_configuration())


def fault_of(stand: Stand, trusted: trust_root.TrustRepository) -> ServiceFault:
    with pytest.raises(ServiceFault) as caught:
        stand.fetch(trusted)
    assert caught.value.service is Service.TRUST
    return caught.value


def test_the_configuration_is_fetched_verified_and_good_to_sign_with(stand: Stand) -> None:
    assert len(stand.prepare(WHEEL, trust=None, repository=published(stand, repository(stand)))) == 1


def test_what_was_fetched_stays_in_the_private_folder(stand: Stand, tmp_path: Path) -> None:
    stand.fetch(published(stand, repository(stand)))
    assert {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")} == {"private"}
    assert {"trusted_root.json", "signing_config.v0.2.json"} <= {path.name for path in tmp_path.rglob("*")}


def test_a_file_system_without_links_is_a_fault_and_no_bug(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.symlink", refuse)
    fault = fault_of(stand, published(stand, repository(stand)))
    assert (fault.problem, fault.temporary) == ("answered with data that cannot be stored on this machine", False)


def test_a_second_run_asks_again_but_does_not_download_again(stand: Stand) -> None:
    trusted = published(stand, repository(stand))
    stand.fetch(trusted)
    before = len(stand.instance.requests)
    stand.fetch(trusted)
    asked = stand.instance.requests[before:]
    assert f"{FOLDER}/timestamp.json" in asked
    assert not [path for path in asked if "/targets/" in path]


def test_a_repository_that_stumbles_is_asked_again(stand: Stand) -> None:
    trusted = published(stand, repository(stand))
    stand.instance.faults.put(f"{FOLDER}/timestamp.json", Fault(status=503))
    stand.instance.faults.put(f"{FOLDER}/1.targets.json", Fault(drop=True))
    stand.fetch(trusted)
    assert [event.why for event in stand.events_of(Retrying)] == [
        "the trust data's repository answered 503",
        "the trust data's repository gave no answer: the connection was closed without an answer",
    ]


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (Fault(status=500), "answered 500"),
        (Fault(stall=True), "gave no answer"),
        (Fault(body=b"<html>"), "answered with data that cannot be verified"),
        (Fault(body=b" " * 20_000), "answered with data that cannot be verified"),
        (Fault(body=b"{}"), "answered with data that cannot be verified"),
    ],
)
def test_a_repository_that_stays_down_is_a_fault_of_the_trust_data(stand: Stand, fault: Fault, problem: str) -> None:
    trusted = published(stand, repository(stand))
    stand.instance.faults.put(f"{FOLDER}/timestamp.json", fault, times=TRIES)
    assert problem in fault_of(stand, trusted).problem


def test_data_that_has_run_out_or_was_signed_by_a_stranger_is_not_trusted(stand: Stand) -> None:
    old = TrustRepository(stand.instance.trust_configuration(), lifetime=timedelta(days=-1))
    assert "cannot be verified" in fault_of(stand, published(stand, old)).problem
    mine, strange = repository(stand), repository(stand)
    strange.root = mine.root
    assert "cannot be verified" in fault_of(stand, published(stand, strange)).problem


def test_a_changed_file_is_not_trusted(stand: Stand) -> None:
    served = repository(stand)
    trusted = published(stand, served)
    for path in [path for path in served.documents if "/targets/" in path]:
        served.documents[path] = served.documents[path].replace(b"local.example", b"other.example")
    assert "cannot be verified" in fault_of(stand, trusted).problem


def test_a_repository_without_a_signing_configuration_cannot_be_used(stand: Stand) -> None:
    parts = json.loads(stand.instance.trust_configuration())
    del parts["signingConfig"]
    fault = fault_of(stand, published(stand, TrustRepository(json.dumps(parts))))
    assert (fault.problem, fault.temporary) == ("has no signing_config.v0.2.json", False)


def test_a_given_configuration_of_an_unknown_form_is_refused(stand: Stand) -> None:
    for text in ("", "[]", "{}", '{"mediaType": "unknown"}'):
        with pytest.raises(ServiceFault):
            trust_root.given(text)


def test_a_configuration_without_a_log_that_signs_the_time_cannot_be_used(stand: Stand) -> None:
    parts = json.loads(stand.instance.trust_configuration())
    parts["signingConfig"]["rekorTlogUrls"][0]["majorApiVersion"] = 2
    assert stand.prepare(WHEEL, trust=json.dumps(parts)) == {}
    parts["trustedRoot"]["tlogs"] = []
    assert stand.prepare(WHEEL, trust=json.dumps(parts)) == {}


def test_the_public_instance_comes_with_a_root_of_its_own() -> None:
    public = trust_root.public_good()
    assert public.url.startswith("https://")
    assert json.loads(public.root)["signed"]["_type"] == "root"


def test_the_public_instance_can_be_used_with_what_the_library_ships(stand: Stand) -> None:
    url = trust_root.public_good().url
    parts = {
        part: json.loads(read_embedded(name, url))
        for part, name in (("trustedRoot", "trusted_root.json"), ("signingConfig", "signing_config.v0.2.json"))
    }
    media_type = json.loads(stand.instance.trust_configuration())["mediaType"]
    config = trust_root.given(json.dumps({"mediaType": media_type, **parts}))
    signing_context(config, stand.session, stand.retrier(), stand.timeouts)
    Verifier(trusted_root=config.trusted_root)
