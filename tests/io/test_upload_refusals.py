"""What each refusal of an upload means."""

from __future__ import annotations

import pytest

from pypi_trusted_publish.core.responses import ROWS, Verdict, explain, match
from pypi_trusted_publish.errors import Diagnosis

URL = "https://index.example/legacy/"


def explained(status: int, message: str, *, location: str = "", url: str = URL) -> Diagnosis:
    return explain(
        status=status, message=message, location=location, filename="demo.whl", index="Index", upload_url=url
    )


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "File already exists ('demo.whl', with blake2_256 hash 'ab').", "upload-file-exists"),
        (400, "This filename has already been used, use a different version.", "upload-file-exists"),
        (409, "Package demo.whl already exists!", "upload-file-exists"),
        (409, "Conflict", "upload-file-exists"),
        (409, "no", "upload-file-exists"),
        (400, "Non-user identities cannot create new projects. This was probably caused by", "upload-no-project"),
        (400, "Only one sdist may be uploaded per release.", "upload-second-sdist"),
        (400, "Uploading new files to releases older than 14 days is not allowed", "upload-release-too-old"),
        (400, "File too large. Limit for project 'demo' is 100 MB.", "upload-too-large"),
        (400, "Project size too large. Limit for project 'demo' total size is 10 GB.", "upload-too-large"),
        (413, "Request Entity Too Large", "upload-too-large"),
        (400, "Invalid attestations supplied during upload", "upload-attestation-refused"),
        (400, "Invalid distribution file. None", "upload-file-invalid"),
        (400, "Invalid distribution file: invalid entry points", "upload-file-invalid"),
        (400, "The description failed to render for 'text/x-rst'.", "upload-description-refused"),
        (400, "'summary' has invalid data", "upload-metadata-refused"),
        (400, "'1.0+x' is an invalid value for Version.", "upload-metadata-refused"),
        (403, "Invalid API Token: token is expired, token is expired", "upload-token-expired"),
        (
            403,
            "Invalid API Token: OIDC scoped token is not valid for project 'other-pkg', project-scoped token",
            "upload-project-not-covered",
        ),
        (403, "Read-only mode: Uploads are temporarily disabled.", "upload-read-only"),
        (503, "Read-only mode", "upload-read-only"),
        (403, "Too many new projects created", "upload-too-many-projects"),
        (429, "Too many new projects created", "upload-too-many-projects"),
        (403, "Invalid or non-existent authentication information.", "upload-token-refused"),
        (401, "Authentication required", "upload-token-refused"),
        (403, "The user 'x' isn't allowed to upload to project 'demo'.", "upload-not-allowed"),
        (403, "Forbidden", "upload-forbidden"),
        (404, "Not Found", "upload-url-not-found"),
        (405, "Method Not Allowed", "upload-url-is-index"),
        (302, "Found", "upload-redirected"),
        (400, "Something new", "upload-refused"),
        (418, "teapot", "upload-refused"),
    ],
)
def test_a_refusal_is_explained_and_quoted(status: int, message: str, code: str) -> None:
    diagnosis = explained(status, message)
    assert diagnosis.code == code
    assert message.rstrip(".") in diagnosis.message
    assert "demo.whl" in diagnosis.message
    assert diagnosis.likely_cause
    assert diagnosis.fix
    assert diagnosis.file == "demo.whl"


@pytest.mark.parametrize("location", [URL, "/legacy/", URL.partition(":")[2]])
def test_a_redirect_to_the_same_url_with_a_slash_is_a_missing_slash(location: str) -> None:
    diagnosis = explained(308, "Permanent Redirect", location=location, url=URL[:-1])
    assert diagnosis.code == "upload-url-without-slash"
    assert diagnosis.snippet == f"repository-url: {URL}"


@pytest.mark.parametrize("location", ["", "/", "https://[::1", "//other.example/legacy/"])
def test_any_other_target_is_a_redirect(location: str) -> None:
    assert explained(308, "Permanent Redirect", location=location, url=URL[:-1]).code == "upload-redirected"


def test_a_redirect_elsewhere_names_where_it_leads() -> None:
    diagnosis = explained(302, "Found", location="https://evil.example/legacy/")
    assert ("leads to", "https://evil.example/legacy/") in diagnosis.details


@pytest.mark.parametrize(
    ("status", "message", "verdict"),
    [
        (400, "File already exists", Verdict.EXISTS),
        (409, "", Verdict.EXISTS),
        (403, "token is expired", Verdict.TOKEN_EXPIRED),
        (403, "read-only mode", Verdict.LATER),
        (429, "too many new projects created", Verdict.LATER),
        (403, "Forbidden", Verdict.REFUSED),
    ],
)
def test_a_row_says_what_it_means_for_the_release(status: int, message: str, verdict: Verdict) -> None:
    row = match(status, message)
    assert row is not None
    assert row.verdict is verdict


@pytest.mark.parametrize(("status", "message"), [(429, "slow down"), (503, "busy"), (500, "expired"), (400, "what")])
def test_what_no_row_knows_is_not_guessed(status: int, message: str) -> None:
    assert match(status, message) is None


def test_no_row_is_hidden_by_an_earlier_one() -> None:
    for position, row in enumerate(ROWS):
        for earlier in ROWS[:position]:
            assert earlier.words or not row.statuses <= earlier.statuses
