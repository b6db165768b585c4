"""Which parts of a URL must not be printed, and which must stay readable."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_trusted_publish.core.url_secrets import origin_of, secrets_in_url

PASSWORDS = {
    "plain": "hunter22",
    "slash": "ab/cd4",
    "at": "ab@cd4",
    "hash": "ab#cd4",
    "percent": "ab%cd4",
    "question": "ab?cd4",
    "begins-with-a-slash": "/abcd4",
    "digits-and-a-slash": "12/34/56",
    "all": "p@s/s#w%o?r:d1",
    "like-a-host": "word@example.org/x",
}
SHAPES = ("https://robot:{}@index.example:8443/simple/", "http://robot:{}@proxy.example:3128", "robot:{}@proxy:3128")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
@pytest.mark.parametrize("encoded", [True, False], ids=["encoded", "raw"])
def test_a_password_is_found_in_every_spelling(password: str, shape: str, encoded: bool) -> None:
    written = quote(password, safe="") if encoded else password
    found = secrets_in_url(shape.format(written))
    wanted = {written, f"robot:{written}"}
    wanted |= {password, f"robot:{password}", quote(password, safe="")} if encoded or "%" not in password else set()
    assert wanted <= set(found)
    assert [len(text) for text in found] == sorted(map(len, found), reverse=True)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_scheme_host_and_port_can_still_be_read(password: str, shape: str) -> None:
    url = shape.format(password)
    origin = shape.replace("robot:{}@", "").removesuffix("/simple/")
    shown = url
    for secret in secrets_in_url(url):
        shown = shown.replace(secret, "***")
    assert shown.removesuffix("/simple/") == shape.replace("robot:{}", "***").removesuffix("/simple/")
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://index.example/simple/", []),
        ("https://index.example:8443/team-2024/upload", []),
        ("https://a-very-long-host-name-4711.example/simple/", []),
        ("https://index.example/user@example", []),
        ("https://index.example:8443/simple/@scope/", []),
        ("https://index/simple/@scope/", []),
        ("https://localhost:3128/a@b", []),
        ("https://[::1]:3128/a@b", []),
        ("https://index.example/averyverylongword/", []),
        ("https://index.example:443/feed@Local/simple/", []),
        ("https://index.example:8443/feed@Local/simple/", []),
        ("https://index.example/me@example.org/simple/", []),
        ("https://first.last:12/ab@h/simple", ["12/ab", "first.last:12/ab"]),
        ("https://first.last:8443/ab@h.example/simple", ["8443/ab", "first.last:8443/ab"]),
        ("first.last:443/ab@proxy:3128", ["443/ab"]),
        ("https://first.last:999999999/ab@h/simple", ["999999999/ab"]),
        ("https://x:1@index.example/simple/", ["x:1"]),
        ("https://index.example/AKCp8abcdefghijk/simple/", ["AKCp8abcdefghijk"]),
        ("https://index.example/x?token=abcdefghijklmnop1&y=1#z", ["abcdefghijklmnop1"]),
        ("https://index.example?token=abcdefghijklmnop1", ["abcdefghijklmnop1"]),
        ("https://index.example/ab%2Fcdefghijklmnop1/", ["ab%2Fcdefghijklmnop1", "ab/cdefghijklmnop1"]),
        ("https://token-alone@index.example/simple", ["token-alone"]),
        ("https://abcdefghijklmnop1:x-oauth-basic@h.example/", ["abcdefghijklmnop1", "x-oauth-basic"]),
        ("https://abcdefghijklmnop1:@h.example/", ["abcdefghijklmnop1"]),
        ("https://abcdefgh/ijklmnop1@h.example/simple", ["abcdefgh/ijklmnop1"]),
        ("https://me@example.org:secret@h.example/simple", ["secret"]),
        ("https://me:secret@h.example/@scope/simple", ["secret"]),
        ("https://me:secret@h.example/0123456789abcdef/simple", ["secret", "0123456789abcdef"]),
    ],
)
def test_what_is_found_and_what_is_not(url: str, found: list[str]) -> None:
    secrets = secrets_in_url(url)
    assert set(found) <= set(secrets)
    assert bool(secrets) is bool(found)
    assert {"simple", "index.example", "me", "scope", "x"}.isdisjoint(secrets)


@pytest.mark.parametrize("url", ["https://first.last:12/ab@h:8443/simple", "https://first.last:4711/a?b@h:8443/simple"])
def test_no_part_of_a_password_is_taken_for_a_port(url: str) -> None:
    assert origin_of(url) == "https://h:8443"


def test_a_password_of_one_character_is_hidden_with_its_user_only() -> None:
    assert "0" not in secrets_in_url("https://robot:0@index.example/")
    assert "robot:0" in secrets_in_url("https://robot:0@index.example/")


@given(st.text(max_size=60))
def test_any_text_is_looked_through(text: str) -> None:
    assert all(secrets_in_url(f"https://{text}"))
