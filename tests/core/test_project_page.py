"""The page of a project in the JSON simple index."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from pypi_trusted_publish.core.project_page import PageState, ProjectPage, UnreadablePage, read_project_page

DEMO = canonicalize_name("demo")
SHA = "ab" * 32


def parsed(*files: Any, **changes: Any) -> ProjectPage:
    page = {"meta": {"api-version": "1.4"}, "name": "demo", "files": list(files)} | changes
    return read_project_page(DEMO, page)


def test_a_file_is_read_with_everything_the_page_lists_for_it() -> None:
    page = parsed(
        {
            "filename": "demo-1.0.tar.gz",
            "url": "https://files.example/demo-1.0.tar.gz",
            "hashes": {"sha256": SHA.upper(), "md5": "x"},
            "size": 12,
            "upload-time": "2026-08-01T10:00:00.500000Z",
            "provenance": "https://index.example/p",
        }
    )
    file = page.file("demo-1.0.tar.gz")
    assert file is not None
    assert (page.state, page.status, page.project) == (PageState.KNOWN, "active", "demo")
    assert (file.sha256, file.size, file.provenance) == (SHA, 12, "https://index.example/p")
    assert file.upload_time == 1785578400.5
    assert page.file("other") is None


def test_a_project_without_files_is_known() -> None:
    assert parsed().files == ()


def test_the_status_of_a_project_is_read() -> None:
    page = parsed(**{"project-status": {"status": "quarantined", "reason": "malware"}})
    assert (page.status, page.status_reason) == ("quarantined", "malware")


@pytest.mark.parametrize(
    "odd",
    [
        {"size": "12"},
        {"size": -1},
        {"size": True},
        {"upload-time": "yesterday"},
        {"upload-time": 5},
        {"upload-time": "0001-01-01T00:00:00+14:00"},
        {"provenance": 7},
        {"hashes": {}},
    ],
)
def test_what_only_serves_to_predict_or_show_is_left_out_when_it_is_odd(odd: dict[str, Any]) -> None:
    file = parsed({"filename": "a.whl"} | odd).files[0]
    assert (file.filename, file.sha256, file.size, file.provenance) == ("a.whl", None, None, None)


def test_a_time_without_a_zone_is_utc() -> None:
    assert parsed({"filename": "a", "upload-time": "1970-01-01T00:00:10"}).files[0].upload_time == 10.0


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-08-01T10:00:00.5Z", 1785578400.5),
        ("2026-08-01T10:00:00.500000000+00:00", 1785578400.5),
        ("2026-08-01 12:00:00+02:00", 1785578400.0),
        ("20260801T100000Z", None),
        ("2026-W31-6", None),
    ],
)
def test_a_time_is_read_alike_on_every_python(text: str, time: float | None) -> None:
    assert parsed({"filename": "a", "upload-time": text}).files[0].upload_time == time


V1 = {"meta": {"api-version": "1.0"}}


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (None, "not JSON"),
        ([], "not a page"),
        ({}, "not a page"),
        ({"files": {}}, "not a page"),
        ({"files": []}, "version"),
        ({"files": [], "meta": {"api-version": "2.0"}}, "version"),
        ({"files": [], "meta": {"api-version": 1}}, "version"),
        ({"files": [1], **V1}, "without a name"),
        ({"files": [{"filename": 1}], **V1}, "without a name"),
        ({"files": [{"filename": "a", "hashes": {"sha256": "zz"}}], **V1}, "SHA-256"),
        ({"files": [{"filename": "a", "hashes": {"sha256": 1}}], **V1}, "SHA-256"),
    ],
)
def test_a_page_in_which_a_conflict_could_be_overlooked_is_unreadable(page: object, why: str) -> None:
    with pytest.raises(UnreadablePage, match=why):
        read_project_page(DEMO, page)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["filename", "hashes", "sha256", "size"]), inner),
    max_leaves=12,
)


@given(st.lists(JSON), JSON, JSON)
def test_any_json_is_a_page_or_unreadable(files: list[Any], status: Any, meta: Any) -> None:
    for version in (meta, {"api-version": "1.0"}):
        page = {"files": files, "project-status": status, "meta": version}
        with contextlib.suppress(UnreadablePage):
            assert read_project_page(DEMO, page).state is PageState.KNOWN
