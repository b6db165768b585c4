from __future__ import annotations

import pytest

from builders.release import distribution, page, published
from pypi_trusted_publish.core.project_page import PageState, ProjectPage
from pypi_trusted_publish.publish.read_back import compare

WHEEL = distribution("demo-1.0-py3-none-any.whl")


def confirmed(*pages: ProjectPage) -> bool:
    found = compare([WHEEL], {page.project: page for page in pages})
    assert len(found.confirmed) + len(found.missing) == 1
    return len(found.confirmed) == 1


def test_a_file_is_confirmed_by_its_digest_and_size() -> None:
    assert confirmed(page(published(WHEEL)))


def test_an_index_that_names_no_size_confirms_by_the_digest() -> None:
    assert confirmed(page(published(WHEEL, size=None)))


@pytest.mark.parametrize(
    "there",
    [
        page(),
        page(published(WHEEL.filename)),
        page(published(WHEEL, size=1)),
        page(published(WHEEL, sha256=None)),
        page(state=PageState.UNREADABLE),
        page(published(WHEEL), project="other"),
    ],
)
def test_anything_else_is_missing(there: ProjectPage) -> None:
    assert not confirmed(there)


def test_a_file_without_its_provenance_is_confirmed_and_named() -> None:
    waits = frozenset({WHEEL.filename})
    bare = page(published(WHEEL))
    found = compare([WHEEL], {bare.project: bare}, with_provenance=waits)
    assert (found.confirmed, found.without_provenance, found.missing) == ((WHEEL,), (WHEEL,), ())
    complete = page(published(WHEEL, provenance="http://127.0.0.1/provenance"))
    assert compare([WHEEL], {complete.project: complete}, with_provenance=waits).incomplete == ()


def test_a_quarantine_ends_the_wait_for_the_files_of_its_project() -> None:
    hidden = page(status="quarantined")
    found = compare([WHEEL], {hidden.project: hidden})
    assert (found.missing, found.withheld, found.incomplete) == ((WHEEL,), (WHEEL,), ())


def test_a_quarantine_does_not_end_the_wait_for_other_projects() -> None:
    other = distribution("other-1.0-py3-none-any.whl")
    pages = page(status="quarantined"), page(project="other")
    found = compare([WHEEL, other], {each.project: each for each in pages})
    assert (found.missing, found.withheld, found.incomplete) == ((WHEEL, other), (WHEEL,), (other,))
