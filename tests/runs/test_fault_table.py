"""Every row of the fault table, through the action's own entry, over sockets.

What must come of each: the exit code that the table names; a report that agrees with the index's own list; nothing
leaked and nothing injected into the log; and, when the fault is over, a plain second run that completes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from builders.played import Played, play
from pypi_trusted_publish.rehearsal.faults.model import ExpectedExit
from pypi_trusted_publish.rehearsal.faults.table import FAULTS
from pypi_trusted_publish.rehearsal.sandbox import Sandbox
from pypi_trusted_publish.rehearsal.traffic import Endpoint

Sandboxed: TypeAlias = Callable[..., Sandbox]
TURNS: Final = [
    *((fault.name, fault.once) for fault in FAULTS.values() if not fault.hangs),
    *(
        (f"{fault.name}:every", fault.always)
        for fault in FAULTS.values()
        if fault.always is not None and not fault.hangs
    ),
]


@pytest.fixture
def sandboxed(tmp_path: Path) -> Iterator[Sandboxed]:
    """Enters sandboxes and leaves them at the end."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Sandbox(tmp_path / "sandbox", **options))


@pytest.mark.parametrize(("turn", "ending"), TURNS, ids=[turn for turn, _ in TURNS])
def test_a_fault_ends_as_the_table_says_and_a_second_run_completes(
    sandboxed: Sandboxed, turn: str, ending: ExpectedExit
) -> None:
    fault = FAULTS[turn.partition(":")[0]]
    sandbox = sandboxed(faults=[turn])
    played = play(sandbox)
    assert played.code == ending, played.log
    assert fault.name in sandbox.index.faults.triggered
    _agrees_with_the_index(sandbox, played)
    _nothing_leaked(sandbox, played)
    if not fault.may_leave_token:
        assert sandbox.live_tokens() == ()
    if played.code == 0:
        assert _all_there(sandbox)
        seen = (
            fault.confirmed if turn == fault.name else fault.endpoint is not Endpoint.PAGE or fault.name == "page-slow"
        )
        assert played.outputs["confirmed"] == str(seen).lower()
    else:
        assert played.codes
        assert played.annotations
        assert "Next step: " in played.log
    if not fault.persists:
        sandbox.clear_faults()
        again = play(sandbox)
        assert again.code == 0, again.log
        assert again.outputs["confirmed"] == "true"
        assert _all_there(sandbox)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize(
    "name", [fault.name for fault in FAULTS.values() if fault.endpoint is Endpoint.UPLOAD and fault.transient]
)
def test_a_passing_fault_of_a_later_upload_is_got_over(sandboxed: Sandboxed, name: str, k: int) -> None:
    sandbox = sandboxed(faults=["upload-500", f"{name}:{k}"])
    played = play(sandbox)
    assert played.code == 0, played.log
    assert _all_there(sandbox)
    assert sandbox.live_tokens() == ()


@pytest.mark.parametrize("answer", ["upload-html-200", "upload-malformed-json", "upload-warning", "upload-endless"])
def test_a_strange_success_is_not_claimed_for_a_file_that_the_index_refuses(sandboxed: Sandboxed, answer: str) -> None:
    sandbox = sandboxed(faults=["names-used", f"{answer}:every"])
    played = play(sandbox)
    assert played.code == ExpectedExit.BUILD, played.log
    assert "upload-name-used" in played.codes
    _agrees_with_the_index(sandbox, played)


def _all_there(sandbox: Sandbox) -> bool:
    ours = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sandbox.distributions or ()}
    there = {file.filename: file.sha256 for file in sandbox.published()}
    return ours.items() <= there.items()


def _agrees_with_the_index(sandbox: Sandbox, played: Played) -> None:
    """What is reported as arrived has arrived, what as refused or not sent has not; only "failed" leaves it open."""
    there = {(file.filename, file.sha256) for file in sandbox.published()}
    for entry in json.loads(played.outputs["distributions"]):
        arrived = (entry["filename"], entry["sha256"]) in there
        if entry["outcome"] in {"uploaded", "identical"}:
            assert arrived, entry
        elif entry["outcome"] in {"refused", "not sent", "conflict"}:
            assert not arrived, entry


def _nothing_leaked(sandbox: Sandbox, played: Played) -> None:
    """No command of a server got through, and no secret stands anywhere but in the line that masks it."""
    assert "Traceback" not in played.log
    lines = played.log.splitlines()
    assert not [line for line in lines if re.match(r"\s*::(error::hello|add-mask::a$|set-output\b)", line)]
    assert "##[" not in played.log
    assert "\x1b" not in played.log
    secrets = [token.text for token in sandbox.index.tokens.issued]
    secrets += [base64.b64encode(f"__token__:{token}".encode()).decode() for token in secrets]
    secrets += [sandbox.index.github.request_token, sandbox.index.github.api_token, *sandbox.index.github.issuer.issued]
    shown = "\n".join(line for line in lines if not line.startswith("::add-mask::"))
    written = [path.read_text(encoding="utf-8") for path in (sandbox.folder / "temp").rglob("*") if path.is_file()]
    for text in (shown, played.summary, "\n".join(played.outputs.values()), *written):
        assert not [secret for secret in secrets if secret in text]
