"""Changes to the text of a YAML file, line by line: all other bytes stay the same. Pure.

YAML is never written out as a whole. A change replaces characters that the parser has located, and comments inside
removed parts are kept as separate lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..errors import WorkflowError
from .document import Node, end_of_alias, load

_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*")
_HEADER_COMMENT = re.compile(r"[|>][-+\d]*[ \t]+(#[^\n]*)")


class CannotSplice(Exception):
    """The text has a form that cannot be changed line by line."""


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


class Splice:
    """Collects changes to one text and applies them."""

    def __init__(self, text: str) -> None:
        self.text = text
        first = text.find("\n")
        self._eol = "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"
        self._edits: list[_Edit] = []

    def replace(self, start: int, end: int, new: str) -> None:
        """Replace some characters by ``new``; line feeds in it become the line ends of the file."""
        self._edits.append(_Edit(start, end, new.replace("\n", self._eol)))

    def replace_value(self, node: Node, new: str) -> None:
        """Replace a value by ``new``."""
        self.replace(node.start, node.end, new)

    def line_start(self, index: int) -> int:
        """Where the line with this character begins."""
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, index: int) -> int:
        """Where the line after the one with this character begins."""
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found + 1

    def add_lines(self, after: int, lines: Iterable[str]) -> None:
        """Add lines after the line with a character."""
        position = self.line_end(after)
        new = "".join(f"{line}\n" for line in lines)
        if position == len(self.text) and not self.text.endswith("\n"):
            new = "\n" + new.removesuffix("\n")
        self.replace(position, position, new)

    def add_lines_before(self, index: int, lines: Iterable[str]) -> None:
        """Add lines before the line with a character."""
        position = self.line_start(index)
        self.replace(position, position, "".join(f"{line}\n" for line in lines))

    def entry_end(self, key: Node, value: Node) -> int:
        """Where an entry of a mapping ends; an alias ends where its name does."""
        if value.start >= key.end:
            return value.end
        return max(end_of_alias(self.text, key.end), self.text.index(":", key.end) + 1)

    def entry_source(self, mapping: Node, name: str) -> str:
        """An entry of a mapping as it is written, line feeds as line ends."""
        key, value = _pair(mapping, name)
        return self.text[key.start : self.entry_end(key, value)].replace("\r\n", "\n")

    def source(self, node: Node) -> str:
        """A node as it is written, line feeds as line ends."""
        return self.text[node.start : node.end].replace("\r\n", "\n")

    def comments(self, key: Node, value: Node) -> list[str]:
        """The comments inside an entry and behind it on its last line, in order."""
        return self._comments([key, *_leaves(value, key.end)], self.line_end(self.entry_end(key, value)))

    def _comments(self, leaves: Sequence[Node], end: int) -> list[str]:
        """The comments between scalars, and from the last one to ``end``."""
        found: list[str] = []
        for leaf, following in zip(leaves, [*leaves[1:], None], strict=True):
            if leaf.style in "|>" and (header := _HEADER_COMMENT.match(self.text, leaf.start)):
                found.append(header[1].rstrip())
            gap = self.text[leaf.end : following.start if following is not None else end]
            found += [match[0].rstrip() for match in _COMMENT.finditer(gap)]
        return found

    def remove_entry(self, mapping: Node, name: str) -> None:
        """Remove an entry of a block mapping with its lines; its comments stay."""
        key, value = _pair(mapping, name)
        start = self.line_start(key.start)
        indent = " " * (key.place.column - 1)
        kept = "".join(f"{indent}{comment}\n" for comment in self.comments(key, value))
        prefix = self.text[start : key.start]
        end = self.line_end(self.entry_end(key, value))
        if not prefix.strip():
            self.replace(start, end, kept)
            return
        following = next((k for k, _ in mapping.pairs if k.start > key.start), None)
        if following is None:
            raise CannotSplice(f"line {key.place.line}: nothing is left of this entry")
        between = "".join(
            f"{line.strip()}\n" for line in self.text[end : self.line_start(following.start)].splitlines()
        )
        lines = kept + "".join(f"{indent}{line}\n" for line in between.splitlines() if line)
        self.replace(start, following.start, lines + prefix)

    def remove_item(self, item: Node) -> None:
        """Remove an item of a block sequence with its lines; comments inside it stay."""
        first = item.pairs[0][0]
        start, end = self.line_start(first.start), self.line_end(item.end)
        prefix = self.text[start : first.start]
        if prefix.strip() != "-":
            raise CannotSplice(f"line {first.place.line}: the step begins on another line than its '-'")
        indent = prefix[: prefix.index("-")]
        leaves = [leaf for key, value in item.pairs for leaf in (key, *_leaves(value, key.end))]
        kept = self._comments(leaves, end)
        self.replace(start, end, "".join(f"{indent}{comment}\n" for comment in kept))

    def remove_entries(self, parent: Node, name: str, names: Sequence[str], added: Sequence[str] = ()) -> None:
        """Remove entries of the mapping under a key, and the key with them when nothing is left; add lines to it."""
        parent_key, mapping = _pair(parent, name)
        if mapping.start < parent_key.end:
            raise CannotSplice(f"line {parent_key.place.line}: {name!r} is an alias")
        kept = [(key, value) for key, value in mapping.pairs if key.text not in names]
        column = parent_key.place.column - 1
        if not kept and not added:
            self.remove_entry(parent, name)
            return
        if mapping.style == "flow" or not mapping.pairs:
            lines = [*added, *(f"{self.source(k)}: {self.source(v)}" for k, v in kept)]
            below = "".join(f"\n{' ' * (column + 2)}{line}" for line in lines)
            self.replace(parent_key.end, max(mapping.end, parent_key.end + 1), f":{below}")
            return
        indent = mapping.pairs[0][0].place.column - 1
        if indent <= column:
            raise CannotSplice(f"line {parent_key.place.line}: the lines below {name!r} are not indented")
        if added:
            self.add_lines_before(mapping.pairs[0][0].start, [" " * indent + line for line in indented(added, indent)])
        for key, _ in mapping.pairs:
            if key.text in names:
                self.remove_entry(mapping, key.text)

    def apply(self) -> str:
        """The text with all changes. Raises CannotSplice when two of them touch the same characters."""
        made, position = [], 0
        for edit in sorted(self._edits, key=lambda edit: (edit.start, edit.end)):
            if edit.start < position:
                raise CannotSplice("two changes touch the same line")
            made += [self.text[position : edit.start], edit.text]
            position = edit.end
        new = "".join([*made, self.text[position:]])
        return new if self.text.endswith("\n") else new.removesuffix("\n").removesuffix("\r")


def add_job_entries(splice: Splice, job: Node, lines: Sequence[str]) -> None:
    """Add entries to a job: after ``runs-on``, else as the first ones."""
    column = job.pairs[0][0].place.column - 1
    new = [" " * column + line for line in indented(lines, column)]
    for key, value in job.pairs:
        if key.text == "runs-on":
            splice.add_lines(splice.entry_end(key, value) - 1, new)
            return
    splice.add_lines_before(job.pairs[0][0].start, new)


def indented(lines: Iterable[str], columns: int) -> list[str]:
    """Entries of several lines with every line after the first indented too."""
    return [line.replace("\n", "\n" + " " * columns) for line in lines]


def scalar_source(text: str) -> str:
    """``text`` as the value of a key on one line: plain where it stays the same text, else in quotes."""
    if not text.startswith("*"):
        try:
            read = load(f"key: {text}", "")
        except WorkflowError:
            return json.dumps(text, ensure_ascii=False)
        value = read.get("key")
        is_other = text.lower() in ("true", "false", "null", "yes", "no", "on", "off", "~", "") or _is_number(text)
        if value.value == text and value.style == "plain" and not is_other and len(read.pairs) == 1:
            return text
    return json.dumps(text, ensure_ascii=False)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[\d._]+(e[-+]?\d+)?|0[xo][\da-f]+", text, re.IGNORECASE) is not None


def _pair(mapping: Node, name: str) -> tuple[Node, Node]:
    for key, value in mapping.pairs:
        if key.text == name:
            return key, value
    raise CannotSplice(f"line {mapping.place.line}: {name!r} came by a merge")


def _leaves(node: Node, after: int) -> Iterator[Node]:
    """The scalars of a node in the order of the text; what an alias names is elsewhere and left out."""
    if node.start < after:
        return
    if node.kind == "scalar":
        yield node
        return
    for key, value in node.pairs:
        yield key
        yield from _leaves(value, key.end)
    for item in node.items:
        yield from _leaves(item, after)
