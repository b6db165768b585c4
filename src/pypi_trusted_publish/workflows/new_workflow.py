"""The release workflow for a project without one: pure or compiled, according to its build configuration. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..values import dataclass

_COMPILING_BACKENDS: Final = (
    "maturin",
    "mesonpy",
    "scikit_build_core",
    "skbuild",
    "py_build_cmake",
    "sipbuild",
    "setuptools_rust",
)
_COMPILING_REQUIREMENTS: Final = re.compile(
    r"(cython|pybind11|nanobind|setuptools[-_]rust|cffi|mypy|scikit[-_]build\S*|swig)\b", re.IGNORECASE
)
_COMPILING_HOOKS: Final = frozenset({"mypyc", "cython", "cmake", "scikit-build", "cargo"})
_EXTENSION: Final = re.compile(r"\bext_modules\b|\bExtension\s*\(|\brust_extensions\b|\bcffi_modules\b|\bmypycify\b")
_PIN: Final = re.compile(r"(org/pypi-trusted-publish)@[0-9a-f]{40} +# v[\d.]+")


@dataclass(frozen=True, kw_only=True)
class ProjectKind:
    """What kind of distributions a project has."""

    template: str
    """``pure`` or ``compiled``: the name of a file in ``templates/``."""
    reason: str
    """The reason, to follow the word 'because'."""
    note: str = ""
    """What is left to do; empty when nothing is."""


def kind_of(table: Mapping[str, object], setup_py: str = "") -> ProjectKind:
    """Whether a project compiles code.

    ``table``: its ``pyproject.toml``, read. ``setup_py``: the text of its ``setup.py``; empty when there is none.
    """
    if "cibuildwheel" in _table(table, "tool"):
        return ProjectKind(template="compiled", reason="pyproject.toml configures cibuildwheel")
    reason = _compiles(table, setup_py)
    if not reason:
        return ProjectKind(template="pure", reason="nothing in it is compiled")
    rust = " It needs Rust in its containers: see 'before-all' in its manual." if "maturin" in reason else ""
    return ProjectKind(
        template="compiled",
        reason=reason,
        note=f"The wheels are built with cibuildwheel, for every CPython; [tool.cibuildwheel] selects others.{rust}",
    )


def _compiles(table: Mapping[str, object], setup_py: str) -> str:
    """Why a project compiles code; empty when it does not."""
    build = _table(table, "build-system")
    backend = str(build.get("build-backend", "")).split(":")[0].split(".")[0]
    if backend in _COMPILING_BACKENDS:
        return f"its build backend is {backend}"
    requires = build.get("requires")
    for requirement in requires if isinstance(requires, list) else ():
        if found := _COMPILING_REQUIREMENTS.match(str(requirement)):
            return f"it is built with {found[0]}"
    tool = _table(table, "tool")
    if "ext-modules" in _table(tool, "setuptools"):
        return "pyproject.toml has extension modules"
    hooks = _COMPILING_HOOKS & set(_table(_table(_table(tool, "hatch"), "build"), "hooks"))
    if hooks:
        return f"it is built with the hook {min(hooks)}"
    if "build" in _table(tool, "poetry"):
        return "it has a build script"
    return "setup.py has extension modules" if _EXTENSION.search(setup_py) else ""


def new_workflow(template: str, pin: str) -> str:
    """A template with this action at a pin, such as ``v1.2.3`` or a commit with a comment behind it."""
    return _PIN.sub(lambda found: f"{found[1]}@{pin}", template)


def _table(table: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = table.get(name)
    return value if isinstance(value, dict) else {}
