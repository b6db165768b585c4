"""The job's summary: the verdict, the next step, the files, what the run proved. Pure: an outcome to Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..errors import Diagnosis
from ..quantities import count_text
from . import markdown
from .foreign_text import clipped
from .outcome import ON_THE_INDEX, Outcome
from .read_on import read_on
from .summary_files import file_tables
from .summary_run import dry_run_findings, run_table
from .summary_size import size, within
from .verdict import next_move, verdict

LIMIT: Final = 900_000
"""Bytes; GitHub drops a summary above 1 MiB, and other steps of the job write to it too."""
_PROBLEMS: Final = 300_000
_FOLDED: Final = 100_000
"""Bytes for each of warnings, notices and the index's remarks."""
_TEXT: Final = 4_000
"""Characters of one text of a diagnosis, and of the verdict."""
_PASTE: Final = 20_000
_FEW_RELEASES: Final = 10


def summary(outcome: Outcome) -> str:
    """The whole summary, below 900 kB; what had to be left out is counted."""
    head = _joined(_head(outcome))
    tail = _joined(_tail(outcome))
    files = file_tables(outcome, room=LIMIT - size(head) - size(tail) - 10)
    return _joined((head, files, tail)) + "\n"


def _joined(parts: Iterator[str] | Sequence[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _head(outcome: Outcome) -> Iterator[str]:
    icon = "✅" if outcome.succeeded else "❌"
    yield f"## {icon} {markdown.text(clipped(verdict(outcome), _TEXT))}"
    yield _release_links(outcome)
    move = next_move(outcome)
    if move:
        yield f"> **Next step:** {move}"
    yield from within([_problem(diagnosis) for diagnosis in outcome.errors], _PROBLEMS, "error")


def _tail(outcome: Outcome) -> Iterator[str]:
    yield dry_run_findings(outcome)
    yield run_table(outcome)
    yield _folded("warning", [_item(diagnosis) for diagnosis in outcome.warnings])
    yield _folded("notice", [_item(diagnosis) for diagnosis in outcome.notices])
    remarks = [(file.filename, remark) for file in outcome.files for remark in file.warnings]
    yield _folded(
        "remark of the index",
        [f"{markdown.code(name)}: {markdown.text(clipped(remark, _TEXT))}" for name, remark in remarks],
        plural="remarks of the index",
    )


def _release_links(outcome: Outcome) -> str:
    """A link to the page of each release of which something is there."""
    there = {file.release: file.release_url for file in outcome.files if file.state in ON_THE_INDEX}
    links = [markdown.link(" ".join(release), url) for release, url in list(there.items())[:_FEW_RELEASES] if url]
    return f"Released on {markdown.text(outcome.index or 'the index')}: {', '.join(links)}" if links else ""


def _problem(diagnosis: Diagnosis) -> str:
    happened = _text(diagnosis.happened.strip())  # blanks at an end of it would keep it from being bold
    parts = [f"### {happened}" if diagnosis.code == "bug" else f"**{happened}**"]
    parts += [f"*{name}:* {_lines(part)}" for name, part in _advice(diagnosis) if part]
    if diagnosis.paste:
        parts.append(markdown.block(clipped(diagnosis.paste, _PASTE), "" if diagnosis.code == "bug" else "yaml"))
    return _joined((*parts, f"*Read on:* {_read_on(diagnosis)}"))


def _advice(diagnosis: Diagnosis) -> tuple[tuple[str, str], ...]:
    return (("Likely cause", diagnosis.cause), ("What to do", diagnosis.remedy))


def _item(diagnosis: Diagnosis) -> str:
    said = " ".join(part for part in (diagnosis.happened, diagnosis.cause, diagnosis.remedy) if part)
    return f"{_lines(said)} ({_read_on(diagnosis)})"


def _read_on(diagnosis: Diagnosis) -> str:
    return markdown.link(diagnosis.code, read_on(diagnosis))


def _lines(foreign: str) -> str:
    return markdown.lines(clipped(foreign, _TEXT))


def _text(foreign: str) -> str:
    return markdown.text(clipped(foreign, _TEXT))


def _folded(noun: str, items: Sequence[str], plural: str = "") -> str:
    if not items:
        return ""
    lines = within([f"- {item}" for item in items], _FOLDED, noun, plural)
    return markdown.folded(count_text(len(items), noun, plural), "\n".join(lines))
