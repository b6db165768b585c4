"""Who may import whom: the table of layers, held against the imports of every module. And how long a file may be."""

from __future__ import annotations

import ast
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest

PACKAGE: Final = "pypi_trusted_publish"
ROOT: Final = Path(__file__).parent.parent
SOURCE: Final = ROOT / "src" / PACKAGE

LAYERS: Final[dict[str, tuple[str, ...]]] = {
    "leaf": ("errors", "events.*", "secret", "clock", "__init__", "*.__init__"),
    "flow": (
        "release.background",
        "release.dry_run",
        "release.identity_ahead",
        "release.lanes",
        "release.pages_ahead",
        "release.prove",
        "release.publish",
        "release.read_back",
        "release.token_coverage",
        "report.outcome_fold",
        "skipping_clock",
    ),
    "adapter": (
        "index.attempts",
        "index.client",
        "index.exchange_problems",
        "index.revocation",
        "index.upload_body",
        "index.upload_course",
        "index.upload_tokens",
        "index.uploader",
        "github.*",
        "installation.pip_*",
        "packages_dir",
        "description_renderer",
        "rst_rendering",
        "report.progress",
        "report.redaction",
        "report.terminal",
        "system_clock",
        "threads",
        "workflows.report",
        "workflows.document",
    ),
    "pure": (
        "trusted_publishing.*",
        "distributions.*",
        "index.*",
        "release.*",
        "report.*",
        "attestations.policy",
        "attestations.when_signing_fails",
        "http_date",
        "installation.early_report",
        "input_table",
        "inputs",
        "loopback",
        "packages_dir_problems",
        "quantities",
        "version_text",
        "versions",
        "workflows.publishing_steps",
    ),
    "signing": ("attestations.*",),
    "transport": ("transport.*",),
    "rehearsal": ("rehearsal.*",),
    "root": ("cli", "commands.*", "__main__"),
}
"""Each module belongs to the first layer with a pattern that it matches."""

MAY_IMPORT: Final[dict[str, frozenset[str]]] = {
    "leaf": frozenset({"leaf"}),
    "pure": frozenset({"leaf", "pure"}),
    "flow": frozenset({"leaf", "pure", "flow"}),
    "transport": frozenset({"leaf", "pure", "transport"}),
    "adapter": frozenset({"leaf", "pure", "transport", "adapter"}),
    "signing": frozenset({"leaf", "pure", "transport", "signing"}),
    "rehearsal": frozenset({"leaf", "rehearsal"}),
    "root": frozenset(LAYERS),
}

LIBRARIES: Final[dict[str, frozenset[str]]] = {
    "leaf": frozenset(),
    "pure": frozenset({"packaging", "trove_classifiers", "email_validator", "rfc3986"}),
    "flow": frozenset({"packaging"}),
    "transport": frozenset({"httpx", "httpcore", "certifi"}),
    "adapter": frozenset({"packaging"}),
    "signing": frozenset({"packaging"}),
    "rehearsal": frozenset({"aiohttp", "python_multipart", "jwt", "cryptography", "packaging"}),
    "root": frozenset({"packaging"}),
}
"""What a layer may import from outside the standard library."""

OWN_LIBRARY: Final[dict[str, frozenset[str]]] = {
    "github.commands": frozenset({"actions_toolkit"}),
    "attestations.*": frozenset({"sigstore", "pypi_attestations", "cryptography", "requests", "tuf", "rfc3161_client"}),
    "description_renderer": frozenset({"readme_renderer"}),
    "rst_rendering": frozenset({"readme_renderer", "docutils"}),
    "workflows.document": frozenset({"ruamel"}),
    "report.progress": frozenset({"rich"}),
    "rehearsal.attestation*": frozenset({"sigstore", "pypi_attestations"}),
}
"""The one library of an adapter, beside its layer's."""

IMPURE: Final = frozenset(
    {"os", "socket", "ssl", "subprocess", "tempfile", "time", "threading", "shutil", "pathlib.Path", "urllib.request"}
)
"""Modules of the standard library through which pure code could touch the world."""

LONGEST: Final = 500
"""Lines of a file: one that has more is about more than one idea."""


def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name below the package."""
    return {".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in SOURCE.rglob("*.py")}


def layer_of(module: str) -> str:
    for layer, patterns in LAYERS.items():
        if any(fnmatchcase(module, pattern) for pattern in patterns):
            return layer
    raise AssertionError(f"{module} stands in no layer: give it a row in LAYERS")


def imports(path: Path, module: str) -> list[str]:
    """What a module imports, wherever in it: dotted names, absolute for others, ``.name`` for our own."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            parents = module.split(".")[: -node.level]
            base = [*parents, *(node.module.split(".") if node.module else [])]
            found += [_ours(base, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return [_relative(name) for name in found]


def _ours(base: list[str], name: str) -> str:
    """The module that ``from base import name`` reads: ``base.name`` if that is a module, else ``base``."""
    known = modules()
    for candidate in (".".join([*base, name]), ".".join(base)):
        if candidate in known:
            return f".{candidate}"
        if f"{candidate}.__init__".lstrip(".") in known:
            return f".{candidate}.__init__" if candidate else ".__init__"
    raise AssertionError(f"nothing found for {base} {name}")


def _relative(name: str) -> str:
    return f".{name.removeprefix(PACKAGE + '.')}" if name.startswith(PACKAGE + ".") else name


def own_library(module: str) -> frozenset[str]:
    return frozenset().union(*(names for pattern, names in OWN_LIBRARY.items() if fnmatchcase(module, pattern)))


def complaints(module: str, imported: list[str]) -> list[str]:
    """Every import of a module that its layer does not allow."""
    layer = layer_of(module)
    allowed = LIBRARIES[layer] | own_library(module)
    found = []
    for name in imported:
        top = name.split(".")[0]
        if name.startswith("."):
            if layer_of(name[1:]) not in MAY_IMPORT[layer]:
                found.append(f"{module} ({layer}) imports {name} ({layer_of(name[1:])})")
        elif top in sys.stdlib_module_names:
            if layer in {"leaf", "pure"} and any(name == bad or name.startswith(bad + ".") for bad in IMPURE):
                found.append(f"{module} ({layer}) imports {name}, through which it could touch the world")
        elif top not in allowed and layer != "root":
            found.append(f"{module} ({layer}) imports the library {top}")
    return found


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_imports_only_what_its_layer_may(module: str) -> None:
    assert complaints(module, imports(modules()[module], module)) == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("release.plan", ".index.client"),
        ("release.plan", "os.path"),
        ("release.schedule", "httpx.Client"),
        ("release.publish", ".index.client"),
        ("index.client", "httpx"),
        ("index.client", ".rehearsal.sandbox"),
        ("rehearsal.sandbox", ".index.urls"),
        ("rehearsal.index", ".distributions.rules"),
        ("errors", ".release.plan"),
        ("github.identity", "actions_toolkit.command"),
    ],
)
def test_the_table_refuses_what_it_should(module: str, imported: str) -> None:
    assert complaints(module, [imported]) != []


def test_every_pattern_of_the_table_stands_for_a_module() -> None:
    known = modules()
    patterns = [pattern for layer in LAYERS.values() for pattern in layer] + list(OWN_LIBRARY)
    assert [pattern for pattern in patterns if not any(fnmatchcase(module, pattern) for module in known)] == []


def test_no_file_is_longer_than_one_idea() -> None:
    files = [ROOT / "bootstrap.py"]
    files += [file for folder in ("src", "tests", "tools", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
