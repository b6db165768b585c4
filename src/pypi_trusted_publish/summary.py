"""The job's summary: one line of verdict, the files, what was proved, what to do next. Pure: an outcome to Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from . import markdown
from .errors import Diagnosis
from .outcome import ON_THE_INDEX, FileOutcome, FileState, Outcome
from .quantities import count_text, listed, seconds_text, size_text
from .verdict import next_move, verdict

LIMIT: Final = 900_000
"""Bytes; GitHub drops a summary above 1 MiB, and other steps of the job write to it too."""
_ICONS: Final = {
    FileState.UPLOADED: "🟢",
    FileState.IDENTICAL: "🟢",
    FileState.SKIPPED: "🟡",
    FileState.CONFLICT: "🔴",
    FileState.REFUSED: "🔴",
    FileState.FAILED: "🔴",
    FileState.NOT_SENT: "⚪",
}
_SHOWN_DIAGNOSES: Final = 100
_CLAIMS: Final = ("repository", "job_workflow_ref", "event_name", "ref")


def summary(outcome: Outcome) -> str:
    """The whole summary, below 900 kB; what had to be left out is counted."""
    head = "\n\n".join(part for part in _head(outcome) if part)
    tail = "\n\n".join(part for part in _tail(outcome) if part)
    room = LIMIT - len((head + tail).encode("utf-8", "backslashreplace"))
    parts = (head, _files(outcome.files, outcome, room), tail)
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(outcome: Outcome) -> Iterator[str]:
    icon = "✅" if outcome.succeeded else "❌"
    yield f"## {icon} {markdown.text(verdict(outcome))}"
    move = next_move(outcome)
    if move:
        yield f"**Next step:** {move}"
    yield from (_problem(diagnosis) for diagnosis in outcome.errors[:_SHOWN_DIAGNOSES])
    yield _more(len(outcome.errors) - _SHOWN_DIAGNOSES, "error")


def _tail(outcome: Outcome) -> Iterator[str]:
    yield _proved(outcome)
    yield "\n".join(_proofs(outcome))
    yield _tokens(outcome)
    yield _folded("warning", outcome.warnings)
    yield _folded("notice", outcome.notices)


def _problem(diagnosis: Diagnosis) -> str:
    parts = [f"**{markdown.text(diagnosis.happened)}**"]
    parts += [markdown.text(part) for part in (diagnosis.cause, diagnosis.remedy) if part]
    body = "\n\n".join(parts)
    if diagnosis.paste:
        body += f"\n\n{markdown.block(diagnosis.paste)}"
    if diagnosis.read_on:
        body += f"\n\nRead on: {markdown.code(diagnosis.read_on)}"
    return body


def _folded(noun: str, diagnoses: Sequence[Diagnosis]) -> str:
    if not diagnoses:
        return ""
    items = [f"- {_item(diagnosis)}" for diagnosis in diagnoses[:_SHOWN_DIAGNOSES]]
    more = _more(len(diagnoses) - _SHOWN_DIAGNOSES, noun)
    lines = "\n".join([*items, *([f"- {more}"] if more else [])])
    return f"<details><summary>{count_text(len(diagnoses), noun)}</summary>\n\n{lines}\n\n</details>"


def _item(diagnosis: Diagnosis) -> str:
    said = " ".join(part for part in (diagnosis.happened, diagnosis.cause, diagnosis.remedy) if part)
    return markdown.text(said)


def _more(number: int, noun: str) -> str:
    return f"{count_text(number, noun)} more, in the log and the report." if number > 0 else ""


def _files(files: Sequence[FileOutcome], outcome: Outcome, room: int) -> str:
    if not files:
        return ""
    lines = ["| file | size | SHA-256 | outcome |", "|---|--:|---|---|"]
    room -= 400 + sum(len(line) for line in lines)
    for number, file in enumerate(files):
        row = _row(file, dry_run=outcome.dry_run)
        room -= len(row.encode("utf-8", "backslashreplace")) + 1
        if room < 0:
            return "\n".join(lines) + f"\n\n{count_text(len(files) - number, 'file')} more, in the report."
        lines.append(row)
    return "\n".join(lines)


def _row(file: FileOutcome, *, dry_run: bool) -> str:
    url = file.url or (file.release_url if file.state in ON_THE_INDEX else "")
    state = "to upload" if dry_run and file.state is FileState.NOT_SENT else file.state.value
    said = f"{_ICONS.get(file.state, '⚪')} {state}"
    if file.confirmed:
        said += ", confirmed"
    if file.reason and file.state not in ON_THE_INDEX and not dry_run:
        said += f": {markdown.text(file.reason)}"
    for warning in file.warnings:
        said += f"; the index says: {markdown.text(warning)}"
    return f"| {markdown.link(file.filename, url)} | {size_text(file.size)} | {markdown.code(file.sha256)} | {said} |"


def _proved(outcome: Outcome) -> str:
    if not outcome.environment:
        return ""
    claims = dict(outcome.claims)
    facts = ", ".join(f"{name} {markdown.code(claims[name])}" for name in _CLAIMS if claims.get(name))
    said = f"**Environment** {markdown.code(outcome.environment)}, proved by a signed identity token: {facts}."
    protection = outcome.protection
    if protection is None or protection.protected is None:
        why = f" ({markdown.text(protection.why_unknown)})" if protection and protection.why_unknown else ""
        return f"{said} Its protection is not known{why}."
    if not protection.protected:
        return f"{said} It has no protection: {markdown.link('settings', protection.settings_url)}."
    rules = "; ".join(f"{markdown.text(name)}: {markdown.text(value)}" for name, value in protection.rules)
    approved = f" Approved by {markdown.text(listed(protection.approved_by))}." if protection.approved_by else ""
    return f"{said} Protected by {rules}.{approved}"


def _proofs(outcome: Outcome) -> Iterator[str]:
    for proof in outcome.proofs:
        why = "" if proof.proved else f" ({markdown.text(proof.why_not)})"
        yield f"- {'proved' if proof.proved else '**not** proved'}: {markdown.text(proof.statement)}{why}"


def _tokens(outcome: Outcome) -> str:
    tokens = outcome.tokens
    if not tokens.minted:
        return ""
    said = f"{count_text(tokens.minted, 'upload token')} minted, {tokens.revoked} revoked."
    if tokens.alive:
        said += f" {tokens.alive} could not be revoked and lives {seconds_text(tokens.seconds_left)} more at most."
    return said
