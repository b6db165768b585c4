"""What the callers of a migrated workflow must change: rights that only they can grant, unused secrets. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from ..values import dataclass
from .document import Node, Place
from .model import Job, Workflow

_LEVELS: Final = ("none", "read", "write")


@dataclass(frozen=True, order=True, kw_only=True)
class CallerChange:
    """A change in a workflow that calls the migrated one."""

    filename: str
    place: Place
    message: str


def changes_in_callers(called: Workflow, callers: Sequence[Job], gone: AbstractSet[str]) -> Iterator[CallerChange]:
    """What each calling job must change.

    ``called``: the workflow after its migration. ``gone``: the secrets that it no longer reads.
    """
    needed = _needed(called)
    for job in callers:
        filename = job.workflow.filename
        missing = {name: level for name, level in needed.items() if not _grants(job.permissions, name, level)}
        if missing:
            yield CallerChange(
                filename=filename,
                place=job.node.place_of("permissions", job.place),
                message=_granting(job, called.filename, missing, needed),
            )
        passed = job.node.get("secrets")
        for name in passed.entries:
            if name in gone:
                yield CallerChange(
                    filename=filename,
                    place=passed.place_of(name, job.place),
                    message=f"the job {job.name!r} passes the secret {name}, which {called.filename} no longer reads: "
                    "remove it here and where it is declared.",
                )


def _needed(called: Workflow) -> dict[str, str]:
    """The rights that the jobs of a workflow ask for, each at its highest level."""
    found: dict[str, str] = {}
    for job in called.jobs.values():
        for name, level in job.permissions.texts().items():
            if level in _LEVELS[1:] and _LEVELS.index(level) > _LEVELS.index(found.get(name, "none")):
                found[name] = level
    return found


def _grants(block: Node, name: str, level: str) -> bool:
    if block.kind == "scalar":
        return block.text == "write-all" or (block.text == "read-all" and level == "read")
    granted = block.get(name).text
    return granted in _LEVELS and _LEVELS.index(granted) >= _LEVELS.index(level)


def _granting(job: Job, called: str, missing: Mapping[str, str], needed: Mapping[str, str]) -> str:
    if "permissions" in job.node.entries and job.permissions.kind == "mapping":
        what = f"add {_listed(missing)} to its 'permissions:'"
    else:
        what = f"give it 'permissions:' with {_listed({**job.permissions.texts(), **needed})}"
    return (
        f"the job {job.name!r} calls {called}: {what}. A called workflow has no right that its caller does not grant."
    )


def _listed(rights: Mapping[str, str]) -> str:
    return " and ".join(f"'{name}: {level}'" for name, level in rights.items())
