"""What starts a workflow, and whether something else decides if a job of it goes on. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from .workflow_document import Place, items, mapping, place_of, scalar


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
