"""The documents of the exchange."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.identity import token_of
from pypi_trusted_publish.core.exchange import DEFAULT_LIFETIME, audience_of, minted_token, token_request
from pypi_trusted_publish.errors import IndexUnavailable
from pypi_trusted_publish.secret import Secret, UploadToken

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["token", "expires", "a"]), inner),
    max_leaves=10,
)
DATE = "Thu, 01 Jan 1970 00:16:40 GMT"
"""Second 1000 of the epoch."""


def minted(answer: object, *, date: str | None = DATE) -> UploadToken:
    return minted_token(answer, date_header=date, monotonic_now=50.0)


def test_the_audience_is_read() -> None:
    assert audience_of({"audience": "pypi"}) == "pypi"


@pytest.mark.parametrize("document", [None, [], {}, {"audience": 1}, {"audience": None}, "pypi"])
def test_an_answer_without_an_audience_is_the_index_out_of_order(document: object) -> None:
    with pytest.raises(IndexUnavailable) as caught:
        audience_of(document)
    assert [diagnosis.code for diagnosis in caught.value.diagnostics()] == ["audience-unreadable"]


def test_requests_carry_the_token_and_hide_it() -> None:
    upload = UploadToken(secret=Secret("pypi-secret"), minted_at=0.0, lifetime=900.0)
    for request, text in ((token_request(token_of("a.b.c")), "a.b.c"), (token_request(upload), "pypi-secret")):
        assert json.loads(request.reveal()) == {"token": text}
        assert text not in repr(request)


def test_the_life_of_a_token_is_counted_by_the_clock_of_the_server() -> None:
    token = minted({"success": True, "token": "pypi-abcdefghijkl", "expires": 1600})
    assert (token.secret.reveal(), token.minted_at, token.lifetime) == ("pypi-abcdefghijkl", 50.0, 600.0)


@pytest.mark.parametrize("expires", [None, "1600", True, 900, 1000, float("inf"), 10**400])
def test_a_life_that_is_unknown_or_over_is_taken_for_fifteen_minutes(expires: object) -> None:
    assert minted({"token": "pypi-abcdefghijkl", "expires": expires}).lifetime == DEFAULT_LIFETIME


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 01 Jan 99999 00:00:00 GMT", "1,2,3"])
def test_a_date_that_is_missing_or_none_makes_the_life_unknown(date: str | None) -> None:
    assert minted({"token": "pypi-abcdefghijkl", "expires": 1600}, date=date).lifetime == DEFAULT_LIFETIME


def test_a_date_without_a_zone_is_universal_time() -> None:
    assert (
        minted({"token": "pypi-abcdefghijkl", "expires": 1600}, date="Thu, 01 Jan 1970 00:16:40 -0000").lifetime
        == 600.0
    )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([], "not a JSON object"),
        (None, "not a JSON object"),
        ({}, "no token"),
        ({"token": None}, "no token"),
        ({"token": ["pypi-a"]}, "no token"),
        ({"token": "pypi-a\nb"}, "printable"),
        ({"token": "pypi-a b"}, "printable"),
        ({"token": "pypi-\u00e9"}, "printable"),
        ({"token": "x" * 16_385}, "printable"),
        ({"token": "pypi-a-fifteen."}, "this one has 15"),
        ({"token": "0"}, "this one has 1"),
    ],
)
def test_a_token_that_cannot_be_used_is_refused_and_not_quoted(answer: object, why: str) -> None:
    with pytest.raises(IndexUnavailable, match=why) as caught:
        minted(answer)
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.code == "mint-unreadable"
    assert "pypi-a" not in repr(diagnosis)


@given(JSON, st.none() | st.text(max_size=60))
def test_any_answer_is_a_usable_token_or_an_error_of_ours(document: object, date: str | None) -> None:
    try:
        token = minted_token(document, date_header=date, monotonic_now=0.0)
    except IndexUnavailable:
        return
    assert token.lifetime > 0


@given(st.text(max_size=60))
def test_any_date_gives_a_life(date: str) -> None:
    assert minted({"token": "pypi-abcdefghijkl", "expires": 10_000}, date=date).lifetime > 0
