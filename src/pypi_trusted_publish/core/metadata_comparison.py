"""Core metadata of two releases, compared by meaning: a different order or spelling is not a change. Pure.

Fields are those of ``packaging.metadata.RawMetadata``, and ``entry_points``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from ..values import dataclass

FieldValue: TypeAlias = "str | Sequence[str] | Mapping[str, str] | None"

IGNORED: Final = frozenset({"metadata_version", "version", "name", "dynamic"})
"""Fields that every release changes, or that the build backend chooses."""
_LISTS: Final = frozenset(
    {
        "classifiers",
        "entry_points",
        "import_names",
        "import_namespaces",
        "keywords",
        "license_files",
        "obsoletes_dist",
        "platforms",
        "provides_dist",
        "provides_extra",
        "requires_dist",
        "requires_external",
        "supported_platforms",
    }
)
_LONGEST_DESCRIPTION: Final = 2_000
"""Lines of a description that are compared line by line; a longer one is only said to differ."""


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """A field whose meaning changed."""

    before: FieldValue
    """The value in the older release, or None."""
    after: FieldValue


def compare_metadata(before: Mapping[str, FieldValue], after: Mapping[str, FieldValue]) -> dict[str, FieldChange]:
    """Every field that differs, sorted by name. Fields: ``packaging.metadata.RawMetadata`` and ``entry_points``."""
    changed: dict[str, FieldChange] = {}
    for field in sorted((before.keys() | after.keys()) - IGNORED):
        old, new = before.get(field) or None, after.get(field) or None
        meaning = _MEANINGS.get(field, _set if field in _LISTS else _plain)
        if meaning(old) != meaning(new):
            changed[field] = FieldChange(before=old, after=new)
    return changed


def changed_lines(before: str, after: str) -> list[str]:
    """The lines of a description that were removed and added, each behind its sign.

    A long text counts as replaced.
    """
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > _LONGEST_DESCRIPTION:
        return [*(f"-{line}" for line in old), *(f"+{line}" for line in new)] if old != new else []
    found: list[str] = []
    for kind, first, last, other, end in difflib.SequenceMatcher(a=old, b=new, autojunk=True).get_opcodes():
        if kind != "equal":
            found += (f"-{line}" for line in old[first:last])
            found += (f"+{line}" for line in new[other:end])
    return found


def changed_items(field: str, change: FieldChange) -> tuple[list[str], list[str]]:
    """What was removed from and added to a field with several values; by meaning where the field has one."""
    old, new = _items(change.before), _items(change.after)
    meaning = _ITEM_MEANINGS.get(field, str.strip)
    before, after = set(map(meaning, old)), set(map(meaning, new))
    return [item for item in old if meaning(item) not in after], [item for item in new if meaning(item) not in before]


def requirement_meaning(text: str) -> str:
    """A requirement in a normal form; an invalid one unchanged."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return text.strip()
    extras = ",".join(sorted(map(canonicalize_name, requirement.extras)))
    where = f" @ {requirement.url}" if requirement.url else ""
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{canonicalize_name(requirement.name)}[{extras}]{_specifiers(str(requirement.specifier))}{where}{marker}"


def _specifiers(text: object) -> str:
    try:
        return ",".join(sorted(str(each) for each in SpecifierSet(str(text or ""))))
    except InvalidSpecifier:
        return str(text).strip()


def _items(value: FieldValue) -> Sequence[str]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return [f"{key}: {item}" for key, item in value.items()] if isinstance(value, Mapping) else value


def _set(value: FieldValue) -> object:
    return frozenset(item.strip() for item in _items(value))


def _plain(value: FieldValue) -> object:
    return " ".join(" ".join(_items(value)).split())


def _requirements(value: FieldValue) -> object:
    return frozenset(map(requirement_meaning, _items(value)))


def _names(value: FieldValue) -> object:
    return frozenset(map(canonicalize_name, _items(value)))


def _urls(value: FieldValue) -> object:
    pairs = value.items() if isinstance(value, Mapping) else [item.partition(",")[::2] for item in _items(value)]
    return frozenset((label.strip().lower(), url.strip().rstrip("/")) for label, url in pairs)


_ITEM_MEANINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "requires_dist": requirement_meaning,
    "provides_extra": canonicalize_name,
}
_MEANINGS: Final[Mapping[str, Callable[[FieldValue], object]]] = {
    "requires_dist": _requirements,
    "provides_extra": _names,
    "requires_python": lambda value: _specifiers(value or ""),
    "project_urls": _urls,
    "description": lambda value: str(value or "").rstrip().splitlines(),
}
"""How to read fields whose text is not their meaning."""
