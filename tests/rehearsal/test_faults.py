from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest

from builders.plain_client import PlainClient
from builders.polling import until
from pypi_trusted_publish.rehearsal.faults import actions
from pypi_trusted_publish.rehearsal.faults.model import Fault
from pypi_trusted_publish.rehearsal.faults.schedule import (
    RandomFaults,
    ScheduledFault,
    UnknownFault,
    parse_fault,
    respond_with,
)
from pypi_trusted_publish.rehearsal.faults.table import FAMILIES, FAULTS
from pypi_trusted_publish.rehearsal.sandbox import Sandbox
from pypi_trusted_publish.rehearsal.traffic import Endpoint

Sandboxed: TypeAlias = Callable[..., PlainClient]


@pytest.mark.parametrize(
    ("position", "expected"),
    [("", {1}), (":1", {1}), (":3", {3}), (":2-", {2, 3, 4, 5}), (":every", {1, 2, 3, 4, 5})],
)
def test_a_position_selects_the_requests(position: str, expected: set[int]) -> None:
    scheduled = parse_fault("upload-503" + position, FAULTS)
    assert {count for count in range(1, 6) if scheduled.applies_to(count)} == expected


@pytest.mark.parametrize("text", ["nothing", "upload-503:0", "upload-503:-", "upload-503:x", "upload-503:1-2", ":1"])
def test_an_unknown_fault_or_position_is_refused(text: str) -> None:
    with pytest.raises(UnknownFault):
        parse_fault(text, FAULTS)


def test_each_fault_has_a_name_of_its_own() -> None:
    assert len(FAULTS) == sum(map(len, FAMILIES))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_row_is_either_an_answer_or_a_state_and_says_what_it_is(fault: Fault) -> None:
    assert (fault.action is None) is not (fault.setup is None)
    assert fault.description.endswith(".") or fault.description.startswith("PyPI answers ")
    assert not (fault.transient and fault.hangs)
    assert not (fault.setup is not None and fault.always is not None)


def test_chance_is_repeatable_and_keeps_its_measure() -> None:
    def drawn(seed: int) -> list[str]:
        chance = RandomFaults(seed=seed, probability=0.1, table=FAULTS.values())
        found = [chance.draw(Endpoint.UPLOAD) for _ in range(1_000)]
        return [fault.name for fault in found if fault is not None]

    assert drawn(5) == drawn(5) != drawn(6)
    assert 60 < len(drawn(5)) < 140
    assert all(FAULTS[name].transient for name in drawn(5))


@pytest.mark.parametrize(
    ("name", "taken"), [("upload-timeout", False), ("upload-timeout-taken", True), ("upload-reset-taken", True)]
)
def test_an_upload_without_a_response_is_stored_or_not(sandboxed: Sandboxed, name: str, taken: bool) -> None:
    client = sandboxed(faults=[name])
    (wheel, _) = client.sandbox.distributions or ()
    token = client.token()
    with client.silence():
        client.upload(wheel, token=token)
    until(lambda: bool(client.sandbox.published()) is taken)
    assert client.upload(wheel, token=token).status_code == 200


@pytest.mark.parametrize(
    ("name", "path"),
    [("audience-timeout", "/_/oidc/audience"), ("page-timeout", "/simple/rehearsal-sample/")],
)
def test_an_endpoint_that_hangs_answers_the_next_request(sandboxed: Sandboxed, name: str, path: str) -> None:
    client = sandboxed(faults=[name])
    with client.silence():
        client.get(path)
    assert client.get(path).status_code == 200


def test_the_identity_endpoint_hangs(sandboxed: Sandboxed) -> None:
    client = sandboxed(faults=["identity-timeout"])
    with client.silence():
        client.identity()
    assert client.identity().count(".") == 2


def test_a_mint_that_hangs_has_used_up_its_identity_token(sandboxed: Sandboxed) -> None:
    client = sandboxed(faults=["mint-timeout"])
    identity = client.identity()
    with client.silence():
        client.mint(identity)
    assert client.mint(identity).json()["errors"][0]["code"] == "invalid-reuse-token"
    assert len(client.sandbox.live_tokens()) == 1


def test_revoking_hangs_and_so_does_github_s_api(sandboxed: Sandboxed) -> None:
    client = sandboxed(faults=["revoke-timeout", "protection-timeout"])
    token = client.token()
    with client.silence():
        client.post("/_/oidc/burn-token", json={"token": token})
    with client.silence():
        client.get(client.sandbox.environ["GITHUB_API_URL"] + "/repos/octo-org/sampleproject/environments/release")
    assert len(client.sandbox.live_tokens()) == 1


def test_a_closed_port_refuses_connections_until_the_faults_are_cleared(sandboxed: Sandboxed) -> None:
    client = sandboxed(faults=["upload-port-closed"])
    (wheel, sdist) = client.sandbox.distributions or ()
    assert client.upload(wheel).status_code == 200
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", client.sandbox.index.server.port)) != 0
    with pytest.raises(httpx.ConnectError):
        client.get("/_/oidc/audience")
    client.sandbox.clear_faults()
    assert client.upload(sdist).status_code == 200


def test_a_raw_status_line_reaches_the_wire_as_it_is(tmp_path: Path) -> None:
    with Sandbox(tmp_path, faults=["upload-garbled-400"]) as sandbox:
        with socket.create_connection(("127.0.0.1", sandbox.index.server.port)) as connection:
            connection.sendall(b"POST /legacy/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 400 Invalid attestations supplied\n\n1 validation error\n::error::hello\n")
        assert sandbox.requests[-1].status is None


def test_the_log_names_the_fault_of_each_request(sandboxed: Sandboxed) -> None:
    client = sandboxed(faults=["audience-500:2"])
    statuses = [client.get("/_/oidc/audience").status_code for _ in range(3)]
    assert statuses == [200, 500, 200]
    assert [(request.status, request.fault) for request in client.sandbox.requests] == [
        (200, ""),
        (500, "audience-500"),
        (200, ""),
    ]
    assert {request.connection for request in client.sandbox.requests} == {1}


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("upload=400 A text of tomorrow.", 400, "A text of tomorrow."),
        ("upload=520 Unknown to HTTP", 520, "Unknown to HTTP"),
        (respond_with(Endpoint.UPLOAD, actions.refuse_upload(403, "Not {origin}.")), 403, "Not {origin}."),
        (respond_with(Endpoint.UPLOAD, actions.answer(418, "tea", reason="Short")), 418, "Short"),
    ],
)
def test_the_index_gives_any_answer(
    sandboxed: Callable[..., PlainClient], fault: str | ScheduledFault, status: int, reason: str
) -> None:
    client = sandboxed(faults=[fault])
    for _ in range(2):
        answer = client.upload((client.sandbox.distributions or ())[0])
        assert (answer.status_code, answer.reason_phrase) == (
            status,
            reason.replace("{origin}", client.sandbox.index.origin),
        )


def test_the_mint_gives_any_error(sandboxed: Callable[..., PlainClient]) -> None:
    client = sandboxed(faults=["mint=invalid-weather It rains."])
    assert client.mint().json()["errors"] == [{"code": "invalid-weather", "description": "It rains."}]


@pytest.mark.parametrize("text", ["upload=", "upload=abc", "nowhere=400 x", "upload=99 x", "page=x"])
def test_a_malformed_answer_is_refused(text: str) -> None:
    with pytest.raises(UnknownFault):
        parse_fault(text, FAULTS)
