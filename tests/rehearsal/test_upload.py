from __future__ import annotations

import gc
import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest

from builders.plain_client import PlainClient
from pypi_trusted_publish.rehearsal.projects import DAY
from pypi_trusted_publish.rehearsal.samples import Sample, build_sdist, build_wheel, build_wheels

Staged: TypeAlias = Callable[..., PlainClient]


def files_of(client: PlainClient) -> tuple[Path, Path]:
    wheel, sdist = client.stage.distributions or ()
    return wheel, sdist


def said(answer: httpx.Response) -> str:
    """The message, which stands in the reason phrase and in the body."""
    document = answer.json()
    assert document["code"] == f"{answer.status_code} {answer.reason_phrase}"
    assert answer.reason_phrase in document["message"]
    return answer.reason_phrase


def test_a_file_arrives_with_every_field_and_its_bytes(staged: Staged) -> None:
    client = staged()
    wheel, _ = files_of(client)
    assert client.upload(wheel, changes={"summary": "Grüße", "unheard_of": "kept"}).status_code == 200
    (file,) = client.stage.published()
    assert file.path.read_bytes() == wheel.read_bytes()
    assert file.values("summary") == ("Grüße",)
    assert file.values("unheard_of") == ("kept",)
    assert (file.size, file.sha256) == (wheel.stat().st_size, hashlib.sha256(wheel.read_bytes()).hexdigest())


def test_identical_bytes_are_taken_again_and_other_bytes_are_not(staged: Staged, tmp_path: Path) -> None:
    client = staged()
    wheel, _ = files_of(client)
    assert [client.upload(wheel).status_code for _ in range(2)] == [200, 200]
    assert len(client.stage.published()) == 1
    other = build_wheel(tmp_path, Sample(padding=10))
    answer = client.upload(other)
    assert answer.status_code == 400
    assert said(answer).startswith(f"File already exists ('{wheel.name}', with blake2_256 hash")


def test_the_same_bytes_under_another_name_are_refused(staged: Staged) -> None:
    client = staged()
    wheel, _ = files_of(client)
    client.upload(wheel)
    answer = client.upload(wheel, filename=wheel.name.replace("py3-none-any", "py4-none-any"))
    assert answer.status_code == 400
    assert said(answer).startswith("File already exists")


def test_a_deleted_name_can_never_be_used_again(staged: Staged) -> None:
    client = staged()
    wheel, _ = files_of(client)
    client.upload(wheel)
    client.stage.index.call(lambda: client.stage.index.store.delete(wheel.name))
    assert client.stage.published() == ()
    assert said(client.upload(wheel)).startswith("This filename has already been used")


def test_a_second_sdist_of_a_release_is_refused(staged: Staged, tmp_path: Path) -> None:
    client = staged()
    _, sdist = files_of(client)
    client.upload(sdist)
    twin = tmp_path / "rehearsal_sample-1.0.tar.gz"
    twin.write_bytes(build_sdist(tmp_path, Sample(version="1.0")).read_bytes())
    assert said(client.upload(twin)) == "Only one sdist may be uploaded per release."


def test_a_release_takes_new_files_for_fourteen_days_and_identical_ones_for_ever(staged: Staged) -> None:
    client = staged()
    wheel, sdist = files_of(client)
    client.upload(wheel)
    client.stage.index.time.advance(13 * DAY)
    assert client.upload(sdist).status_code == 200
    client.stage.index.time.advance(2 * DAY)
    assert client.upload(sdist).status_code == 200
    (late, *_) = build_wheels(client.stage.folder / "late", Sample(), 1)
    assert "older than 14 days" in said(client.upload(late))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({":action": "submit"}, "action"),
        ({"protocol_version": "2"}, "Unknown protocol version"),
        ({"metadata_version": "2.9"}, "'2.9' is not a valid metadata version"),
        ({"filetype": "bdist_egg"}, "Use a known file type"),
        ({"pyversion": ""}, "Python version is required"),
        ({"name": "-bad-"}, "'-bad-' is an invalid value for Name"),
        ({"name": "other"}, "Start filename for 'other'"),
        ({"version": "1.x.0"}, "'1.x.0' is an invalid value for Version"),
        ({"version": "1.0.0+local"}, "local versions"),
        ({"version": "1.0.1"}, "Version in filename should be '1.0.1' not '1.0.0'"),
        ({"sha256_digest": None, "blake2_256_digest": None}, "Include at least one message digest"),
        ({"sha256_digest": "0" * 64}, "does not match a digest"),
        ({"blake2_256_digest": "0" * 64}, "does not match a digest"),
        ({"sha256_digest": "xyz"}, "hex-encoded"),
    ],
)
def test_a_wrong_field_is_refused(staged: Staged, changes: dict[str, str | None], words: str) -> None:
    client = staged()
    answer = client.upload(files_of(client)[0], changes=changes)
    assert answer.status_code == 400
    assert words in said(answer)
    assert client.stage.published() == ()


@pytest.mark.parametrize(
    "filename",
    ["Rehearsal_Sample-1.0.0-py3-none-any.whl", "rehearsal-sample-1.0.0.whl", "sub/rehearsal_sample-1.0.0-a-b-c.whl"],
)
def test_a_wrong_file_name_is_refused(staged: Staged, filename: str) -> None:
    client = staged()
    assert client.upload(files_of(client)[0], filename=filename).status_code == 400


def test_an_sdist_s_name_must_be_exact(staged: Staged) -> None:
    client = staged()
    answer = client.upload(files_of(client)[1], filename="rehearsal_sample-1.0.tar.gz")
    assert answer.status_code == 400


def test_the_form_must_agree_with_the_metadata_in_the_file(staged: Staged, tmp_path: Path) -> None:
    client = staged()
    wheel, _ = files_of(client)
    renamed = tmp_path / wheel.name.replace("1.0.0", "1.0.1")
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(renamed, "w") as target:
        for member in source.infolist():
            target.writestr(member.filename.replace("1.0.0", "1.0.1"), source.read(member))
    assert "the metadata in the file '1.0.0'" in said(client.upload(renamed))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_file_that_is_no_archive_is_refused(staged: Staged, tmp_path: Path, content: bytes) -> None:
    client = staged()
    broken = tmp_path / files_of(client)[0].name
    broken.write_bytes(content)
    assert said(client.upload(broken)).startswith("Invalid distribution file")


def test_a_field_that_is_a_file_is_refused(staged: Staged) -> None:
    client = staged()
    wheel, _ = files_of(client)
    answer = client.post(
        client.stage.index.upload_url,
        data={":action": "file_upload"},
        files={"content": (wheel.name, wheel.read_bytes()), "summary": ("summary", b"text")},
        auth=("__token__", client.token()),
        headers={"Accept": "application/json"},
    )
    assert said(answer) == "Invalid upload: field 'summary' must not be a file."


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "multipart/form-data"])
def test_a_body_that_is_no_form_is_refused(staged: Staged, content_type: str) -> None:
    client = staged()
    answer = client.post(
        client.stage.index.upload_url,
        content=b"--y\r\nnothing\r\n",
        auth=("__token__", client.token()),
        headers={"Content-Type": content_type},
    )
    assert answer.status_code == 400


def test_a_file_that_goes_bad_on_its_way_leaves_no_work_behind(
    staged: Staged, caplog: pytest.LogCaptureFixture
) -> None:
    client = staged()
    head = b'--x\r\nContent-Disposition: form-data; name="content"; filename="a.whl"\r\n\r\n'
    for _ in range(3):
        answer = client.post(
            client.stage.index.upload_url,
            content=head + bytes(16 << 20) + b"\r\n--x no end",
            auth=("__token__", client.token()),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )
        assert answer.status_code == 400
    gc.collect()
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


@pytest.mark.parametrize("auth", [None, ("user", "password"), ("__token__", "pypi-abc"), ("__token__", "")])
def test_nobody_uploads_without_a_token(staged: Staged, auth: tuple[str, str] | None) -> None:
    client = staged()
    wheel, _ = files_of(client)
    files = {"content": (wheel.name, wheel.read_bytes())}
    answer = client.post(client.stage.index.upload_url, data={"name": "x"}, files=files, auth=auth)
    assert answer.status_code == 403
    assert answer.reason_phrase.startswith("Invalid or non-existent authentication information.")
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_token_that_was_touched_opens_nothing(staged: Staged) -> None:
    client = staged()
    token = client.token()
    last = "A" if token[-1] != "A" else "B"
    assert client.upload(files_of(client)[0], token=token[:-1] + last).status_code == 403


def test_a_token_lives_fifteen_minutes(staged: Staged) -> None:
    client = staged()
    wheel, sdist = files_of(client)
    token = client.token()
    client.stage.index.time.advance(880)
    assert client.upload(wheel, token=token).status_code == 200
    client.stage.index.time.advance(25)
    answer = client.upload(sdist, token=token)
    assert (answer.status_code, said(answer)) == (403, "Invalid API Token: token is expired, token is expired")
    assert client.stage.live_tokens() == ()


def test_a_token_opens_its_publisher_s_projects_only(staged: Staged) -> None:
    client = staged(projects=["another"])
    client.stage.index.call(lambda: client.stage.index.store.create_project("rehearsal-sample"))
    answer = client.upload(files_of(client)[0])
    assert answer.status_code == 403
    assert "OIDC scoped token is not valid for project 'rehearsal-sample'" in said(answer)


def test_an_upload_makes_no_project(staged: Staged) -> None:
    client = staged(projects=["another"])
    answer = client.upload(files_of(client)[0])
    assert answer.status_code == 400
    assert said(answer).startswith("Non-user identities cannot create new projects.")


@pytest.mark.parametrize("status", ["archived", "quarantined"])
def test_a_closed_project_takes_nothing(staged: Staged, status: str) -> None:
    client = staged(faults=[f"project-{status}"])
    assert client.upload(files_of(client)[0]).status_code == 403


def test_a_file_beyond_the_limit_is_refused(staged: Staged) -> None:
    client = staged(size_limit=1 << 10)
    assert said(client.upload(files_of(client)[0])).startswith("File too large.")


def test_a_project_beyond_its_limit_is_refused(staged: Staged) -> None:
    client = staged()
    for project in client.stage.index.store.projects.values():
        project.total_limit = 1 << 10
    assert said(client.upload(files_of(client)[0])).startswith("Project size too large.")


def test_without_json_the_message_comes_in_the_reason_and_as_html(staged: Staged) -> None:
    client = staged()
    answer = client.upload(files_of(client)[0], changes={"version": "<b>"}, json=False)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.reason_phrase == "'<b>' is an invalid value for Version."
    assert "&lt;b&gt;" in answer.text
    assert "200 OK" in client.upload(files_of(client)[0], json=False).text


def test_the_slash_is_missed_and_the_index_is_no_place_to_upload_to(staged: Staged) -> None:
    client = staged()
    wheel, _ = files_of(client)
    missing = client.upload(wheel, url=client.stage.index.upload_url.rstrip("/"))
    assert (missing.status_code, missing.headers["Location"]) == (308, "/legacy/")
    assert client.upload(wheel, url=client.stage.index.simple_url).status_code == 405
    assert client.get("/legacy/").status_code == 405
    assert client.upload(wheel, url=client.stage.index.origin + "/elsewhere/").status_code == 404


def test_warnings_come_a_line_each_with_a_success(staged: Staged) -> None:
    client = staged()
    client.stage.index.uploads.warnings = ("First.", "Second.")
    assert client.upload(files_of(client)[0]).text == "First.\nSecond.\n"
