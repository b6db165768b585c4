"""The page of retries is the one that the table gives."""

from __future__ import annotations

import io
from pathlib import Path

from pypi_trusted_publish.index.retry import RequestKind, Trouble
from pypi_trusted_publish.index.retry_page import main, retry_page

PAGE = Path(__file__).parents[2] / "docs" / "retries.md"


def test_the_page_in_the_documentation_is_generated_from_the_table() -> None:
    out = io.StringIO()
    main(out)
    assert out.getvalue() == retry_page()
    assert PAGE.read_text(encoding="utf-8") == retry_page(), "run the module index.retry_page"


def test_every_request_and_every_trouble_stands_on_the_page() -> None:
    page = retry_page()
    assert all(f"| {request.value} |" in page for request in RequestKind)
    assert all(f"| {trouble.value} |" in page for trouble in Trouble)
