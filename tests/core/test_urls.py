"""The upload URL, and what is derived from it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from pypi_trusted_publish.core.urls import (
    PYPI,
    PYPI_SITE,
    PYPI_UPLOAD,
    TESTPYPI,
    TESTPYPI_SITE,
    TESTPYPI_UPLOAD,
    IndexUrls,
    UnusableUrl,
    is_loopback_address,
    is_loopback_host,
)

DEMO = canonicalize_name("demo")

PYPI_UPLOAD_HOST = PYPI_UPLOAD.removesuffix("/legacy/")


@pytest.mark.parametrize("text", ["pypi", "PyPI", " pypi ", "", PYPI_UPLOAD])
def test_pypi_is_known_by_its_name_and_its_upload_url(text: str) -> None:
    assert IndexUrls.parse(text) is PYPI


@pytest.mark.parametrize("text", ["testpypi", "TestPyPI", TESTPYPI_UPLOAD])
def test_testpypi_is_known_by_its_name_and_its_upload_url(text: str) -> None:
    assert IndexUrls.parse(text) is TESTPYPI


def test_pypi_takes_uploads_and_the_exchange_on_one_host_and_shows_pages_on_another() -> None:
    assert PYPI.audience_url == f"{PYPI_UPLOAD_HOST}/_/oidc/audience"
    assert PYPI.mint_url == f"{PYPI_UPLOAD_HOST}/_/oidc/mint-token"
    assert PYPI.revoke_url == f"{PYPI_UPLOAD_HOST}/_/oidc/burn-token"
    assert PYPI.simple_url(DEMO) == f"{PYPI_SITE}/simple/demo/"
    assert PYPI.project_url(DEMO, "1.0+x") == f"{PYPI_SITE}/project/demo/1.0%2Bx/"
    assert PYPI.classifiers_url == f"{PYPI_SITE}/pypi?%3Aaction=list_classifiers"
    assert (PYPI.expected_audience, PYPI.concurrency, PYPI.default_wait) == ("pypi", 4, 300.0)
    assert PYPI.is_pypi
    assert not PYPI.is_testpypi


def test_testpypi_does_everything_on_one_host() -> None:
    assert TESTPYPI.audience_url == f"{TESTPYPI_SITE}/_/oidc/audience"
    assert TESTPYPI.simple_url(DEMO) == f"{TESTPYPI_SITE}/simple/demo/"
    assert (TESTPYPI.expected_audience, TESTPYPI.concurrency, TESTPYPI.default_wait) == ("testpypi", 4, 300.0)
    assert TESTPYPI.is_testpypi


def test_the_explanations_of_a_refusal_know_the_pages_of_the_public_indexes() -> None:
    info = PYPI.info
    assert info.name == "PyPI"
    assert info.pages(("demo",), ()) == (f"{PYPI_SITE}/manage/project/demo/settings/publishing/",)
    assert info.pages((), ()) == (f"{PYPI_SITE}/manage/account/publishing/",)
    assert IndexUrls.parse("https://index.example/up/").info.pages(("demo",), ()) == ()


def test_another_index_has_its_simple_index_on_the_same_host_unless_it_is_named() -> None:
    urls = IndexUrls.parse("https://Index.Example:8443/some/up")
    assert (urls.name, urls.host) == ("index.example:8443", "index.example")
    assert urls.upload_url == "https://index.example:8443/some/up"
    assert urls.audience_url == "https://index.example:8443/_/oidc/audience"
    assert urls.simple_url(DEMO) == "https://index.example:8443/simple/demo/"
    assert urls.project_url(DEMO, "1") == urls.simple_url(DEMO)
    assert (urls.concurrency, urls.default_wait, urls.expected_audience, urls.classifiers_url) == (1, 0.0, None, None)


def test_the_slash_that_pypi_requires_is_added() -> None:
    assert IndexUrls.parse(PYPI_UPLOAD.removesuffix("/")) is PYPI
    assert IndexUrls.parse(TESTPYPI_UPLOAD.removesuffix("/")) is TESTPYPI


@pytest.mark.parametrize("check_url", ["https://files.example/idx", "https://files.example/idx/"])
def test_a_named_simple_index_is_used_and_waited_for(check_url: str) -> None:
    urls = IndexUrls.parse("https://index.example/up/", check_url)
    assert urls.simple_url(DEMO) == "https://files.example/idx/demo/"
    assert urls.default_wait == 300.0


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:8080/legacy/", "http://localhost/legacy/", "http://[::1]:1/", "http://127.9.9.9/"]
)
def test_plain_http_is_for_this_machine(text: str) -> None:
    urls = IndexUrls.parse(text)
    assert urls.is_loopback
    assert (urls.concurrency, urls.most_concurrency) == (4, 6)
    assert urls.upload_url == text


def test_a_default_port_is_left_out() -> None:
    assert IndexUrls.parse("https://index.example:443/up/").name == "index.example"
    assert IndexUrls.parse("http://localhost:80/up/").origin == "http://localhost"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://index.example/", "http://"),
        ("ftp://index.example/", "https://"),
        ("index.example", "pypi and testpypi"),
        (PYPI_SITE.partition("//")[2], "pypi and testpypi"),
        ("https:///legacy/", "https://"),
        ("https://[::1/", "not a URL"),
        ("https://a[b]/", "not a URL"),
        ("https://[::1]x/", "not a URL"),
        ("https://[192.0.2.1]/", "not a URL"),
        ("https://h:port/", "not a URL"),
        ("https://user:s3cret@index.example/", "user name"),
        ("https://s3cret@index.example/", "user name"),
        ("https://index.example/?t=s3cret", "query"),
        ("https://index.example/#s3cret", "query"),
        ("https://index.example/?", "query"),
        ("https://index.example/a b", "contains a space"),
        ("https://index.example/\na", "contains a space"),
        ("https://index.example\\@evil.example/", "backslash"),
        ("https://bücher.example/", "punycode"),
        (f"{PYPI_SITE}/simple/", "'pypi'"),
        (f"{PYPI_SITE}/legacy/", "'pypi'"),
        (f"{PYPI_UPLOAD_HOST}/", "'pypi'"),
        ("https://UPLOAD.PYPI.ORG/legacy/", "'pypi'"),
        (f"{PYPI_UPLOAD_HOST}./legacy/", "'pypi'"),
        (f"{TESTPYPI_SITE}/simple/", "'testpypi'"),
    ],
)
def test_a_url_that_cannot_be_that_of_an_index_is_refused_and_not_quoted(text: str, reason: str) -> None:
    with pytest.raises(UnusableUrl) as caught:
        IndexUrls.parse(text)
    assert reason in caught.value.reason
    assert "s3cret" not in str(caught.value)


def test_a_check_url_is_held_to_the_same_rules() -> None:
    with pytest.raises(UnusableUrl, match="check-url"):
        IndexUrls.parse("https://index.example/", "http://other.example/simple/")


@pytest.mark.parametrize("text", ["pypi", "testpypi"])
def test_the_public_indexes_need_no_check_url(text: str) -> None:
    with pytest.raises(UnusableUrl, match="check-url"):
        IndexUrls.parse(text, "https://other.example/simple/")


@given(st.one_of(st.text(), st.text().map("https://".__add__), st.text().map("http://localhost".__add__)), st.text())
def test_any_text_is_a_url_or_refused(text: str, check_url: str) -> None:
    with contextlib.suppress(UnusableUrl):
        urls = IndexUrls.parse(text, check_url)
        assert urls.upload_url.startswith(("https://", "http://"))
        assert "@" not in urls.origin


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("LOCALHOST", True),
        ("128.0.0.1", False),
        ("::2", False),
        ("::ffff:8.8.8.8", False),
        ("0.0.0.0", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_this_machine_is_distinguished_from_others(host: str, here: bool) -> None:
    assert is_loopback_host(host) is here


def test_a_name_is_not_an_address() -> None:
    assert not is_loopback_address("localhost")
    assert is_loopback_address("::1%lo")
