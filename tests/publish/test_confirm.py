from __future__ import annotations

import pytest

from builders.release import distribution, page, published
from pypi_trusted_publish.core.project_page import PageState, ProjectPage
from pypi_trusted_publish.publish.read_back import confirm

WHEEL = distribution("demo-1.0-py3-none-any.whl")


def confirmed(*pages: ProjectPage, with_provenance: frozenset[str] = frozenset()) -> bool:
    answer = confirm([WHEEL], {page.project: page for page in pages}, with_provenance=with_provenance)
    assert len(answer.confirmed) + len(answer.missing) == 1
    return answer.confirmed == (WHEEL,)


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


def test_a_file_sent_with_attestations_waits_for_its_provenance() -> None:
    waits = frozenset({WHEEL.filename})
    assert not confirmed(page(published(WHEEL)), with_provenance=waits)
    assert confirmed(page(published(WHEEL, provenance="http://127.0.0.1/provenance")), with_provenance=waits)
