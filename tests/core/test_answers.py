"""Every answer of an index has its row, and a row matches only a whole text."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools.answers_page import answers_page, example

from pypi_trusted_publish.core.answers import fit
from pypi_trusted_publish.core.responses import ANSWERS, Refusal, explain, read_answer
from pypi_trusted_publish.core.retry import RequestKind
from pypi_trusted_publish.errors import Cure, Diagnosis

METADATA: Final = "See https://packaging.python.org/specifications/core-metadata for more information."
_LINES: Final = Path(__file__).with_name("known_answers.txt").read_text(encoding="utf-8").splitlines()
_KNOWN: Final = [line.split("\t") for line in _LINES if not line.startswith("#")]
UPLOADS: Final = [(int(status), text, name) for endpoint, status, name, text in _KNOWN if endpoint == "upload"]
MINTS: Final = [(*text.split(": ", 1), name) for endpoint, _, name, text in _KNOWN if endpoint == "mint"]
OPEN_ENDED: Final = {"conflict", "metadata-other", "file-invalid", "attestations", "token-refused"}
OTHER_WORDS: Final = ("conflict-x", "certificate-expired", "pypi-attestations-x", "too-many-new-projects", "read-only")


def row_of(request: RequestKind, status: int, text: str) -> tuple[str, Refusal]:
    answer = read_answer(request, status=status, reason=text, headers={}, body=b"")
    (refusal,) = answer.refusals
    return (refusal.row.name if refusal.row is not None else ""), refusal


def explained(status: int, text: str) -> Diagnosis:
    _, refusal = row_of(RequestKind.UPLOAD, status, text)
    words = {
        "index": "PyPI",
        "project": "demo",
        "upload_url": "https://index.example/legacy",
        "slashed_url": "https://index.example/legacy/",
        "publishing": "P",
        "pending": "Q",
    }
    return explain(refusal, message="m", context=words, details=())


@pytest.mark.parametrize(("status", "text", "name"), UPLOADS, ids=range(len(UPLOADS)))
def test_a_refused_upload_has_the_row_of_its_whole_text(status: int, text: str, name: str) -> None:
    assert row_of(RequestKind.UPLOAD, status, text)[0] == name
    for changed in (f"{text} x", f"x {text}", text.replace(" ", " not ", 1) if " " in text else ""):
        other = row_of(RequestKind.UPLOAD, status, changed)[0]
        shapes = [shape for row in ANSWERS if row.name == name for shape in row.shapes]
        open_ended = any(shape.startswith("{") or shape.endswith("}") for shape in shapes)
        assert other != name or name in OPEN_ENDED or open_ended, changed
    diagnosis = explained(status, text)
    assert diagnosis.likely_cause
    assert diagnosis.fix
    assert "{" not in diagnosis.likely_cause + diagnosis.fix
    assert "unknown" not in diagnosis.fix


@pytest.mark.parametrize(("status", "text", "name"), UPLOADS, ids=range(len(UPLOADS)))
def test_a_text_has_its_row_by_whichever_of_its_ways_it_arrives(status: int, text: str, name: str) -> None:
    """PyPI's framework puts it into the reason phrase and the body; a server in between can drop or change either."""
    filler = "Access was denied to this resource."
    message = f"{filler}\n\n\n{text}\n\n"
    page = f"<html><head><title>{status} {html.escape(text)}</title></head><body><h1>{status} {html.escape(text)}</h1>"
    page += f"{filler}<br/><br/>{html.escape(text)}</body></html>"
    arriving = {
        "the reason phrase": (text, "text/html", page),
        "code and message": ("", "application/json", json.dumps({"code": f"{status} {text}", "message": message})),
        "the message": ("Bad Request", "application/json", json.dumps({"message": message})),
        "the text alone": ("", "text/plain", text),
        "a page": ("", "text/html; charset=UTF-8", page),
        "plain text": ("", "text/plain; charset=UTF-8", f"{status} {text}\n\n{message}"),
    }
    for way, (reason, content_type, body) in arriving.items():
        headers = {"content-type": content_type}
        request = RequestKind.UPLOAD
        answer = read_answer(request, status=status, reason=reason, headers=headers, body=body.encode())
        assert [refusal.row.name for refusal in answer.refusals if refusal.row is not None] == [name], way
        assert answer.text == " ".join(text.split())


@pytest.mark.parametrize(("code", "description", "name"), MINTS, ids=range(len(MINTS)))
def test_a_refused_mint_has_the_row_of_its_code_and_description(code: str, description: str, name: str) -> None:
    body = f'{{"message": "Token request failed", "errors": [{{"code": "{code}", "description": "{description}"}}]}}'
    answer = read_answer(RequestKind.MINT, status=422, reason="", headers={}, body=body.replace("\n", "\\n").encode())
    (refusal,) = answer.refusals
    assert refusal.row is not None
    assert refusal.row.name == name


@pytest.mark.parametrize(("status", "text", "name"), UPLOADS, ids=range(len(UPLOADS)))
def test_a_name_that_is_made_of_a_rows_words_chooses_nothing(status: int, text: str, name: str) -> None:
    """Every text again, with words of other rows as names of projects and files."""
    for words in OTHER_WORDS:
        renamed = re.sub(r"(?<=')(demo|x|d)(?=')", words, text).replace("demo.whl", f"{words}.whl")
        assert row_of(RequestKind.UPLOAD, status, renamed)[0] == name


@pytest.mark.parametrize(
    ("status", "text", "name"),
    [
        (400, "Project 'read-only-mode' says: too many new projects created", "bad-request"),
        (400, "certificate-expired is not what it was", "bad-request"),
        (400, "File already exists", "bad-request"),
        (400, "file already exists ('a', with blake2_256 hash 'b'). See x for more information.", "bad-request"),
        (403, "token is expired", "forbidden"),
        (403, "Invalid API Token: token is expired; token is expired", "token-refused"),
        (400, "Le fichier existe", "bad-request"),
        (400, "", "bad-request"),
        (
            400,
            f"The digest supplied does not match a digest calculated from the uploaded file. {METADATA}",
            "metadata-other",
        ),
        (403, "Only one sdist may be uploaded per release.", "forbidden"),
        (418, "teapot", ""),
    ],
    ids=range(11),
)
def test_a_text_that_only_resembles_a_row_is_explained_by_its_status(status: int, text: str, name: str) -> None:
    assert row_of(RequestKind.UPLOAD, status, text)[0] == name


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: row.name)
def test_an_example_of_a_row_has_that_row_and_no_earlier_one(row: object) -> None:
    assert any(row is each for each in ANSWERS)
    for each in ANSWERS:
        if each is not row:
            continue
        for shape in each.shapes:
            text = example(shape)
            assert fit(shape, text) is not None
            refusal = row_of(each.request, min(each.statuses), text)[1]
            if each.request is RequestKind.UPLOAD:
                assert refusal.row is each, (shape, refusal.row)
        assert each.likely_cause.endswith((".", "}"))
        assert each.fix
        assert "run the failed job" not in each.fix.lower()
        assert isinstance(each.cure, Cure)


def test_names_of_rows_are_unique() -> None:
    assert len({row.name for row in ANSWERS}) == len(ANSWERS)


def test_the_advice_names_the_field_of_the_metadata() -> None:
    assert "`dependencies`" not in explained(400, f"'x' is invalid for 'provides-dist'. {METADATA}").fix
    assert "`dependencies`" in explained(400, f"'x' is invalid for 'requires-dist'. {METADATA}").fix
    assert "'license-expression'" in explained(400, f"'x' is invalid for 'license-expression'. {METADATA}").likely_cause


@given(st.text(max_size=80))
def test_any_text_in_any_part_is_read_and_shown_as_it_is(sample: str) -> None:
    shape = "Binary wheel '{name}' has an unsupported platform tag '{tag}'."
    parts = fit("Start filename for {name!r} with {prefix!r}.", f"Start filename for {sample!r} with {sample!r}.")
    assert parts == {"name": sample, "prefix": sample}
    assert fit(shape, example(shape)) == {"name": "a sample", "tag": "a sample"}


@pytest.mark.parametrize("sample", [r"C:\dir", r"\777", r"\N{BULLET}"])
def test_an_escape_that_no_literal_has_is_shown_as_it_is_without_a_warning(sample: str) -> None:
    assert fit("Start filename for {name!r}.", f"Start filename for '{sample}'.") == {"name": sample}


@given(st.text(max_size=300), st.integers(300, 499))
def test_any_refusal_is_explained(text: str, status: int) -> None:
    name, refusal = row_of(RequestKind.UPLOAD, status, text)
    if name:
        assert explain(refusal, message="m", context={}, details=()).cure is not None


def test_the_page_holds_every_row() -> None:
    page = answers_page()
    assert page.count("\n| ") > len(ANSWERS)
    assert all(f"`{row.code}`" in page for row in ANSWERS)
