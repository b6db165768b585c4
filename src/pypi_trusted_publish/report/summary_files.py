"""The files of a run as tables, one for each release. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..quantities import count_text, size_text
from . import markdown
from .foreign_text import clipped
from .outcome import ON_THE_INDEX, FileOutcome, FileState, Outcome
from .summary_size import size, within

_ICONS: Final = {
    FileState.UPLOADED: "🟢",
    FileState.IDENTICAL: "🟢",
    FileState.SKIPPED: "🟡",
    FileState.CONFLICT: "🔴",
    FileState.REFUSED: "🔴",
    FileState.FAILED: "🔴",
}
_WAITING: Final = "⚪\ufe0f"
_HEAD: Final = "| file | outcome | size | SHA-256 |\n|:--|:--|--:|:--|"
_REASON: Final = 160
"""Characters of a reason in a table; the whole of it stands with the error."""
_NAME: Final = 300


def file_tables(outcome: Outcome, *, room: int) -> str:
    """Every file of the run, within ``room`` bytes, under a heading for each release when there are several."""
    if not outcome.files:
        return ""
    row = _checked_row(outcome) if outcome.command == "check" else _row(outcome)
    several = len(outcome.releases) > 1
    tables: list[str] = []
    left = len(outcome.files)
    for release, files in _by_release(outcome).items():
        heading = f"### {markdown.text(clipped(' '.join(release), _NAME))}\n\n" if several and any(release) else ""
        room -= size(heading) + size(_HEAD) + 100
        rows = within([row(file) for file in files], room, "file")
        if len(rows) < len(files) or rows[-1].startswith("\n"):
            cut = [f"{heading}{_HEAD}\n" + "\n".join(rows[:-1])] if rows[:-1] else []
            more = f"{count_text(left - len(rows) + 1, 'file')} more: in the report."
            return "\n\n".join([*tables, *cut, more])
        room -= sum(size(each) + 2 for each in rows)
        left -= len(files)
        tables.append(f"{heading}{_HEAD}\n" + "\n".join(rows))
    return "\n\n".join(tables)


def _by_release(outcome: Outcome) -> dict[tuple[str, str], list[FileOutcome]]:
    """Files by project and version; those of which neither is known come last, or belong to the only release."""
    only = outcome.releases[0] if len(outcome.releases) == 1 else ("", "")
    found: dict[tuple[str, str], list[FileOutcome]] = {release: [] for release in outcome.releases}
    for file in outcome.files:
        found.setdefault(file.release if file.project else only, []).append(file)
    return found


def _row(outcome: Outcome) -> Callable[[FileOutcome], str]:
    attested = {attested.filename for attested in outcome.attestations}
    told = {diagnosis.happened for diagnosis in outcome.errors}

    def row(file: FileOutcome) -> str:
        url = file.url or (file.release_url if file.state in ON_THE_INDEX else "")
        said = ", ".join(_said(file, dry_run=outcome.dry_run, attested=file.filename in attested))
        reason = "" if outcome.dry_run or file.reason in told else _reason(file)
        return _cells(markdown.link(clipped(file.filename, _NAME), url), said + reason, file)

    return row


def _said(file: FileOutcome, *, dry_run: bool, attested: bool) -> Iterator[str]:
    icon = _ICONS.get(file.state, _WAITING)
    would = dry_run and file.state is FileState.NOT_SENT and file.decision
    yield f"{icon} {'to upload' if would else file.state.value}".replace(" ", "&nbsp;")
    if attested and file.state is FileState.UPLOADED:
        yield "attested"
    if file.confirmed:
        yield "confirmed"


def _reason(file: FileOutcome) -> str:
    return f": {markdown.text(clipped(file.reason, _REASON))}" if file.reason else ""


def _checked_row(outcome: Outcome) -> Callable[[FileOutcome], str]:
    bad = {diagnosis.file for diagnosis in outcome.errors}
    odd = {diagnosis.file for diagnosis in outcome.warnings}

    def row(file: FileOutcome) -> str:
        said = (
            "🔴&nbsp;errors" if file.filename in bad else "🟡&nbsp;warnings" if file.filename in odd else "🟢&nbsp;good"
        )
        return _cells(markdown.text(clipped(file.filename, _NAME)), said, file)

    return row


def _cells(name: str, said: str, file: FileOutcome) -> str:
    size_said = size_text(file.size).replace(" ", "&nbsp;")
    return f"| {name} | {said} | {size_said} | {markdown.code(file.sha256)} |"
