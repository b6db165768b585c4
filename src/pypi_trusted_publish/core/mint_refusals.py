"""Explains why the index refused to mint a token: the rows of the table, with the publisher's form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import Cure, Diagnosis, PublishError, error_of
from .publisher import IndexInfo, PublisherForm, Situation, possible_differences, words_of
from .responses import Answer, Refusal, explain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .answers import AnswerRow
    from .claims import UnverifiedClaims

_ABOUT_THE_PUBLISHER = frozenset({"mint-invalid-publisher", "mint-invalid-pending-publisher", "mint-refused"})
"""Codes of diagnoses that show the publisher's form and what may differ from it."""


def explain_refusal(
    answer: Answer,
    *,
    claims: UnverifiedClaims | None,
    index: IndexInfo,
    projects: Sequence[str] = (),
    unknown_projects: Sequence[str] = (),
) -> PublishError:
    """Return the error to raise: one diagnosis for each reason, with the publisher's form filled from the claims.

    ``projects`` are the names of the run as the metadata spells them, ``unknown_projects`` those that are not on
    the index.
    """
    situation = Situation(claims=claims, index=index, projects=tuple(projects), unknown=tuple(unknown_projects))
    return error_of(*(_diagnosis(refusal, answer, situation) for refusal in answer.refusals))


def _diagnosis(refusal: Refusal, answer: Answer, situation: Situation) -> Diagnosis:
    index, claims = situation.index, situation.claims
    details = (("status", str(answer.status)), *(claims.shown() if claims is not None else ()))
    details += (("redirects to", answer.location),) if answer.location else ()
    says = "The answer" if answer.intercepted else f"{index.name} says"
    message = f"{index.name} did not mint an upload token. {says}: {refusal.text.rstrip('.')}"
    message += "." if refusal.row is not None and refusal.row.shapes else f" (status {answer.status})."
    if refusal.row is None:
        return Diagnosis(
            code="mint-refused",
            message=message,
            likely_cause="An index does not usually answer a mint with this status: something in front of it may have "
            "answered instead.",
            fix="Check the input 'repository-url'.",
            details=details,
            cure=Cure.WORKFLOW,
        )
    words = {**index.words(next(iter(situation.projects), "")), **words_of(situation)}
    found = explain(refusal, message=message, context=words, details=details)
    if refusal.row.code not in _ABOUT_THE_PUBLISHER:
        return found
    differences = possible_differences(situation)
    return replace(
        found,
        fix=_fix(found.fix, differences, situation),
        snippet=PublisherForm.of(claims).lines() if claims is not None else "",
        cure=_cure(refusal.row, claims),
    )


def _cure(row: AnswerRow, claims: UnverifiedClaims | None) -> Cure:
    """Whether only the workflow can be changed: a publisher cannot name one of another repository or ref."""
    return Cure.WORKFLOW if claims is not None and claims.is_called_elsewhere else row.cure


def _fix(first: str, differences: Sequence[str], situation: Situation) -> str:
    pages = situation.index.pages(situation.projects, situation.unknown)
    where = [f"The page to open: {page}" for page in pages]
    return "\n".join((first, *where, *(f"- {difference}" for difference in differences)))
