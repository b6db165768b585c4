"""What a run does when attestations cannot be made. Pure.

Nothing was sent yet, so stopping is free; and what is published without attestations stays without them, because a
second upload of identical bytes is not read. Hence a project that has provenance on the index never loses it in
silence, and a project that never had any is not held up by it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import Diagnosis, IndexUnavailable, Severity
from ..index.project_page import PageState
from .policy import Wish

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..index.project_page import ProjectPage


def publish_without(wish: Wish, pages: Iterable[ProjectPage], failure: Diagnosis) -> Diagnosis:
    """Decide whether the run goes on without attestations.

    Args:
        wish: the input ``attestations``.
        pages: of every project of which a file is to be uploaded.
        failure: why the attestations could not be made, told as an error.

    Returns:
        the warning to tell when it goes on.

    Raises:
        IndexUnavailable: it must stop (exit code 5).

    """
    if wish is Wish.TRUE:
        raise IndexUnavailable(_stop(failure, "The input asks for attestations: `attestations: true`."))
    for page in pages:
        reason = _what_would_be_lost(page)
        if reason:
            raise IndexUnavailable(_stop(failure, reason))
    return replace(
        failure,
        severity=Severity.WARNING,
        happened=f"The files are published without attestations. {failure.happened}",
        remedy="Nothing has to be done: no file of the project has provenance on the index. With `attestations: true` "
        "such a failure stops the run instead.",
    )


def _what_would_be_lost(page: ProjectPage) -> str:
    if page.state is PageState.UNREADABLE:
        return f"Whether files of {page.project} have provenance on the index is not known."
    witness = next((file for file in page.files if file.provenance), None)
    if witness is None:
        return ""
    return f"Files of {page.project} have provenance on the index, such as {witness.filename}."


def _stop(failure: Diagnosis, reason: str) -> Diagnosis:
    first = failure.remedy.rstrip(".") or "Run the failed job again"
    return replace(
        failure,
        severity=Severity.ERROR,
        cause=" ".join(
            part
            for part in (failure.cause, reason, "Nothing was sent, and a later run could not add attestations.")
            if part
        ),
        remedy=f"{first}; or publish without them: `attestations: false`.",
    )
