"""Asking GitHub for identity tokens, over sockets."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from builders.clock import VirtualClock
from builders.identity import part
from builders.network import EventLog, session
from builders.raw_server import RawServer, Script, answering, in_turn
from pypi_trusted_publish.core.claims import decode_unverified
from pypi_trusted_publish.errors import Cure, IndexUnavailable, PublishError
from pypi_trusted_publish.events import Answered, Retrying
from pypi_trusted_publish.io.github.identity import IdentityProvider, with_audience
from pypi_trusted_publish.io.github.job import RunnerContext, check_runner, read_event
from pypi_trusted_publish.rehearsal.sandbox import Sandbox
from pypi_trusted_publish.secret import Audience, Secret

REQUEST_TOKEN = "request-secret"
JWT = f"{part(b'{}')}.{part(b'{}')}.{part(b's')}"
GOOD = ("200 OK", json.dumps({"value": JWT, "count": 1}).encode())
AUDIENCE = Audience("pypi")


class Asked:
    """A provider, its server, and everything that it logged and registered."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.log = EventLog()
        self.clock = VirtualClock()
        self.secrets: list[Secret] = []
        context = RunnerContext.from_environ(environ)
        self.provider = IdentityProvider(
            session=session(self.log),
            job=check_runner(context, read_event(context.event_path)),
            clock=self.clock,
            emit=self.log,
            random=lambda: 0.0,
            register_secret=self.secrets.append,
        )


def asked(server: RawServer) -> Asked:
    return Asked(
        {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{server.url}/token?api-version=2.0&job=a%2Bb&empty=",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
        }
    )


def test_the_audience_is_added_to_the_query_and_the_token_is_registered() -> None:
    with RawServer(in_turn(GOOD)) as server:
        asking = asked(server)
        token = asking.provider.request(Audience("a b&c"))
    (request,) = server.requests
    query = parse_qs(urlsplit(request.line.split()[1]).query, keep_blank_values=True)
    assert query == {"api-version": ["2.0"], "job": ["a+b"], "empty": [""], "audience": ["a b&c"]}
    assert request.headers["authorization"] == f"bearer {REQUEST_TOKEN}"
    assert (token.secret, token.audience) == (Secret(JWT), "a b&c")
    assert asking.secrets == [Secret(JWT)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/p", "https://h/p?audience=x"),
        ("https://h/p?a=1&audience=evil&audience=2", "https://h/p?a=1&audience=x"),
        ("https://h/p?a=1#part", "https://h/p?a=1&audience=x"),
    ],
)
def test_there_is_one_audience_in_the_query(url: str, expected: str) -> None:
    assert with_audience(url, Audience("x")) == expected


def test_no_event_shows_a_token_or_the_query() -> None:
    with RawServer(in_turn(("503 Busy", b""), GOOD)) as server:
        asking = asked(server)
        asking.provider.request(AUDIENCE)
    assert asking.log.of(Answered)
    shown = repr(asking.log.events)
    assert REQUEST_TOKEN not in shown
    assert JWT not in shown
    assert "api-version" not in shown


@pytest.mark.parametrize(
    "first", [("500 Oops", b""), ("502 Bad", b"<html>"), ("429 Slow", b""), ("200 OK", b"<html>"), ("200 OK", b"{")]
)
def test_a_passing_fault_is_asked_again(first: tuple[str, bytes]) -> None:
    with RawServer(in_turn(first, GOOD)) as server:
        asking = asked(server)
        assert asking.provider.request(AUDIENCE).secret == Secret(JWT)
    (retry,) = asking.log.of(Retrying)
    assert (retry.attempt, asking.clock.slept) == (2, [retry.wait])
    assert "identity token" in retry.what


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (answering("500 Oops"), "500"),
        (answering("200 OK", b"<html>", Content_Type="text/html"), "HTML where JSON is due"),
        (answering("200 OK", b"{"), "malformed JSON"),
        (answering("200 OK", b'"' + b"x" * (1 << 17) + b'"'), "malformed JSON"),
    ],
)
def test_a_fault_that_stays_ends_the_run_with_nothing_sent_to_the_index(script: Script, words: str) -> None:
    with RawServer(script) as server:
        asking = asked(server)
        with pytest.raises(IndexUnavailable) as caught:
            asking.provider.request(AUDIENCE)
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.code == "identity-endpoint-unavailable"
    assert words in diagnosis.message
    assert len(server.requests) == 5
    assert asking.secrets == []


@pytest.mark.parametrize("status", ["400 Bad", "401 No", "403 Never", "404 Gone", "302 Found"])
def test_a_refusal_is_not_asked_again_and_a_redirect_is_not_followed(status: str) -> None:
    script = answering(status, b'{"message": "because"}', Location="http://127.0.0.1:9/")
    with RawServer(script) as server, pytest.raises(IndexUnavailable) as caught:
        asked(server).provider.request(AUDIENCE)
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.code == "identity-endpoint-refused"
    assert f": {status[:3]} " in diagnosis.message
    assert "because" not in repr(diagnosis)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "first", "cure"),
    [
        (answering("403 Forbidden", b"<html>Access Denied</html>"), "A proxy or firewall", Cure.LATER),
        (answering("302 Found", Location="https://login.invalid/"), "A proxy or firewall", Cure.LATER),
        (answering("407 Proxy Authentication Required", b"<html>"), "A proxy or firewall", Cure.RUNNER),
        (answering("401 Unauthorized", b'{"message": "Authentication failed"}'), "The job's request token", Cure.LATER),
    ],
)
def test_a_proxy_is_the_first_cause_of_an_answer_without_githubs_reason(answer: Script, first: str, cure: Cure) -> None:
    with RawServer(answer) as server, pytest.raises(PublishError) as caught:
        asked(server).provider.request(AUDIENCE)
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.likely_cause.startswith(first)
    assert diagnosis.cure is cure


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "403 Never", "500 Oops", "503 Busy"])
@pytest.mark.parametrize("body", [b'{"value": "%s', b"%s", b"<html>%s</html>", b'{"message": "%s"}'])
def test_a_token_in_an_answer_that_cannot_be_used_is_hidden_and_never_quoted(status: str, body: bytes) -> None:
    token = f"eyJhbGciOiJSUzI1NiJ9.{JWT}"
    with RawServer(answering(status, body.replace(b"%s", token.encode()))) as server:
        asking = asked(server)
        with pytest.raises(IndexUnavailable) as caught:
            asking.provider.request(AUDIENCE)
    assert token[:30] not in repr(caught.value.diagnostics()) + repr(asking.log.events)
    assert any(secret.reveal().startswith("eyJhbGciOiJSUzI1NiJ9.") for secret in asking.secrets)


@pytest.mark.parametrize(
    "answer", [{}, {"value": None}, {"value": ""}, {"value": 7}, [], "text", {"value": "a\nb"}, {"value": "a b"}]
)
def test_an_answer_without_a_usable_token_is_malformed(answer: object) -> None:
    with RawServer(in_turn(("200 OK", json.dumps(answer).encode()))) as server:
        asking = asked(server)
        with pytest.raises(IndexUnavailable) as caught:
            asking.provider.request(AUDIENCE)
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.code == "identity-token-malformed"
    assert asking.secrets == []


def test_a_missing_endpoint_is_reported_as_missing() -> None:
    with RawServer(answering()) as server:
        gone = asked(server)
    with pytest.raises(IndexUnavailable, match="connection refused"):
        gone.provider.request(AUDIENCE)


def test_the_issuer_of_the_rehearsal_gives_a_new_token_each_time(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox:
        asking = Asked(sandbox.environ)
        first, second = (asking.provider.request(Audience("rehearsal")) for _ in range(2))
        claims = decode_unverified(first)
        sandbox.index.github.issuer.verify(first.secret.reveal(), "rehearsal")
    assert first != second
    assert (claims.audience, claims.environment, claims.repository) == (
        "rehearsal",
        "release",
        sandbox.environ["GITHUB_REPOSITORY"],
    )
