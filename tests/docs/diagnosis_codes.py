"""Every code that a diagnosis of this project can have, read from the source without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pypi_trusted_publish.core.responses import ANSWERS

SAYS_CODES: Final = frozenset({"Diagnosis", "Problem", "unanswered"})
"""What is made with a ``code`` that a user reads."""
LAUNCHERS: Final = ("launch.sh", "launch.ps1", "src/pypi_trusted_publish/installation/start.py")


@dataclass(frozen=True)
class Module:
    """One module, and what its names can be."""

    tree: ast.Module

    def codes(self) -> Iterator[str]:
        """Codes, and regular expressions for those that are put together (with ``.+`` for the changing part)."""
        for call in self._calls():
            if _called(call) in SAYS_CODES:
                for keyword in call.keywords:
                    if keyword.arg == "code":
                        yield from self._values(keyword.value)

    def _calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def _values(self, node: ast.expr) -> Iterator[str]:
        """What an expression can be; an expression that nothing here understands is an error."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values
            )
        elif isinstance(node, ast.IfExp):
            yield from self._values(node.body)
            yield from self._values(node.orelse)
        elif isinstance(node, ast.Attribute):
            yield from self._fields(node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            for table in self._assigned(node.value.id):
                assert isinstance(table, ast.Dict), ast.dump(table)
                for value in table.values:
                    yield from self._values(value)
        elif isinstance(node, ast.Name):
            yield from self._named(node.id)
        else:
            raise NotImplementedError(f"line {node.lineno}: a code is made in a way that is not known here")

    def _fields(self, name: str) -> Iterator[str]:
        """The values of a field of the module's tables: rows are made with keywords."""
        for call in self._calls():
            for keyword in call.keywords:
                if keyword.arg == name and isinstance(keyword.value, ast.Constant) and _called(call) not in SAYS_CODES:
                    yield str(keyword.value.value)

    def _named(self, name: str) -> Iterator[str]:
        assigned = list(self._assigned(name))
        for value in assigned:
            yield from self._values(value)
        if not assigned:
            yield from self._arguments(name)

    def _arguments(self, parameter: str) -> Iterator[str]:
        """What the module's own calls give for a parameter of one of its functions."""
        for function in ast.walk(self.tree):
            if isinstance(function, ast.FunctionDef):
                names = [argument.arg for argument in function.args.args]
                if parameter in names:
                    for call in self._calls():
                        if _called(call) == function.name and len(call.args) > names.index(parameter):
                            yield from self._values(call.args[names.index(parameter)])

    def _assigned(self, name: str) -> Iterator[ast.expr]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign):
                targets: list[ast.expr] = node.targets
            elif isinstance(node, ast.AnnAssign):
                targets = [node.target]
            else:
                continue
            if any(isinstance(target, ast.Name) and target.id == name for target in targets) and node.value is not None:
                yield node.value


def _called(call: ast.Call) -> str:
    return (
        call.func.id
        if isinstance(call.func, ast.Name)
        else call.func.attr
        if isinstance(call.func, ast.Attribute)
        else ""
    )


def codes_of(root: Path) -> frozenset[str]:
    """Every code of the package and of the launchers."""
    found: set[str] = {row.code for row in ANSWERS}
    for path in (root / "src" / "pypi_trusted_publish").rglob("*.py"):
        found.update(Module(ast.parse(path.read_text(encoding="utf-8"))).codes())
    for name in LAUNCHERS:
        text = (root / name).read_text(encoding="utf-8")
        found.update(re.findall(r"(?:title=pypi-trusted-publish|\bstop) ([a-z]+-[a-z-]+)(?=::| )", text))
    return frozenset(found)
