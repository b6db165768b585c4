"""Answers that no row was written for: none is misread, and each is quoted and explained by its status.

``other_answers.jsonl`` has one answer per line: PyPI's with the words of other rows as names, texts that differ from a
row in one word, and what devpi, pypiserver, Artifactory, Nexus, GitLab, Gitea, clouds, proxies and CDNs say. ``row`` is
the row that explains it, or null; ``shown`` is a part of what is quoted; ``reason`` is its reason phrase, if any.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

import pytest

from pypi_trusted_publish.core.responses import read_answer
from pypi_trusted_publish.core.retry import RequestKind

_LINES: Final = Path(__file__).with_name("other_answers.jsonl").read_text(encoding="utf-8").splitlines()
ANSWERS: Final[list[dict[str, Any]]] = [json.loads(line) for line in _LINES]


@pytest.mark.parametrize("request_kind", ["upload", "mint", "audience"])
def test_no_answer_is_misread(request_kind: str) -> None:
    misread = []
    for each in ANSWERS:
        if each["request"] != request_kind:
            continue
        body = base64.b64decode(each["base64"]) if "base64" in each else each["body"].encode()
        headers = {"content-type": each["type"]}
        kind = RequestKind[request_kind.upper()]
        answer = read_answer(kind, status=each["status"], reason=each.get("reason", ""), headers=headers, body=body)
        (refusal,) = answer.refusals
        row = refusal.row.name if refusal.row is not None else None
        if row != each["row"] or " ".join(each["shown"].split()) not in answer.quoted:
            misread.append((each, row, answer.quoted))
    assert misread == []


def test_there_are_enough_of_them() -> None:
    assert len(ANSWERS) > 230


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain; charset=punycode", b"a-b" * 100),
        ("text/plain; charset=no-such", "größer".encode()),
        ("text/plain; charset=", "größer".encode()),
    ],
)
def test_an_unusual_encoding_is_not_used(content_type: str, body: bytes) -> None:
    answer = read_answer(RequestKind.UPLOAD, status=400, reason="", headers={"content-type": content_type}, body=body)
    assert answer.text == body.decode()
