"""What a refused exchange means, for each code and reason of the index."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.identity import CLAIMS, called, claims
from pypi_trusted_publish.core.claims import UnverifiedClaims
from pypi_trusted_publish.core.mint_refusals import explain_refusal
from pypi_trusted_publish.core.publisher import IndexInfo
from pypi_trusted_publish.core.responses import Answer, read_answer
from pypi_trusted_publish.core.retry import RequestKind
from pypi_trusted_publish.core.urls import IndexUrls
from pypi_trusted_publish.errors import Cure, Diagnosis, IndexRefused

INDEX = IndexInfo(
    name="PyPI",
    expected_audience="pypi",
    project_publishing_page="https://site.invalid/{project}/publishing",
    pending_publishing_page="https://site.invalid/pending",
)
NOT_FOUND = "valid token, but no corresponding publisher (Publisher with matching claims was not found)"


def answered(status: int, body: bytes, reason: str = "") -> Answer:
    return read_answer(RequestKind.MINT, status=status, reason=reason, headers={}, body=body)


def refusal(code: str, description: str, *, status: int = 422) -> Answer:
    body = {"message": "Token request failed", "errors": [{"code": code, "description": description}]}
    return answered(status, json.dumps(body).encode(), "Unprocessable Content")


def explained(
    code: str,
    description: str,
    *,
    of: UnverifiedClaims | None = CLAIMS,
    index: IndexInfo = INDEX,
    projects: tuple[str, ...] = ("demo",),
    unknown: tuple[str, ...] = (),
) -> Diagnosis:
    error = explain_refusal(
        refusal(code, description), claims=of, index=index, projects=projects, unknown_projects=unknown
    )
    (diagnosis,) = error.diagnostics()
    return diagnosis


@pytest.mark.parametrize(
    ("code", "diagnosis", "exit_code"),
    [
        ("invalid-publisher", "mint-invalid-publisher", 4),
        ("invalid-pending-publisher", "mint-invalid-pending-publisher", 4),
        ("invalid-payload", "mint-invalid-payload", 4),
        ("invalid-token", "mint-invalid-token", 5),
        ("not-enabled", "mint-not-enabled", 5),
        ("invalid-reuse-token", "mint-reused-token", 5),
        ("a-new-code", "mint-refused", 4),
    ],
)
def test_each_code_has_a_diagnosis_that_quotes_the_index_and_says_what_to_do(
    code: str, diagnosis: str, exit_code: int
) -> None:
    error = explain_refusal(refusal(code, "the reason"), claims=CLAIMS, index=INDEX, projects=["demo"])
    (reported,) = error.diagnostics()
    assert (reported.code, error.exit_code) == (diagnosis, exit_code)
    assert code in reported.message
    assert "the reason" in reported.message
    assert reported.likely_cause
    assert reported.fix
    assert ("repository", "Octo-Org/Sample") in reported.details


def test_the_form_is_filled_from_the_claims() -> None:
    form = explained("invalid-publisher", NOT_FOUND).snippet
    assert form.splitlines() == [
        "Owner:            Octo-Org",
        "Repository name:  Sample",
        "Workflow name:    release.yml",
        "Environment name: release",
    ]


def test_a_job_without_environment_leaves_the_field_empty() -> None:
    diagnosis = explained("invalid-publisher", NOT_FOUND, of=claims(environment=None))
    assert "Environment name: (leave empty)" in diagnosis.snippet
    assert "this job has none" in diagnosis.fix


def test_without_claims_there_is_no_form_and_no_guess_about_the_job() -> None:
    diagnosis = explained("invalid-publisher", NOT_FOUND, of=None)
    assert diagnosis.snippet == ""
    assert "Environment:" not in diagnosis.fix


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Publisher with matching claims was not found", "No publisher is registered for exactly this"),
        ("All lookup strategies exhausted", "No publisher is registered for exactly this"),
        ("Check failed for required claim 'repository_owner'", "case matters"),
        ("Check failed for required claim 'repository_owner_id'", "somebody else took the name over"),
        ("Check failed for required claim 'repository'", "renamed or transferred"),
        ("Check failed for required claim 'sub'", "customizes the claim 'sub'"),
        ("Check failed for required claim 'job_workflow_ref'", "the publisher names another file"),
        ("The job_workflow_ref claim does not match, expecting one of ['a'], got 'b'", "release.yml at refs/tags/v1.0"),
        ("Could not job extract workflow filename from OIDC claims", "no workflow file in the claim"),
        ("Could not extract workflow filename from OIDC claims", "no workflow file in the claim"),
        ("Check failed for optional claim 'environment'", "another environment than the job's: 'release'"),
        ("Check failed for required claim 'event_name'", "triggered by push"),
        (
            "Publishing from a workflow invoked via 'pull_request_target' is not supported.",
            "triggered by pull_request_target",
        ),
        ("Missing claim 'job_workflow_ref'", "lacks a claim"),
        ("The ref and sha claims are empty", "lacks a claim"),
    ],
)
def test_each_reason_of_an_invalid_publisher_is_explained(reason: str, words: str) -> None:
    assert (
        words in explained("invalid-publisher", f"valid token, but no corresponding publisher ({reason})").likely_cause
    )


@pytest.mark.parametrize(
    "reason",
    [
        "Check failed for required claim 'repository_owner'",
        "Check failed for required claim 'job_workflow_ref'",
        "Check failed for optional claim 'environment'",
        "something new",
    ],
)
def test_each_reason_is_explained_without_claims_too(reason: str) -> None:
    description = f"valid token, but no corresponding publisher ({reason})"
    assert explained("invalid-publisher", description, of=None).likely_cause


@pytest.mark.parametrize(
    ("description", "words", "cure"),
    [
        ("malformed JWT", "damaged", Cure.LATER),
        ("unknown trusted publishing issuer", "GitHub Enterprise Server", Cure.WORKFLOW),
        ("The name 'requests2' is too similar to an existing project. See x.", "too similar", Cure.NEW_NAME),
        ("The name 'os' isn't allowed (conflict with Python standard library). See x.", "module of", Cure.NEW_NAME),
        ("The name 'os' isn't allowed. See x.", "prohibited", Cure.NEW_NAME),
        (
            "New project registration temporarily disabled. See x for more information.",
            "not creating new projects",
            Cure.LATER,
        ),
    ],
)
def test_each_reason_of_an_invalid_payload_is_explained(description: str, words: str, cure: Cure) -> None:
    diagnosis = explained("invalid-payload", description)
    assert words in diagnosis.likely_cause
    assert diagnosis.cure is cure
    assert ("PEP 541" in diagnosis.fix) is (cure is Cure.NEW_NAME)


def test_the_letter_case_of_owner_and_repository_is_pointed_out() -> None:
    assert "spelled exactly Octo-Org/Sample" in explained("invalid-publisher", NOT_FOUND).fix
    assert "It has capitals" in explained("invalid-publisher", NOT_FOUND).fix
    plain = claims(repository="octo/sample", repository_owner="octo")
    assert "capitals" not in explained("invalid-publisher", NOT_FOUND, of=plain).fix


def test_a_token_that_names_no_repository_is_explained_without_one() -> None:
    diagnosis = explained("invalid-publisher", "Missing claim 'repository'", of=UnverifiedClaims())
    assert "Owner and repository" not in diagnosis.fix
    assert "Repository name:  (unknown)" in diagnosis.snippet


def test_a_renamed_repository_is_pointed_out_with_the_id_of_its_owner() -> None:
    assert "now 65" in explained("invalid-publisher", NOT_FOUND).fix


def test_a_called_workflow_of_the_same_repository_must_be_named_itself() -> None:
    diagnosis = explained("invalid-publisher", NOT_FOUND, of=called("octo-org/sample"))
    assert "the publisher must name publish.yml" in diagnosis.fix
    assert "Workflow name:    publish.yml" in diagnosis.snippet


def test_a_called_workflow_of_another_repository_is_refused_with_both_names() -> None:
    diagnosis = explained(
        "invalid-publisher",
        "valid token, but no corresponding publisher (Check failed for required claim 'job_workflow_ref')",
        of=called("other/shared", at="v1"),
    )
    assert diagnosis.cure is Cure.WORKFLOW
    for text in (diagnosis.likely_cause, diagnosis.fix):
        assert "other/shared" in text
        assert "Octo-Org/Sample" in text


def test_a_new_project_needs_a_pending_publisher_of_that_very_name() -> None:
    diagnosis = explained("invalid-publisher", NOT_FOUND, projects=("demo", "Fresh.Name"), unknown=("Fresh.Name",))
    assert "'Fresh.Name'" in diagnosis.fix
    assert "https://site.invalid/demo/publishing" in diagnosis.fix
    assert "https://site.invalid/pending" in diagnosis.fix


def test_the_two_public_indexes_know_nothing_of_each_other() -> None:
    assert "TestPyPI" in explained("invalid-publisher", NOT_FOUND).fix
    other = IndexInfo(name="index.invalid")
    elsewhere = explained("invalid-publisher", NOT_FOUND, index=other)
    assert "TestPyPI" not in elsewhere.fix
    assert "https://" not in elsewhere.fix


def test_a_page_of_pending_publishers_is_opened_when_no_project_is_known() -> None:
    assert INDEX.pages([], []) == ("https://site.invalid/pending",)
    assert len(INDEX.pages([f"p{number}" for number in range(50)], [])) == 5


def test_several_codes_are_several_diagnoses_and_the_first_who_must_act_decides() -> None:
    entries = [{"code": "invalid-token", "description": "x"}, {"code": "invalid-publisher", "description": "y"}]
    error = explain_refusal(answered(422, json.dumps({"errors": entries}).encode()), claims=None, index=INDEX)
    assert [diagnosis.code for diagnosis in error.diagnostics()] == ["mint-invalid-token", "mint-invalid-publisher"]
    assert isinstance(error, IndexRefused)


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [(400, 5), (401, 5), (403, 5), (404, 2), (405, 2), (407, 2), (302, 2), (308, 2), (418, 2), (422, 5)],
)
def test_a_page_is_explained_by_its_status(status: int, exit_code: int) -> None:
    error = explain_refusal(answered(status, b"<html>Oops</html>", "No way"), claims=CLAIMS, index=INDEX)
    assert error.exit_code == exit_code
    (diagnosis,) = error.diagnostics()
    assert f"No way (status {status})" in diagnosis.message
    assert "html" not in repr(diagnosis)


@pytest.mark.parametrize("body", [b"<html>Attention</html>", b"error code: 1020", b"", b'{"message": "403 Forbidden"}'])
def test_an_answer_without_a_reason_of_the_index_says_nothing_about_a_publisher(body: bytes) -> None:
    error = explain_refusal(answered(403, body), claims=CLAIMS, index=replace(INDEX, mint_url="https://x.invalid/mint"))
    (diagnosis,) = error.diagnostics()
    assert (diagnosis.code, diagnosis.cure, diagnosis.snippet) == ("mint-intercepted", Cure.LATER, "")
    assert diagnosis.likely_cause.startswith("Something in front of the index")
    assert "POST requests to https://x.invalid/mint through" in diagnosis.fix
    assert "PyPI says" not in diagnosis.message


def test_a_reason_in_json_is_the_answer_of_an_index() -> None:
    answer = answered(403, b'{"detail": "No publisher of this workflow"}')
    (diagnosis,) = explain_refusal(answer, claims=CLAIMS, index=INDEX).diagnostics()
    assert (diagnosis.code, diagnosis.cure) == ("mint-refused", Cure.INDEX)
    assert diagnosis.likely_cause.startswith("A field of the publisher")
    assert "PyPI says: No publisher of this workflow" in diagnosis.message
    assert "Repository name:  Sample" in diagnosis.snippet


@pytest.mark.parametrize("status", [302, 403, 404, 407])
def test_an_explanation_by_status_knows_all_its_values(status: int) -> None:
    index = IndexUrls.parse("https://index.example/legacy/").info
    (diagnosis,) = explain_refusal(answered(status, b"<html>"), claims=CLAIMS, index=index).diagnostics()
    assert "unknown" not in diagnosis.likely_cause + diagnosis.fix


@given(st.integers(100, 999), st.binary(max_size=200), st.text(max_size=50))
def test_any_answer_is_explained(status: int, body: bytes, reason: str) -> None:
    answer = answered(status, body, reason)
    if not answer.ok:
        assert explain_refusal(answer, claims=CLAIMS, index=INDEX).diagnostics()


@given(st.text(max_size=300), st.sampled_from(["invalid-publisher", "invalid-payload", "invalid-token", "other"]))
def test_any_reason_is_explained(description: str, code: str) -> None:
    error = explain_refusal(refusal(code, description), claims=CLAIMS, index=INDEX)
    assert all(diagnosis.fix for diagnosis in error.diagnostics())


@pytest.mark.parametrize("phrase", ["Unprocessable Entity", "422 Unprocessable Entity", "Unprocessable Content"])
def test_a_status_that_is_repeated_in_any_spelling_is_no_reason_of_the_index(phrase: str) -> None:
    assert answered(422, json.dumps({"message": phrase}).encode()).intercepted
    assert not answered(422, json.dumps({"message": f"{phrase} of demo"}).encode()).intercepted
