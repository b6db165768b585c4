from __future__ import annotations

import pytest

from builders.metadata import codes, found, metadata_bytes
from pypi_trusted_publish.checks.description import Rendering, RenderStatus
from pypi_trusted_publish.errors import Severity

RST = ("Description-Content-Type", "text/x-rst")


def refuses(text: str) -> Rendering:
    return Rendering(status=RenderStatus.REFUSED, problem=f"it is {len(text)} characters of nonsense", line=3)


def gives_up(text: str) -> Rendering:
    return Rendering(status=RenderStatus.UNKNOWN, problem=f"{len(text)} characters are too many")


def test_a_description_that_does_not_render_is_reported_with_its_line() -> None:
    (finding,) = found(metadata_bytes(RST, body="x"), render=refuses)
    assert (finding.rule, finding.severity) == ("description-not-rendered", Severity.ERROR)
    assert "in line 3: it is 1 characters of nonsense." in finding.message


def test_without_a_content_type_the_hint_asks_whether_it_is_markdown() -> None:
    (stated,) = found(metadata_bytes(RST, body="x"), render=refuses)
    (unstated,) = found(metadata_bytes(body="x"), render=refuses)
    assert "Markdown" not in stated.hint
    assert "README.md" in unstated.hint
    assert "There is no Description-Content-Type" in unstated.message


def test_a_description_that_an_old_setuptools_indented_is_reported_as_such() -> None:
    folded = metadata_bytes(("Description", "demo\n        ====\n        \n        Some text."))
    (finding,) = found(folded, render=refuses)
    assert "is indented by eight spaces" in finding.message
    assert "current setuptools" in finding.hint
    (plain,) = found(metadata_bytes(("Description", "demo\n        ====\n Some text.")), render=refuses)
    assert "eight spaces" not in plain.message


def test_what_could_not_be_tried_is_a_warning() -> None:
    (finding,) = found(metadata_bytes(RST, body="x"), render=gives_up)
    assert (finding.rule, finding.severity) == ("not-fully-checked", Severity.WARNING)


@pytest.mark.parametrize("kind", ["text/plain", "text/markdown"])
def test_only_restructured_text_is_given_to_the_renderer(kind: str) -> None:
    assert codes(metadata_bytes(("Description-Content-Type", kind), body="x"), render=refuses) == []


def test_a_blank_description_needs_no_renderer() -> None:
    assert codes(metadata_bytes(RST, body=" \n\t\n"), render=refuses) == ["description-blank"]


def test_a_description_of_an_invalid_type_is_not_rendered() -> None:
    data = metadata_bytes(("Description-Content-Type", "text/html"), body="x")
    assert codes(data, render=refuses) == ["description-content-type"]


def test_no_description_is_nothing_to_render() -> None:
    assert codes(metadata_bytes(RST), render=refuses) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("text/html", "the type is not one of text/plain, text/x-rst, text/markdown"),
        ("text/markdown; charset=ascii", "can only specify the UTF-8 charset, not 'ascii'"),
        ("text/markdown; variant=Pandoc", "the variant of Markdown is not GFM or CommonMark"),
        ("text/plain; x*", "the index's library fails on it (IndexError)"),
        ("text/plain\n text/plain", "the index's library fails on it (ValueError)"),
    ],
)
def test_a_content_type_that_the_index_refuses_says_why(text: str, problem: str) -> None:
    (finding,) = found(metadata_bytes(("Description-Content-Type", text)))
    assert finding.rule == "description-content-type"
    assert problem in finding.message


def test_a_lone_title_is_a_warning_that_names_the_library() -> None:
    def title(_text: str) -> Rendering:
        return Rendering(status=RenderStatus.REFUSED, problem="it renders as nothing", only_title=True)

    (finding,) = found(metadata_bytes(RST, body="Demo\n====\n"), render=title)
    assert (finding.rule, finding.severity) == ("library-releases-differ", Severity.WARNING)
    assert "readme-renderer 46.0" in finding.message
    assert finding.doubt is not None
