"""Why the index refused to mint a token, and what to change.

The codes and reasons are those of PyPI's server (Warehouse, ``warehouse/oidc/views.py`` and ``models/github.py``,
August 2026). A code or reason that is not in the tables is told as it is, with the form filled from the claims.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ..errors import Diagnosis, IndexRefused, IndexUnavailable, PublishError
from .publisher import IndexFacts, PublisherForm, Situation, possible_differences, reason_explained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .claims import UnverifiedClaims

_SHOWN_ERRORS: Final = 10
_SHOWN_LENGTH: Final = 500


@dataclass(frozen=True, kw_only=True)
class RefusedFor:
    """One entry of the answer's ``errors``."""

    code: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer of the mint endpoint that is not 200; foreign text throughout, cut to 500 characters each."""

    status: int
    message: str
    """The answer's ``message``, or its reason phrase; never HTML."""
    errors: tuple[RefusedFor, ...] = ()

    def has(self, code: str) -> bool:
        """Whether the index named this code."""
        return any(error.code == code for error in self.errors)

    @property
    def heals_itself(self) -> bool:
        """Whether the next mint with a fresh identity token succeeds: a pending publisher was outrun and is gone."""
        return self.has("invalid-pending-publisher")

    def quoted(self) -> str:
        """What the index said, on one line."""
        said = "; ".join(
            f"{error.code}: {error.description}" if error.code else error.description for error in self.errors
        )
        return f"{self.status} {said or self.message}".strip()


@dataclass(frozen=True, kw_only=True)
class _Row:
    diagnosis: str
    error: type[PublishError]
    message: str
    cause: str
    fix: str
    form: bool = False
    """Whether the publisher's form and what can differ from it belong in the explanation."""


ROWS: Final = {
    "invalid-publisher": _Row(
        diagnosis="mint-invalid-publisher",
        error=IndexRefused,
        message="has no publisher that matches this job",
        cause="A field of the publisher differs from what this job proves.",
        fix="Compare every field of the publisher with the values below; they are what this job proves.",
        form=True,
    ),
    "invalid-pending-publisher": _Row(
        diagnosis="mint-invalid-pending-publisher",
        error=IndexRefused,
        message="could not turn the pending publisher into a project",
        cause="Somebody created the project of that name before this job could, so the pending publisher was removed.",
        fix="Run the failed job again. When the project is yours, register this publisher in its settings; when "
        "it is not, choose another name.",
        form=True,
    ),
    "invalid-payload": _Row(
        diagnosis="mint-invalid-payload",
        error=IndexRefused,
        message="could not read the identity token of this job",
        cause="It knows no publishers for the issuer of the token (GitHub Enterprise Server, or an issuer of its own "
        "for the enterprise), or the pending publisher's project name is not allowed.",
        fix="Publish from github.com, or ask those who run the index to add the issuer. For a new project, check "
        "the name against the index's rules for names.",
        form=True,
    ),
    "not-enabled": _Row(
        diagnosis="mint-not-enabled",
        error=IndexUnavailable,
        message="has switched Trusted Publishing off for the moment",
        cause="Its administrators do that during an incident.",
        fix="Look at the status page of the index and run the failed job again later.",
    ),
    "invalid-token": _Row(
        diagnosis="mint-invalid-token",
        error=IndexRefused,
        message="did not accept the identity token of this job",
        cause="The token was made for another audience (TestPyPI against PyPI), was too old when it arrived, or the "
        "index could not fetch GitHub's keys.",
        fix="Run the failed job again; when it stays, compare the audience below with the input 'repository-url'.",
    ),
    "invalid-reuse-token": _Row(
        diagnosis="mint-reused-token",
        error=IndexUnavailable,
        message="has seen the identity token of this job before",
        cause="An earlier try reached the index though its answer was lost; each try takes a fresh token, so something "
        "between this job and the index repeats requests.",
        fix="Run the failed job again.",
    ),
}
"""The index's code -> what it means here. The error's class says who must act."""


def parse_refusal(status: int, body: bytes, reason: str = "") -> Refusal:
    """Read a refusal of 4xx: JSON ``{"message", "errors": [{"code", "description"}]}``.

    Anything else is known by its reason phrase alone: a body of another form may hold a token.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or status not in range(400, 500):
        return Refusal(status=status, message=_cut(reason) or _phrase(status))
    entries = answer.get("errors")
    found = tuple(_refused_for(entry) for entry in entries[:_SHOWN_ERRORS]) if isinstance(entries, list) else ()
    message = _cut(answer.get("message")) or _cut(reason) or _phrase(status)
    return Refusal(status=status, message=message, errors=tuple(entry for entry in found if entry is not None))


def explain_refusal(
    refusal: Refusal,
    *,
    claims: UnverifiedClaims | None,
    index: IndexFacts,
    projects: Sequence[str] = (),
    unknown_projects: Sequence[str] = (),
) -> PublishError:
    """Return the error to raise: one diagnosis for each code, with the publisher's form filled from the claims.

    ``projects`` are the names of the run as the metadata spells them, ``unknown_projects`` those of them that the
    index does not know.
    """
    situation = Situation(claims=claims, index=index, projects=tuple(projects), unknown=tuple(unknown_projects))
    rows = [(ROWS.get(error.code), error) for error in refusal.errors]
    known = [(row, error) for row, error in rows if row is not None]
    if not known:
        return _unknown(refusal, situation)
    diagnoses = tuple(_diagnosis(row, error, refusal, situation) for row, error in known)
    return known[0][0].error(*diagnoses)


def _diagnosis(row: _Row, error: RefusedFor, refusal: Refusal, situation: Situation) -> Diagnosis:
    claims = situation.claims
    by_reason = reason_explained(error.description, situation) if row.form else ""
    differences = possible_differences(situation) if row.form else ()
    form = PublisherForm.of(claims).lines() if row.form and claims is not None else ""
    return Diagnosis(
        code=row.diagnosis,
        message=f"{situation.index.name} {row.message} ({error.code}: {error.description}).",
        likely_cause=by_reason or row.cause,
        fix=_fix(row.fix, differences, situation),
        snippet=form,
        details=_facts(refusal, claims),
    )


def _unknown(refusal: Refusal, situation: Situation) -> PublishError:
    if refusal.status in (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT):
        return _redirected(refusal, situation)
    lasting = HTTPStatus.BAD_REQUEST <= refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR
    lasting = lasting and refusal.status not in (
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    )
    claims = situation.claims
    diagnosis = Diagnosis(
        code="mint-refused" if lasting else "mint-unavailable",
        message=f"{situation.index.name} did not mint an upload token: {refusal.quoted()}.",
        likely_cause="The index gave a reason that this action does not know."
        if lasting
        else "The index, or a CDN in front of it, has a fault.",
        fix=_fix(
            "Read what the index said, and compare the publisher with the values below."
            if lasting
            else "Run the failed job again later.",
            possible_differences(situation) if lasting else (),
            situation,
        ),
        snippet=PublisherForm.of(claims).lines() if lasting and claims is not None else "",
        details=_facts(refusal, claims),
    )
    return IndexRefused(diagnosis) if lasting else IndexUnavailable(diagnosis)


def _redirected(refusal: Refusal, situation: Situation) -> PublishError:
    return IndexRefused(
        Diagnosis(
            code="mint-redirected",
            message=f"{situation.index.name} redirects the request for an upload token for good: {refusal.quoted()}.",
            likely_cause="'repository-url' is probably not the index's own URL; a token is "
            "never sent where it was not meant "
            "to go.",
            fix="Set the input 'repository-url' to the index's own upload URL.",
            details=_facts(refusal, situation.claims),
        )
    )


def _fix(first: str, differences: Sequence[str], situation: Situation) -> str:
    form = PublisherForm.of(situation.claims) if situation.claims is not None else None
    pages = situation.index.pages(situation.projects, situation.unknown, form) if differences else ()
    where = [f"The page to open: {page}" for page in pages]
    return "\n".join((first, *where, *(f"- {difference}" for difference in differences)))


def _facts(refusal: Refusal, claims: UnverifiedClaims | None) -> tuple[tuple[str, str], ...]:
    said = (("status", str(refusal.status)), ("message", refusal.message))
    codes = tuple((f"error {error.code}", error.description) for error in refusal.errors)
    return said + codes + (claims.shown() if claims is not None else ())


def _refused_for(entry: object) -> RefusedFor | None:
    if not isinstance(entry, dict):
        return None
    code, description = _cut(entry.get("code")), _cut(entry.get("description"))
    return RefusedFor(code=code, description=description) if code or description else None


def _cut(text: object) -> str:
    if not isinstance(text, str):
        return ""
    return text if len(text) <= _SHOWN_LENGTH else text[:_SHOWN_LENGTH] + "..."


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
