"""What the callers of a migrated workflow must change: rights that only they can grant, unused secrets. Pure.

Where all files of a change are given, it is made; else it is listed, because half of it would break the workflow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby
from typing import Final, TypeAlias

from ..errors import WorkflowError
from ..values import dataclass
from .document import Data, Node, Place
from .model import SECRET, Job, Remark, Workflow, read_workflow
from .permissions import add_rights, checks_out, needs_of
from .splice import CannotSplice, Splice, add_job_entries

_LEVELS: Final = ("none", "read", "write")


@dataclass(frozen=True, order=True, kw_only=True)
class CallerChange:
    """A change in a workflow that calls the migrated one, or in what the migrated one declares for its callers."""

    filename: str
    place: Place
    message: str
    """What to do by hand."""
    done: str
    """What was done, if it is made."""
    job: str = ""
    """The calling job; empty for a declaration."""
    rights: tuple[tuple[str, str], ...] = ()
    """What the job must grant."""
    secret: str = ""
    """What the job passes or the workflow declares in vain."""
    is_unsure: bool = False
    """A job of the called workflow has a step whose needs are not known, so that only the user can decide."""


Callers: TypeAlias = "Callable[[str], Iterable[Job]]"
"""The jobs that call the file of a name."""


def changes_in_callers(called: Workflow, callers: Callers, gone: AbstractSet[str]) -> tuple[CallerChange, ...]:
    """What must change together with a migrated workflow, in its callers and in theirs.

    ``called``: the workflow after its migration. ``gone``: the secrets that it no longer reads.
    """
    found = [*_secrets(called, callers, gone, frozenset()), *_rights(called, callers, {}, frozenset())]
    return tuple(dict.fromkeys(found))


def _secrets(
    called: Workflow, callers: Callers, gone: AbstractSet[str], below: frozenset[str]
) -> Iterator[CallerChange]:
    """``below``: the files that are called by this one."""
    declared = called.root.get("on").get("workflow_call").get("secrets")
    for name in declared.entries:
        if name in gone:
            yield CallerChange(
                filename=called.filename,
                place=declared.place_of(name),
                message=f"the secret {name} is declared for callers: remove it here and where they pass it.",
                done=f"the secret {name} is no longer declared for callers.",
                secret=name,
            )
    below |= {called.filename}
    for job in callers(called.filename):
        passed = job.node.get("secrets")
        for name in passed.entries:
            if name in gone:
                yield CallerChange(
                    filename=job.workflow.filename,
                    place=passed.place_of(name, job.place),
                    message=f"the job {job.name!r} passes the secret {name}, which {called.filename} no longer reads: "
                    "remove it here and where it is declared.",
                    done=f"the job {job.name!r} no longer passes the secret {name}.",
                    job=job.name,
                    secret=name,
                )
        read = SECRET.findall(job.workflow.text)
        only_passed = {n for n in gone if read.count(n) == 1 and SECRET.findall(passed.get(n).text) == [n]}
        if only_passed and job.workflow.filename not in below:
            yield from _secrets(job.workflow, callers, only_passed, below)


def _rights(
    called: Workflow, callers: Callers, needed_below: Mapping[str, str], below: frozenset[str]
) -> Iterator[CallerChange]:
    """``needed_below``: the rights that the files ``below`` need, which this one calls."""
    below |= {called.filename}
    for job in callers(called.filename):
        needed, is_unsure = _needed(called, has_block=job.permissions.kind == "mapping")
        needed = _highest([*needed.items(), *needed_below.items()])
        yield from _granted(called, job, needed, is_unsure=is_unsure)
        if job.workflow.filename not in below:
            yield from _rights(job.workflow, callers, needed, below)


def _granted(called: Workflow, job: Job, needed: Mapping[str, str], *, is_unsure: bool) -> Iterator[CallerChange]:
    missing = {name: level for name, level in needed.items() if not _grants(job.permissions, name, level)}
    if not missing:
        return
    own = "permissions" in job.node.entries and job.permissions.kind == "mapping"
    new = missing if own else {**job.permissions.texts(), **needed}
    what = f"add {_listed(new)} to its 'permissions:'" if own else f"give it 'permissions:' with {_listed(new)}"
    yield CallerChange(
        filename=job.workflow.filename,
        place=job.node.place_of("permissions", job.place),
        message=f"the job {job.name!r} calls {called.filename}: {what}. A called workflow has no right that its caller "
        "does not grant.",
        done=f"the job {job.name!r} now grants {_listed(new)} to {called.filename}.",
        job=job.name,
        rights=tuple(new.items()),
        is_unsure=is_unsure,
    )


def _needed(called: Workflow, *, has_block: bool) -> tuple[dict[str, str], bool]:
    """The rights that the jobs of a workflow need, each at its highest level, and whether more may be needed.

    ``has_block``: the caller lists permissions; else its first block takes rights from jobs that list none.
    """
    found: list[tuple[str, str]] = []
    is_unsure = False
    for job in called.jobs.values():
        rights = list(job.permissions.texts().items())
        if not job.permissions and not has_block:
            needs = list(needs_of(job))
            is_unsure = is_unsure or bool(needs)
            rights = [right for need in needs for right in need.rights]
            rights += [("contents", "read")] if checks_out(job) else []
        found += rights
    return _highest(found), is_unsure


def _highest(rights: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, level in rights:
        if level in _LEVELS[1:] and _LEVELS.index(level) > _LEVELS.index(found.get(name, "none")):
            found[name] = level
    return found


def _grants(block: Node, name: str, level: str) -> bool:
    if block.kind == "scalar":
        return block.text == "write-all" or (block.text == "read-all" and level == "read")
    granted = block.get(name).text
    return granted in _LEVELS and _LEVELS.index(granted) >= _LEVELS.index(level)


def _listed(rights: Mapping[str, str]) -> str:
    return " and ".join(f"'{name}: {level}'" for name, level in rights.items())


@dataclass(frozen=True, kw_only=True)
class MadeChanges:
    """What became of changes."""

    texts: Mapping[str, str]
    """The new text of each given file, by its name."""
    done: tuple[tuple[str, Remark], ...]
    """Files, and what was done in them."""
    left: tuple[CallerChange, ...]


def make_changes(texts: Mapping[str, str], changes: Iterable[CallerChange]) -> MadeChanges:
    """Make the changes for which every file is among ``texts``; those for one secret together, or none of them."""
    now = dict(texts)
    done: list[tuple[str, Remark]] = []
    left: list[CallerChange] = []
    ordered = sorted(changes, key=lambda change: (change.secret, change))
    for secret, group in groupby(ordered, key=lambda change: change.secret):
        several = list(group)
        for together in [several] if secret else [[change] for change in several]:
            made = _all_changed(now, together)
            if made is None:
                left += together
            else:
                now = made
                done += [(c.filename, Remark(place=c.place, message=c.done)) for c in together]
    return MadeChanges(texts=now, done=tuple(done), left=tuple(sorted(left)))


def _all_changed(texts: Mapping[str, str], changes: Sequence[CallerChange]) -> dict[str, str] | None:
    """The texts with all changes; None when one of them cannot be made."""
    made = dict(texts)
    if any(change.is_unsure or change.filename not in made for change in changes):
        return None
    if not any(change.job for change in changes):
        return None  # it is declared for callers that are not here
    try:
        for change in changes:
            made[change.filename] = _changed(made[change.filename], change)
    except (CannotSplice, WorkflowError):
        return None
    return made


def _changed(text: str, change: CallerChange) -> str:
    """A workflow with one change. Raises CannotSplice, WorkflowError."""
    workflow = read_workflow(text, change.filename)
    splice = Splice(text)
    expected = workflow.root.data()
    if change.rights:
        job = workflow.jobs[change.job]
        data = _at(expected, "jobs", change.job)
        if "permissions" in job.node.entries:
            block = add_rights(splice, job.node.key("permissions"), job.node.get("permissions"), dict(change.rights))
        else:
            block = dict(change.rights)
            lines = ["permissions:", *(f"  {name}: {level}" for name, level in block.items())]
            add_job_entries(splice, job.node, ["\n".join(lines)])
        data["permissions"] = dict(block)
    else:
        path = ("jobs", change.job) if change.job else ("on", "workflow_call")
        splice.remove_entries(workflow.root.get(path[0]).get(path[1]), "secrets", [change.secret])
        data = _at(expected, *path)
        rest = {name: value for name, value in _at(data, "secrets").items() if name != change.secret}
        data.pop("secrets")
        if rest:
            data["secrets"] = rest
        elif not data:
            _at(expected, "on")["workflow_call"] = ""
    after = splice.apply()
    if read_workflow(after, change.filename).root.data() != expected:
        raise CannotSplice("the changed file would not mean what was intended")
    return after


def _at(data: Data, *path: str) -> dict[str, Data]:
    """The mapping at a path of keys. Raises CannotSplice when there is none."""
    for name in path:
        data = data.get(name, "") if isinstance(data, dict) else ""
    if not isinstance(data, dict):
        raise CannotSplice(f"{'.'.join(path)} is no mapping")
    return data
