"""Attestation files that lie beside the distributions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, BinaryIO

import pytest
from pypi_attestations import Attestation, AttestationType
from sigstore.dsse import DigestSet, StatementBuilder, Subject
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext

from builders.attestations import CLAIMS, GitHub, Stand, attested_page, beside, claims, rebuilt
from builders.release import distribution
from local_sigstore.faults import Fault
from local_sigstore.instance import LOG
from pypi_trusted_publish.attestations.policy import PassOn, Wish
from pypi_trusted_publish.distributions.distribution import Distribution
from pypi_trusted_publish.errors import Diagnosis, DistributionError, IndexUnavailable
from pypi_trusted_publish.events import Attested, Fact
from pypi_trusted_publish.trusted_publishing.tokens import Audience

WHEEL = distribution("demo-1.0-py3-none-any.whl")
SDIST = distribution("demo-1.0.tar.gz")
PROVENANCE = ".provenance.attestation"
SLSA = AttestationType.SLSA_PROVENANCE_V1.value


def attestation(
    stand: Stand, file: Distribution, predicate: str = AttestationType.PYPI_PUBLISH_V1.value, **changes: str
) -> str:
    """What another tool writes beside a file, made with the library alone."""
    config = ClientTrustConfig.from_json(stand.instance.trust_configuration())
    token = IdentityToken(GitHub(**changes)(Audience("sigstore")).secret.reveal())
    subject = Subject(name=file.filename, digest=DigestSet(root={"sha256": file.sha256}))
    with SigningContext.from_trust_config(config).signer(token) as signer:
        bundle = signer.sign_dsse(StatementBuilder([subject], predicate).build())
    return Attestation.from_bundle(bundle).model_dump_json()


def kinds(texts: tuple[str, ...]) -> list[str]:
    return [Attestation.model_validate_json(text).statement["predicateType"].split("/")[-2] for text in texts]


def refusals(stand: Stand, *arguments: Distribution, **changes: Any) -> tuple[Diagnosis, ...]:
    with pytest.raises(DistributionError) as caught:
        stand.prepare(*arguments, **changes)
    assert caught.value.exit_code == 3
    return caught.value.diagnostics()


def changed(text: str, *path: str | int, to: object) -> str:
    """The document with one value in it replaced."""
    document = json.loads(text)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(document)


def test_a_provenance_file_is_sent_beside_the_publish_attestation_that_is_made(stand: Stand) -> None:
    text = attestation(stand, WHEEL, SLSA)
    texts = stand.prepare(WHEEL, SDIST, beside=[beside(WHEEL, text, PROVENANCE)])
    assert kinds(texts[WHEEL.filename]) == ["provenance", "publish"]
    assert json.loads(texts[WHEEL.filename][0]) == json.loads(text)
    assert kinds(texts[SDIST.filename]) == ["publish"]
    assert [(event.filename, event.kind, event.made) for event in stand.told(Attested)] == [
        (WHEEL.filename, "provenance", False),
        (WHEEL.filename, "publish", True),
        (SDIST.filename, "publish", True),
    ]


def test_a_publish_attestation_that_is_there_is_not_made_again(stand: Stand) -> None:
    text = attestation(stand, WHEEL)
    entries = stand.instance.log.size
    texts = stand.prepare(WHEEL, beside=[beside(WHEEL, text)])
    assert [json.loads(one) for one in texts[WHEEL.filename]] == [json.loads(text)]
    assert stand.instance.log.size == entries
    assert stand.github.asked == []
    assert stand.told(Attested)[0].path == WHEEL.path + ".publish.attestation"


def test_both_kinds_are_passed_on_without_signing(stand: Stand) -> None:
    files = [beside(WHEEL, attestation(stand, WHEEL)), beside(WHEEL, attestation(stand, WHEEL, SLSA), PROVENANCE)]
    texts = stand.prepare(WHEEL, decision=PassOn(), beside=files)
    assert kinds(texts[WHEEL.filename]) == ["publish", "provenance"]
    assert stand.github.asked == []


def test_a_second_publish_of_the_same_files_takes_what_the_first_one_left(stand: Stand) -> None:
    first = stand.prepare(WHEEL, SDIST)
    left = [beside(file, (stand.made / f"{file.filename}.publish.attestation").read_bytes()) for file in (WHEEL, SDIST)]
    assert stand.prepare(WHEEL, SDIST, beside=left) == first
    assert stand.prepare(WHEEL, SDIST).keys() == first.keys(), "and makes them anew into the same folder"


def test_files_of_other_distributions_are_left_alone(stand: Stand) -> None:
    other = distribution("other-1.0-py3-none-any.whl")
    moved = replace(WHEEL, path="/elsewhere/" + WHEEL.filename)
    files = [beside(other, b""), beside(moved, b"{")]
    assert list(stand.prepare(WHEEL, beside=files)) == [WHEEL.filename]


def test_nothing_is_asked_for_when_there_is_nothing_to_pass_on(stand: Stand) -> None:
    other = distribution("other-1.0-py3-none-any.whl")
    assert stand.prepare(WHEEL, decision=PassOn(), beside=[beside(other, b"")], trust="no configuration") == {}
    assert stand.told(Fact) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b"{", "is no attestation"),
        (b"\xff\xfe{}", "is no attestation"),
        (b"[]", "is no attestation"),
        (b"{}", "is no attestation"),
        (b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}', "is no attestation"),
        (b"[" * 200_000, "is no attestation"),
        (b" " * (1 << 20) + b"{}", "is larger than 1,048,576 bytes"),
    ],
)
def test_a_file_that_is_no_attestation_stops_the_run(stand: Stand, content: bytes, problem: str) -> None:
    (diagnosis,) = refusals(stand, WHEEL, beside=[beside(WHEEL, content)])
    assert (diagnosis.code, diagnosis.file) == ("attestation-file-unusable", f"{WHEEL.filename}.publish.attestation")
    assert problem in diagnosis.happened
    assert stand.instance.requests == []


def test_a_file_that_cannot_be_read_stops_the_run(stand: Stand) -> None:
    def refuse() -> BinaryIO:
        raise PermissionError

    (diagnosis,) = refusals(stand, WHEEL, beside=[replace(beside(WHEEL, b""), open=refuse)])
    assert "cannot be read" in diagnosis.happened


def test_an_attestation_of_another_version_is_none(stand: Stand) -> None:
    text = changed(attestation(stand, WHEEL), "version", to=2)
    (diagnosis,) = refusals(stand, WHEEL, beside=[beside(WHEEL, text)])
    assert diagnosis.code == "attestation-file-unusable"


FOREIGN: Mapping[str, tuple[dict[str, str], str]] = {
    "repository": ({"repository": "octo/fork"}, "names the repository https://github.com/octo/fork"),
    "workflow": (
        {"workflow_ref": "octo/demo/.github/workflows/nightly.yml@refs/tags/v1.0"},
        "names the workflow https://github.com/octo/demo/.github/workflows/nightly.yml@refs/tags/v1.0",
    ),
    "ref": (
        {"workflow_ref": "octo/demo/.github/workflows/release.yml@refs/heads/main"},
        "names the workflow https://github.com/octo/demo/.github/workflows/release.yml@refs/heads/main",
    ),
    "issuer": ({"iss": "https://gitlab.example"}, "an identity of https://gitlab.example, not of GitHub Actions"),
}


@pytest.mark.parametrize(("changes", "problem"), FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_attestation_stops_the_run_with_what_it_names(
    stand: Stand, changes: dict[str, str], problem: str
) -> None:
    text = attestation(stand, WHEEL, **changes)
    (diagnosis,) = refusals(stand, WHEEL, beside=[beside(WHEEL, text)])
    assert diagnosis.code == "attestation-file-refused"
    assert problem in diagnosis.happened


def test_a_workflow_at_its_commit_is_the_publisher_too(stand: Stand) -> None:
    at_commit = f"octo/demo/.github/workflows/release.yml@{CLAIMS['sha']}"
    text = attestation(stand, WHEEL, SLSA, workflow_ref=at_commit)
    assert len(stand.prepare(WHEEL, decision=PassOn(), beside=[beside(WHEEL, text)])) == 1


@pytest.mark.parametrize(
    ("about", "problem"),
    [
        (rebuilt(WHEEL), "the file was built anew"),
        (SDIST, "it is about the file 'demo-1.0.tar.gz'"),
        (replace(WHEEL, filename="demo.zip"), "no statement about exactly one distribution"),
    ],
)
def test_an_attestation_of_another_file_stops_the_run(stand: Stand, about: Distribution, problem: str) -> None:
    text = attestation(stand, about)
    (diagnosis,) = refusals(stand, WHEEL, beside=[beside(WHEEL, text)])
    assert problem in diagnosis.happened


def test_a_name_that_is_spelt_otherwise_is_the_same_file(stand: Stand) -> None:
    text = attestation(stand, replace(WHEEL, filename="Demo-1.0.0-py3-none-any.whl"))
    assert len(stand.prepare(WHEEL, beside=[beside(WHEEL, text)])) == 1


def test_a_predicate_type_that_the_index_does_not_take_stops_the_run(stand: Stand) -> None:
    text = attestation(stand, WHEEL, "https://example.com/vsa/v1")
    (diagnosis,) = refusals(stand, WHEEL, beside=[beside(WHEEL, text)])
    assert "'https://example.com/vsa/v1', which the index does not take" in diagnosis.happened


def test_two_of_the_same_predicate_type_stop_the_run(stand: Stand) -> None:
    files = [beside(WHEEL, attestation(stand, WHEEL)), beside(WHEEL, attestation(stand, WHEEL), PROVENANCE)]
    (diagnosis,) = refusals(stand, WHEEL, beside=files)
    assert diagnosis.code == "attestation-files-repeat"
    assert diagnosis.remedy.endswith(f"{WHEEL.path}.publish.attestation, {WHEEL.path}{PROVENANCE}")


TAMPERED: Mapping[str, tuple[tuple[str | int, ...], object]] = {
    "statement": (("envelope", "statement"), "e30="),
    "signature": (("envelope", "signature"), "MEUCIQDx"),
    "no signature": (("envelope", "signature"), ""),
    "certificate": (("verification_material", "certificate"), "AAAA"),
    "entry": (("verification_material", "transparency_entries", 0), {}),
    "promise": (("verification_material", "transparency_entries", 0, "inclusionPromise"), None),
    "proof": (("verification_material", "transparency_entries", 0, "inclusionProof", "rootHash"), "AAAA"),
    "checkpoint": (
        ("verification_material", "transparency_entries", 0, "inclusionProof", "checkpoint", "envelope"),
        "nonsense",
    ),
    "time": (("verification_material", "transparency_entries", 0, "integratedTime"), "1"),
    "kind": (
        ("verification_material", "transparency_entries", 0, "kindVersion"),
        {"kind": "hashedrekord", "version": "0.0.1"},
    ),
}


@pytest.mark.parametrize(("path", "value"), TAMPERED.values(), ids=TAMPERED)
def test_an_attestation_that_was_changed_stops_the_run(
    stand: Stand, path: tuple[str | int, ...], value: object
) -> None:
    text = changed(attestation(stand, WHEEL), *path, to=value)
    (diagnosis,) = refusals(stand, WHEEL, beside=[beside(WHEEL, text)])
    assert diagnosis.code == "attestation-file-refused"


def test_all_problems_of_all_files_are_told_together_before_anything_is_signed(stand: Stand) -> None:
    files = [
        beside(WHEEL, attestation(stand, rebuilt(WHEEL))),
        beside(SDIST, attestation(stand, SDIST, repository="octo/fork")),
    ]
    asked = len(stand.instance.requests)
    assert [one.file for one in refusals(stand, WHEEL, SDIST, beside=files)] == [file.filename for file in files]
    assert len(stand.instance.requests) == asked
    assert len(refusals(stand, WHEEL, SDIST, beside=[beside(WHEEL, b""), beside(SDIST, b"")])) == 2


def test_what_lies_there_is_sent_even_when_signing_fails(stand: Stand) -> None:
    text = attestation(stand, WHEEL, SLSA)
    stand.instance.faults.put(LOG, Fault(status=400))
    texts = stand.prepare(WHEEL, SDIST, beside=[beside(WHEEL, text, PROVENANCE)])
    assert list(texts) == [WHEEL.filename]
    assert kinds(texts[WHEEL.filename]) == ["provenance"]


def test_without_trust_data_what_lies_there_is_neither_trusted_nor_lost(stand: Stand) -> None:
    file = beside(WHEEL, attestation(stand, WHEEL))
    assert stand.prepare(WHEEL, beside=[file], trust="{}") == {}
    with pytest.raises(IndexUnavailable):
        stand.prepare(WHEEL, beside=[file], trust="{}", pages=[attested_page()])
    with pytest.raises(IndexUnavailable):
        stand.prepare(WHEEL, beside=[file], trust="{}", wish=Wish.TRUE)


def test_the_publisher_is_the_one_of_the_called_file(stand: Stand) -> None:
    called = "octo/demo/.github/workflows/called.yml@refs/tags/v1.0"
    text = attestation(stand, WHEEL, workflow_ref=called)
    texts = stand.prepare(WHEEL, decision=PassOn(), beside=[beside(WHEEL, text)], names=claims(job_workflow_ref=called))
    assert len(texts) == 1
