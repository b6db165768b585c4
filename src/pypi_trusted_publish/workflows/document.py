"""A workflow file as YAML, with the line and column of everything. The only importer of ruamel.yaml."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..errors import Diagnosis, WorkflowError

LARGEST: Final = 1 << 20
"""Characters of a workflow file; GitHub's own limit is half of that."""


@dataclass(frozen=True, order=True, kw_only=True)
class Place:
    """Where something stands; both count from 1."""

    line: int
    column: int


def load(text: str, filename: str) -> Mapping[object, object]:
    """Read a workflow file: YAML 1.2, with anchors, aliases and merge keys resolved.

    Raises:
        WorkflowError: it is no YAML, or no mapping; the message has line and column.

    """
    try:
        from ruamel.yaml import YAML  # an extra, which only this command needs
        from ruamel.yaml.error import MarkedYAMLError, YAMLError  # the same
    except ImportError:
        raise _no_library() from None
    if len(text) > LARGEST:
        raise _no_workflow(filename, Place(line=1, column=1), "it is larger than a workflow can be")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an anchor that is set anew, an odd number: for the terminal of nobody
            document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(line=mark.line + 1, column=mark.column + 1) if mark else Place(line=1, column=1)
        raise _no_workflow(filename, place, _reason(error.problem)) from None
    except (YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError):
        # The last ones escape from the library itself: a merge of what is not complete yet, a word tagged as a number.
        raise _no_workflow(filename, Place(line=1, column=1), "it cannot be read as YAML") from None
    if not isinstance(document, Mapping):
        raise _no_workflow(filename, Place(line=1, column=1), "it is no mapping with 'on' and 'jobs'")
    return document


def mapping(value: object) -> Mapping[object, object]:
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> tuple[object, ...]:
    """The items of a list; a single scalar counts as a list of one, anything else as an empty one."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, bytes) else ()


def scalar(value: object) -> str:
    """A scalar as GitHub would read it as text; empty for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else ""


def place_of(parent: object, key: object, otherwise: Place | None = None) -> Place:
    """Where ``key`` stands in ``parent``; for one that came by an alias or a merge, where that stands."""
    marks = getattr(parent, "lc", None)
    data = getattr(marks, "data", None) or {}
    if key in data:
        line, column = data[key][:2]
        return Place(line=line + 1, column=column + 1)
    if otherwise is not None:
        return otherwise
    line, column = getattr(marks, "line", 0) or 0, getattr(marks, "col", 0) or 0
    return Place(line=line + 1, column=column + 1)


def triggers_of(workflow: Mapping[object, object]) -> Mapping[str, Place]:
    """Every event of ``on``, with its place; YAML 1.1 reads the bare word as True."""
    key: object = "on" if "on" in workflow else True
    events = workflow.get(key)
    place = place_of(workflow, key)
    if isinstance(events, Mapping):
        return {str(name): place_of(events, name, place) for name in events}
    listed = items(events)
    return {str(name): place_of(events, number, place) for number, name in enumerate(listed)}


def is_guarded(workflow: Mapping[object, object], *parts: Mapping[object, object]) -> bool:
    """Whether an ``if`` stands on one of the parts (a job, perhaps a step of it) or on a job that the job needs."""
    needed = [mapping(mapping(workflow.get("jobs")).get(scalar(name))) for name in items(parts[0].get("needs"))]
    return any("if" in part for part in (*parts, *needed))


_PROBLEMS: Final = (
    ("duplicate key", "a key stands twice"),
    ("undefined alias", "an alias names an anchor that does not exist"),
    ("cannot start any token", "a character that cannot stand here (a tab?)"),
    ("mapping values are not allowed", "a colon where none can be (quote the text, or look at the indentation)"),
    ("expected <block end>", "the indentation does not fit"),
    ("could not find expected ':'", "a key without a colon"),
    ("unexpected end of stream", "the file ends inside a quoted text"),
)
"""Words of the library -> ours."""


def _reason(problem: str | None) -> str:
    return next((ours for theirs, ours in _PROBLEMS if theirs in (problem or "")), "it cannot be read as YAML")


def _no_workflow(filename: str, place: Place, why: str) -> WorkflowError:
    return WorkflowError(
        Diagnosis(
            code="setup-no-workflow",
            message=f"{filename}:{place.line}:{place.column}: this is no workflow: {why}.",
            fix="Correct it there; actionlint checks the rest of the syntax.",
            file=filename,
        )
    )


def _no_library() -> WorkflowError:
    return WorkflowError(
        Diagnosis(
            code="setup-needs-yaml",
            message="The command 'setup' needs the package ruamel.yaml, which is not installed.",
            fix="Install it: pip install 'pypi-trusted-publish[setup]'.",
        )
    )
