"""The projects of an upload token, read without its key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.macaroons import caveat, field, macaroon, upload_token
from pypi_trusted_publish.core.token_coverage import check_coverage, covered_projects, warn_of_several_new_projects
from pypi_trusted_publish.errors import IndexRefused, Severity
from pypi_trusted_publish.secret import Secret, UploadToken

EXPIRES = caveat(0, 1900, 1000)
PUBLISHER = caveat(4, "publisher-id")


def test_the_projects_of_a_token_are_read() -> None:
    token = upload_token(macaroon(PUBLISHER, caveat(2, ["a", "b"]), EXPIRES))
    assert covered_projects(token) == frozenset({"a", "b"})


def test_several_lists_cover_what_all_of_them_name() -> None:
    assert covered_projects(upload_token(macaroon(caveat(2, ["a", "b"]), caveat(2, ["b", "c"])))) == frozenset({"b"})


def test_hundreds_of_projects_are_counted() -> None:
    ids = [f"{number:032x}" for number in range(500)]
    assert covered_projects(upload_token(macaroon(caveat(2, ids)))) == frozenset(ids)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        macaroon(PUBLISHER, EXPIRES),
        macaroon(b"no json"),
        macaroon(caveat(2)),
        macaroon(caveat(2, "a")),
        macaroon(caveat(2, [1])),
        macaroon(caveat(2, ["a"])) + b"more",
        macaroon(caveat(2, ["a"]))[:-1],
        macaroon(caveat(2, ["a"]))[:-35],
        b"\x02" + field(1, b"x") + b"\x00",
        b"\x02" + field(2, b"x") + field(2, b"x") + b"\x00",
        b"\x02" + field(3, b"x") + b"\x00",
        b"\x02" + field(2, b"x") + b"\x00" + field(2, caveat(2, ["a"])) + field(4, b"key") + b"\x00",
        b"\x02"
        + field(2, b"x")
        + b"\x00"
        + field(2, caveat(2, ["a"]))
        + field(4, b"key")
        + b"\x00\x00"
        + field(6, b"s"),
        b"\x02" + field(2, b"x") + b"\x00" + field(1, b"only a place") + b"\x00",
        b"\x02" + field(2, b"x") + b"\x00\x00" + field(5, b"no signature"),
        b"\x02\xff\xff\xff\xff\xff\xff",
        b"\x02\x02\xff",
        macaroon(b"[" * 100_000),
    ],
)
def test_anything_unusual_cannot_be_read(data: bytes) -> None:
    assert covered_projects(upload_token(data)) is None


@pytest.mark.parametrize("text", ["", "pypi-", "abc", "pypi-A", "pypi-a.b", "pypi-AgE="])
def test_a_token_of_another_form_cannot_be_read(text: str) -> None:
    assert covered_projects(UploadToken(secret=Secret(text), minted_at=0.0, lifetime=1.0)) is None


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_not(data: bytes) -> None:
    assert covered_projects(upload_token(data)) is None or data[:1] == b"\x02"


@given(st.lists(st.lists(st.text(max_size=8), max_size=5), min_size=1, max_size=3), st.data())
def test_a_damaged_token_never_raises(lists: list[list[str]], data: st.DataObject) -> None:
    whole = bytearray(macaroon(*(caveat(2, ids) for ids in lists)))
    assert covered_projects(upload_token(bytes(whole))) == frozenset.intersection(*map(frozenset, lists))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] = data.draw(st.integers(0, 255))
    covered = covered_projects(upload_token(bytes(whole)))
    assert covered is None or isinstance(covered, frozenset)


@pytest.mark.parametrize("covered", [None, 2, 3])
def test_a_token_that_covers_enough_or_cannot_be_read_passes(covered: int | None) -> None:
    check_coverage(covered, ["a", "b"])


@pytest.mark.parametrize(("covered", "word"), [(0, "0 projects"), (1, "1 project,")])
def test_a_token_that_covers_too_few_stops_the_run_and_names_the_projects(covered: int, word: str) -> None:
    with pytest.raises(IndexRefused, match=word) as caught:
        check_coverage(covered, ["core", "cli"])
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.code == "token-covers-too-few-projects"
    assert "core, cli" in diagnosis.message
    assert "pending" not in diagnosis.fix


def test_a_project_that_the_index_does_not_have_needs_a_pending_publisher() -> None:
    with pytest.raises(IndexRefused) as caught:
        check_coverage(1, ["core", "cli"], ["cli"])
    (diagnosis,) = caught.value.diagnostics()
    assert "Not on the index before this run: cli" in diagnosis.fix
    assert "pending publisher with exactly its name" in diagnosis.fix


def test_one_new_project_causes_no_warning() -> None:
    assert warn_of_several_new_projects([]) is None
    assert warn_of_several_new_projects(["a"]) is None


def test_two_new_projects_are_a_warning_that_names_both() -> None:
    warning = warn_of_several_new_projects(["a", "b"])
    assert warning is not None
    assert (warning.code, warning.severity) == ("several-new-projects", Severity.WARNING)
    assert "a, b" in warning.message
