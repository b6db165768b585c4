"""A workflow file as a tree of YAML nodes with their places in the text. Only this module imports ruamel.yaml.

The tree has what a splice needs: the first and the last character of every node, and its style. Values are
the text of the scalars, as GitHub reads them; nothing is converted (``3.10`` stays ``3.10``).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from ..errors import Diagnosis, WorkflowError

if TYPE_CHECKING:
    from typing import TypeAlias

Data: TypeAlias = "str | list[Data] | dict[str, Data]"

LARGEST: Final = 1 << 20
"""Characters of a workflow file; GitHub's own limit is half of that."""
_MOST_NODES: Final = 200_000
"""Nodes when every alias is expanded."""
_MERGE: Final = "<<"


@dataclass(frozen=True, order=True, kw_only=True)
class Place:
    """Where something is in the file; both count from 1."""

    line: int
    column: int


_FIRST: Final = Place(line=1, column=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """One value of the file; a missing one is :data:`ABSENT`, which is false and has no content."""

    kind: str
    """``scalar``, ``mapping``, ``sequence`` or ``absent``."""
    place: Place = _FIRST
    start: int = 0
    """Index of the first character."""
    end: int = 0
    """Index behind the last character; for a block scalar or a block collection, behind its last line with content."""
    style: str = "block"
    """Scalars: ``plain``, ``'``, ``"``, ``|`` or ``>``; collections: ``flow`` or ``block``."""
    text: str = ""
    """The value of a scalar without surrounding white space."""
    value: str = ""
    """The unchanged value of a scalar."""
    pairs: tuple[tuple[Node, Node], ...] = ()
    """Of a mapping: keys and values as they are written, merge keys included."""
    items: tuple[Node, ...] = ()
    """Of a sequence."""
    anchor: bool = False
    _entries: Mapping[str, Node] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return self.kind != "absent"

    @property
    def entries(self) -> Mapping[str, Node]:
        """Of a mapping: name and value, with merge keys resolved."""
        return self._entries

    def get(self, name: str) -> Node:
        """The value of a key; :data:`ABSENT` when there is none, or the node is not a mapping."""
        return self._entries.get(name, ABSENT)

    def key(self, name: str) -> Node:
        """The node of a key itself; :data:`ABSENT` for one that is not written here (it came by a merge)."""
        return next((key for key, _ in self.pairs if key.text == name), ABSENT)

    def place_of(self, name: str, otherwise: Place | None = None) -> Place:
        """Where a key is; for one that is not written here, ``otherwise``, else the place of the mapping."""
        return self.key(name).place if self.key(name) else otherwise or self.place

    def listed(self) -> tuple[Node, ...]:
        """The items of a sequence; a scalar counts as a list of one."""
        return (self,) if self.kind == "scalar" and self.text else self.items

    def texts(self) -> dict[str, str]:
        """Of a mapping: the text of every value that is a scalar; an empty text for others."""
        return {name: value.text for name, value in self._entries.items()}

    def data(self) -> Data:
        """The value as strings, lists and dictionaries."""
        if self.kind == "mapping":
            return {name: value.data() for name, value in self._entries.items()}
        if self.kind == "sequence":
            return [item.data() for item in self.items]
        return self.value

    def dictionary(self) -> dict[str, Data]:
        """The data of a mapping; empty for anything else."""
        data = self.data()
        return data if isinstance(data, dict) else {}

    def walk(self) -> Iterator[Node]:
        """The node and all below it, an aliased one each time that it is used."""
        yield self
        for key, value in self.pairs:
            yield key
            yield from value.walk()
        for item in self.items:
            yield from item.walk()


ABSENT: Final = Node(kind="absent")


def load(text: str, filename: str) -> Node:
    """Read a workflow file: YAML 1.2, with anchors, aliases and merge keys.

    Raises:
        WorkflowError: it is not YAML, or not a mapping; the message has line and column.

    """
    from ruamel.yaml import YAML  # imported where it is needed: only these commands read YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # the same

    if len(text) > LARGEST:
        raise invalid_workflow(filename, _FIRST, "it is larger than GitHub allows")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a reused anchor, an odd number
            root = YAML(typ="safe", pure=True).compose(text)
            document = _Reader(text, filename).read(root) if root is not None else ABSENT
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(line=mark.line + 1, column=mark.column + 1) if mark else _FIRST
        raise invalid_workflow(filename, place, _reason(error.problem)) from None
    except (YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError):
        # The last ones escape from the library itself.
        raise invalid_workflow(filename, _FIRST, "it cannot be read as YAML") from None
    if document.kind != "mapping":
        raise invalid_workflow(filename, _FIRST, "it is not a mapping with 'on' and 'jobs'")
    return document


class _Reader:
    """Turns the library's nodes into ours; shared nodes stay shared."""

    def __init__(self, text: str, filename: str) -> None:
        self._text = text
        self._filename = filename
        self._made: dict[int, tuple[Node, int]] = {}
        self._open: set[int] = set()

    def read(self, node: Any) -> Node:
        return self._read(node)[0]

    def _read(self, node: Any) -> tuple[Node, int]:
        """The node, and how many there are in it when aliases are expanded."""
        known = self._made.get(id(node))
        if known is not None:
            return known
        if id(node) in self._open:
            raise invalid_workflow(self._filename, _place(node), "an alias contains itself")
        self._open.add(id(node))
        made, size = self._made_of(node)
        if size > _MOST_NODES:
            raise invalid_workflow(self._filename, made.place, "its aliases make it too large")
        self._open.discard(id(node))
        self._made[id(node)] = (made, size)
        return made, size

    def _made_of(self, node: Any) -> tuple[Node, int]:
        place, start, anchor = _place(node), node.start_mark.index, node.anchor is not None
        if isinstance(node.value, str):
            style = node.style or "plain"
            end = node.end_mark.index
            if style in "|>":
                end = self._end_of_line(start + len(self._text[start:end].rstrip()))
            value = "" if node.tag.endswith(":null") else node.value
            return Node(
                kind="scalar", place=place, start=start, end=end, style=style, text=value.strip(), value=value,
                anchor=anchor,
            ), 1  # fmt: skip
        mapping = node.tag.endswith(":map") or (node.value and isinstance(node.value[0], tuple))
        flow = bool(node.flow_style)
        pairs, items, size = [], [], 1
        for child in node.value:
            for part in child if mapping else (child,):
                made, its_size = self._read(part)
                size += its_size
                items.append(made)
            if mapping:
                pairs.append((items[-2], self._behind(items[-2], items[-1])))
        end = node.end_mark.index if flow else self._last(start, pairs, () if mapping else items)
        common = {"place": place, "start": start, "end": end, "style": "flow" if flow else "block", "anchor": anchor}
        if mapping:
            return Node(kind="mapping", pairs=tuple(pairs), _entries=self._merged(pairs), **common), size
        return Node(kind="sequence", items=tuple(items), **common), size

    def _end_of_line(self, index: int) -> int:
        """Where the line with a character ends, without its line feed."""
        found = self._text.find("\n", index)
        line = self._text[index : found if found >= 0 else len(self._text)]
        return index + len(line.removesuffix("\r"))

    def _behind(self, key: Node, value: Node) -> Node:
        """A value; one that is empty is behind the colon of its key, and not where the library reads on."""
        if value.kind != "scalar" or value.start != value.end:
            return value
        colon = self._text.find(":", key.end) + 1
        return replace(value, start=colon, end=colon) if colon else value

    def _last(self, start: int, pairs: list[tuple[Node, Node]], items: list[Node] | tuple[()]) -> int:
        """Where the content of a block collection ends; what an alias names is elsewhere."""
        ends = [start]
        for key, value in pairs:
            ends.append(value.end if value.start >= key.end else end_of_alias(self._text, key.end))
        previous = start
        for item in items:
            if item.start == item.end:
                continue  # an empty item
            ends.append(item.end if item.start >= previous else end_of_alias(self._text, max(ends)))
            previous = ends[-1]
        return max(ends)

    def _merged(self, pairs: list[tuple[Node, Node]]) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in pairs:
            if key.text == _MERGE:
                for source in value.items or (value,):
                    merged = {**source.entries, **merged}
            elif key.text in own:
                raise invalid_workflow(self._filename, key.place, f"the key {key.text!r} appears twice")
            else:
                own[key.text] = value
        return {**merged, **own}


def end_of_alias(text: str, after: int) -> int:
    """Where ``*name`` ends, the first one behind ``after``; ``after`` itself when there is none on that line."""
    line_end = text.find("\n", after)
    line = text[after : line_end if line_end >= 0 else len(text)]
    star = line.find("*")
    return after if star < 0 else after + star + len(line[star:].split()[0].rstrip(",]}"))


def _place(node: Any) -> Place:
    return Place(line=node.start_mark.line + 1, column=node.start_mark.column + 1)


_PROBLEMS: Final = (
    ("duplicate key", "a key appears twice"),
    ("undefined alias", "an alias names an anchor that does not exist"),
    ("cannot start any token", "a character that is not allowed here (a tab?)"),
    ("mapping values are not allowed", "a colon that is not allowed here (quote the text, or check the indentation)"),
    ("expected <block end>", "the indentation is wrong"),
    ("could not find expected ':'", "a key without a colon"),
    ("unexpected end of stream", "the file ends inside a quoted text"),
    ("but found another document", "it has more than one document ('---')"),
)
"""Messages of the library, and ours."""


def _reason(problem: str | None) -> str:
    return next((ours for theirs, ours in _PROBLEMS if theirs in (problem or "")), "it cannot be read as YAML")


def invalid_workflow(filename: str, place: Place, why: str) -> WorkflowError:
    """The error for a file that is not a workflow."""
    return WorkflowError(
        Diagnosis(
            code="workflow-invalid",
            message=f"{filename}:{place.line}:{place.column}: this is not a workflow: {why}.",
            fix="Correct it there; actionlint checks the rest of the syntax.",
            file=filename,
        )
    )
