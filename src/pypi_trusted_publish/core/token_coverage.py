"""Which projects an upload token covers, read from the token without its key.

A token of PyPI is ``pypi-`` and a macaroon in the binary format 2, base64url without padding. Its caveats are JSON
arrays; tag 2 is followed by the list of project ids (Warehouse, ``warehouse/macaroons/caveats``, August 2026). The ids
say how many projects there are, not which. A token of any other form counts as unreadable.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Final

from ..errors import Diagnosis, IndexRefused, Severity
from ..events import CoverageRead
from ..formatting import count_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..events import Emit
    from ..secret import UploadToken
    from .plan import UploadPlan

_FORM: Final = re.compile(r"pypi-([A-Za-z0-9_-]+={0,2})")
_VERSION_2: Final = 2
_END, _LOCATION, _IDENTIFIER, _VERIFICATION, _SIGNATURE = 0, 1, 2, 4, 6
_PROJECT_IDS: Final = 2
"""The tag of the caveat that lists project ids."""


def covered_projects(token: UploadToken) -> frozenset[str] | None:
    """Return the ids of the projects that the token covers; None when they cannot be read."""
    found = _FORM.fullmatch(token.secret.reveal())
    if found is None:
        return None
    text = found[1].rstrip("=")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        lists = [ids for caveat in _caveats(data) if (ids := _project_ids(caveat)) is not None]
    except (binascii.Error, ValueError, RecursionError):
        return None
    return frozenset.intersection(*lists) if lists else None


def check_coverage(covered: int | None, projects: Sequence[str], unknown: Sequence[str] = ()) -> None:
    """Stop when the token covers fewer projects than the run uploads to; ``covered`` None means unknown.

    ``unknown`` are the projects that were not on the index before the mint: they have no settings page.

    Raises:
        IndexRefused: an upload in the middle of the release would be refused.

    """
    if covered is None or covered >= len(projects):
        return
    raise IndexRefused(
        Diagnosis(
            code="token-covers-too-few-projects",
            message=f"The upload token covers {count_text(covered, 'project')}, "
            f"and this run publishes {len(projects)}: {', '.join(projects)}.",
            likely_cause="The publisher is registered for only some of these projects. Nothing was uploaded.",
            fix="Register the same publisher (owner, repository, workflow and environment) in the publishing "
            "settings of each of these projects, or publish each in its own job." + _for_new_ones(unknown),
            details=(("projects", ", ".join(projects)), ("covered", str(covered))),
        )
    )


def _for_new_ones(unknown: Sequence[str]) -> str:
    if not unknown:
        return ""
    return (
        f" Not on the index before this run: {', '.join(unknown)}. A new project has no settings yet and needs "
        "a pending publisher with exactly its name (a mint creates one such project)."
    )


def warn_of_several_new_projects(unknown: Sequence[str]) -> Diagnosis | None:
    """The warning before a mint for two or more projects that are not on the index, or None."""
    if len(unknown) <= 1:
        return None
    return Diagnosis(
        code="several-new-projects",
        severity=Severity.WARNING,
        message=f"{len(unknown)} of the projects are not on the index: {', '.join(unknown)}.",
        likely_cause="There can be only one pending publisher for an owner, repository, "
        "workflow and environment, and one "
        "mint creates one project: the uploads to the others will be refused.",
        fix="Publish the new projects one by one (register the pending publisher, publish, then the next), or give "
        "each project its own environment and pending publisher.",
        details=(("projects", ", ".join(unknown)),),
    )


def _project_ids(caveat: bytes) -> frozenset[str] | None:
    value = json.loads(caveat)
    if not isinstance(value, list) or value[:1] != [_PROJECT_IDS]:
        return None
    ids = value[1] if value[1:] else None
    if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
        raise ValueError("the caveat of project ids has another form")
    return frozenset(ids)


def _caveats(data: bytes) -> Iterator[bytes]:
    """Walk a macaroon of format 2 and yield its caveats' identifiers; ValueError when it is none."""
    if not data or data[0] != _VERSION_2:
        raise ValueError("not format 2")
    position = 1
    fields, position = _section(data, position)
    if _IDENTIFIER not in fields:
        raise ValueError("no identifier")
    while True:
        fields, position = _section(data, position)
        if not fields:
            break
        if _VERIFICATION in fields or _IDENTIFIER not in fields:
            raise ValueError("a caveat of a third party, or without an identifier")
        yield fields[_IDENTIFIER]
    kind, _signature, position = _field(data, position)
    if kind != _SIGNATURE or position != len(data):
        raise ValueError("no signature at the end")


def _section(data: bytes, position: int) -> tuple[dict[int, bytes], int]:
    fields: dict[int, bytes] = {}
    while True:
        kind, value, position = _field(data, position)
        if kind == _END:
            return fields, position
        if kind not in (_LOCATION, _IDENTIFIER, _VERIFICATION) or kind in fields:
            raise ValueError("an unknown or repeated field")
        fields[kind] = value


def _field(data: bytes, position: int) -> tuple[int, bytes, int]:
    kind, position = _varint(data, position)
    if kind == _END:
        return kind, b"", position
    length, position = _varint(data, position)
    end = position + length
    if end > len(data):
        raise ValueError("a field beyond the end")
    return kind, data[position:end], end


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        if position >= len(data):
            raise ValueError("a number beyond the end")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, position
    raise ValueError("a number too long")


def require_coverage(token: UploadToken, plan: UploadPlan, emit: Emit) -> int | None:
    """How many projects the token covers, None when unknown; raises IndexRefused when they are too few."""
    covered = covered_projects(token)
    number = None if covered is None else len(covered)
    emit(CoverageRead(covered=number, needed=plan.projects))
    check_coverage(number, plan.projects, plan.new_projects)
    return number
