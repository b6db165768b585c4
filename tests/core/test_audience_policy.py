"""For whom an index may ask for an identity token."""

from __future__ import annotations

import pytest

from pypi_trusted_publish.core.exchange import check_audience
from pypi_trusted_publish.errors import IndexRefused

HOST = "index.example"


@pytest.mark.parametrize(
    ("name", "expected", "host", "is_loopback"),
    [
        ("pypi", "pypi", "upload.example", False),
        ("testpypi", "testpypi", "test.example", False),
        ("index.example", None, HOST, False),
        ("INDEX.example", None, HOST, False),
        ("my-index", None, HOST, False),
        ("pypi", None, "127.0.0.1", True),
        ("https://anything", None, "localhost", True),
    ],
)
def test_these_are_allowed(name: str, expected: str | None, host: str, is_loopback: bool) -> None:
    assert check_audience(name, expected=expected, host=host, is_loopback=is_loopback) == name


@pytest.mark.parametrize(
    ("name", "expected", "is_loopback"),
    [
        ("testpypi", "pypi", False),
        ("PyPI", "pypi", False),
        ("pypi", "testpypi", False),
        ("sigstore", "pypi", False),
        ("pypi", None, False),
        ("testpypi", None, False),
        ("sigstore", None, False),
        ("other.example", None, False),
        ("https://index.example", None, False),
        ("sub.index.example", None, False),
        ("Word", None, False),
        ("two words", None, False),
        ("word\n", None, False),
        ("x" * 64, None, False),
        ("", None, False),
        ("", None, True),
        ("a b", None, True),
        ("x" * 256, None, True),
    ],
)
def test_these_are_refused_before_a_token_is_asked_for(name: str, expected: str | None, is_loopback: bool) -> None:
    with pytest.raises(IndexRefused) as caught:
        check_audience(name, expected=expected, host=HOST, is_loopback=is_loopback)
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.code == "audience-not-allowed"
    assert repr(name) in diagnosis.message
    assert (expected or HOST) in diagnosis.message + diagnosis.fix


def test_the_host_of_the_index_is_no_audience_where_a_constant_is_due() -> None:
    with pytest.raises(IndexRefused):
        check_audience(HOST, expected="pypi", host=HOST, is_loopback=True)
