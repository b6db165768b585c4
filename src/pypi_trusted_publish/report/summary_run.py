"""What a run proved and did, as a table of facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..quantities import count_text, listed, seconds_text
from . import markdown
from .foreign_text import clipped
from .outcome import Outcome

_VALUE: Final = 500
"""Characters of one value."""


def run_table(outcome: Outcome) -> str:
    """Who published, how well that is protected, and what became of tokens, attestations and waits."""
    rows = [(name, value) for name, value in _rows(outcome) if value]
    if not any(name != "time" for name, _ in rows):
        return ""
    return "\n".join(["| This run | |", "|:--|:--|", *(f"| {name} | {value} |" for name, value in rows)])


def dry_run_findings(outcome: Outcome) -> str:
    """What a dry run proved, and what it did not, and no more than that."""
    lines = []
    for proof in outcome.proofs:
        why = f" ({_text(proof.why_not)})" if proof.why_not else ""
        lines.append(f"- {'✅ proved' if proof.proved else '⚪ not proved'}: {_text(proof.statement)}{why}")
    return "\n".join(lines)


def _rows(outcome: Outcome) -> Iterator[tuple[str, str]]:
    claims = dict(outcome.claims)
    yield "environment", _environment(outcome)
    yield "protection", _protection(outcome)
    yield "repository", _code(claims.get("repository", ""))
    yield "workflow", _code(claims.get("job_workflow_ref", ""))
    yield "started by", _started_by(claims)
    yield "attestations", _attestations(outcome)
    yield "upload tokens", _tokens(outcome)
    yield "repeated requests", str(outcome.retries) if outcome.retries else ""
    yield "time", seconds_text(outcome.ended.seconds) if outcome.ended else ""


def _environment(outcome: Outcome) -> str:
    return f"{_code(outcome.environment)}, proved by a signed identity token" if outcome.environment else ""


def _protection(outcome: Outcome) -> str:
    protection = outcome.protection
    if protection is None:
        return ""
    if protection.protected is None:
        why = f": {_text(protection.why_unknown)}" if protection.why_unknown else ""
        return f"not known{why}"
    if not protection.protected:
        return f"none ({markdown.link('settings', protection.settings_url)})"
    rules = "; ".join(f"{_text(name)}: {_text(value)}" for name, value in protection.rules)
    approved = f"; approved by {_text(listed(protection.approved_by))}" if protection.approved_by else ""
    return f"{rules}{approved}"


def _started_by(claims: dict[str, str]) -> str:
    event, ref = claims.get("event_name", ""), claims.get("ref", "")
    return " of ".join(_code(each) for each in (event, ref) if each)


def _attestations(outcome: Outcome) -> str:
    if not outcome.attestations:
        return ""
    made = sum(attested.made for attested in outcome.attestations)
    found = len(outcome.attestations) - made
    counts = [f"{number} {how}" for number, how in ((made, "signed"), (found, "found beside the files")) if number]
    identities = dict.fromkeys(attested.identity for attested in outcome.attestations if attested.identity)
    as_whom = f", verified as {', '.join(_code(each) for each in list(identities)[:3])}" if identities else ""
    return f"{' and '.join(counts)}{as_whom}"


def _tokens(outcome: Outcome) -> str:
    tokens = outcome.tokens
    if not tokens.minted:
        return ""
    said = f"{tokens.minted} minted, {tokens.revoked} revoked"
    if not tokens.alive:
        return said
    left = f" in {seconds_text(tokens.seconds_left)} at the latest" if tokens.seconds_left else ""
    return f"{said}; **{count_text(tokens.alive, 'token')} not revoked**, which runs out by itself{left}"


def _code(value: str) -> str:
    return markdown.code(clipped(value, _VALUE))


def _text(value: str) -> str:
    return markdown.text(clipped(value, _VALUE))
