"""The read-back: which of our files the index lists with our digest and size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.utils import NormalizedName

    from ..distributions.distribution import Distribution
    from ..index.project_page import ProjectPage


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What the index's own list says of the files that should be there."""

    confirmed: tuple[Distribution, ...]
    missing: tuple[Distribution, ...]
    """Not listed, or listed with other bytes."""


def confirm(
    expected: Iterable[Distribution],
    pages: Mapping[NormalizedName, ProjectPage],
    *,
    with_provenance: frozenset[str] = frozenset(),
) -> Confirmation:
    """Hold the files that should be there against the pages.

    ``with_provenance`` names the files that were sent with attestations: they count once their provenance shows.
    """
    confirmed: list[Distribution] = []
    missing: list[Distribution] = []
    for distribution in expected:
        wants_provenance = distribution.filename in with_provenance
        there = _is_there(distribution, pages.get(distribution.project), wants_provenance=wants_provenance)
        (confirmed if there else missing).append(distribution)
    return Confirmation(confirmed=tuple(confirmed), missing=tuple(missing))


def _is_there(distribution: Distribution, page: ProjectPage | None, *, wants_provenance: bool) -> bool:
    entry = page.file(distribution.filename) if page is not None else None
    if entry is None or entry.sha256 != distribution.sha256:
        return False
    if entry.size is not None and entry.size != distribution.size:
        return False
    return entry.provenance is not None or not wants_provenance
