"""Which deployment environments a job can run in, as far as a workflow file tells. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from .workflow_document import items, mapping, scalar

_BEGIN: Final = "${{"
_END: Final = "}}"
_MATRIX: Final = re.compile(r"matrix\.([\w-]+)")


def possible_names(environment: str, job: Mapping[object, object]) -> tuple[str, ...]:
    """The values that an environment can have: those of the matrix where it is one of its keys."""
    whole = environment.startswith(_BEGIN) and environment.endswith(_END)
    key = _MATRIX.fullmatch(environment[len(_BEGIN) : -len(_END)].strip()) if whole else None
    if key is None:
        return (environment,)
    matrix = mapping(mapping(job.get("strategy")).get("matrix"))
    listed = [scalar(value) for value in items(matrix.get(key[1]))]
    included = [scalar(mapping(entry).get(key[1])) for entry in items(matrix.get("include"))]
    return tuple(dict.fromkeys(value for value in (*listed, *included) if value)) or (environment,)


def agree(found: str, wanted: str, job: Mapping[object, object]) -> bool:
    """Whether the job's environment is the one that the action expects, whatever the run.

    Two different expressions, or one in the action's input that the matrix does not tell, may well agree: they pass.
    An expression on the job alone does not, since the action then expects one name whatever the job's is.
    """
    expected = possible_names(wanted, job)
    if _BEGIN in wanted and (_BEGIN in found or expected == (wanted,)):
        return True
    return len({name.lower() for name in (*possible_names(found, job), *expected)}) == 1
