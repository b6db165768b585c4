"""docs/platforms.md agrees with the locks, and the action follows its row for this interpreter."""

from __future__ import annotations

import platform
import re
import sys
import sysconfig

import pytest
from packaging.version import Version
from ruamel.yaml import YAML
from tools.platforms_page import PLATFORMS, PYTHONS, missing, platforms_page

from builders.started import ROOT
from pypi_trusted_publish.installation.installer import unsupported
from pypi_trusted_publish.installation.locks import read_lock

LOCK = read_lock(ROOT / "requirements", "attestations")
SYSTEMS = {"linux": "Linux", "darwin": "macOS"}
ARCHITECTURES = {"AMD64": "x86_64", "ARM64": "arm64"}
NAMED = {python.name: python for python in PYTHONS}


def test_the_page_is_what_the_locks_give() -> None:
    assert (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8") == platforms_page()


@pytest.mark.parametrize(
    ("where", "python", "lacking"),
    [
        ("macOS x86_64", "3.13", ["cryptography"]),
        ("Windows arm64", "3.13", ["cryptography", "rfc3161-client"]),
        ("Linux x86_64", "3.10", []),
        ("macOS arm64", "3.14", []),
        ("Windows x86_64", "3.15", []),
        ("Windows x86", "3.13", ["cryptography"]),
        ("Linux x86_64", "3.15t", ["rfc3161-client"]),
        ("Linux x86_64", "PyPy 7.3", ["rfc3161-client"]),
        ("Linux x86_64", "PyPy 8.0", ["cryptography", "rfc3161-client"]),
        ("macOS arm64", "PyPy 8.0", ["rfc3161-client"]),
    ],
)
def test_what_is_known_of_some_platforms(where: str, python: str, lacking: list[str]) -> None:
    assert missing(LOCK, NAMED[python], where) == lacking


@pytest.mark.parametrize("name", ["runtime", "description"])
def test_a_release_without_attestations_needs_nothing_compiled(name: str) -> None:
    lock = read_lock(ROOT / "requirements", name)
    lacking = {(where, python.name): missing(lock, python, where) for where in PLATFORMS for python in PYTHONS}
    assert [place for place, packages in lacking.items() if packages] == []


def name_of_this_interpreter() -> str:
    """As the page names it."""
    if sys.implementation.name == "pypy":
        major, minor = sys.implementation.version[:2]
        return f"PyPy {major}.{minor}"
    threads = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"{sys.version_info[0]}.{sys.version_info[1]}{threads}"


def test_the_action_acts_on_what_the_page_says_of_this_interpreter() -> None:
    where = f"{SYSTEMS.get(sys.platform, 'Windows')} {ARCHITECTURES.get(platform.machine(), platform.machine())}"
    name = name_of_this_interpreter()
    if where not in PLATFORMS or name not in NAMED:
        pytest.skip(f"the page has no cell for Python {name} on {where}")
    lacking = missing(LOCK, NAMED[name], where)
    problem = unsupported("attestations")
    said = problem.diagnostics()[0].message if problem is not None else ""
    assert [pin.name for pin in LOCK.pins if f" {pin}" in said] == lacking


MACHINES = {
    "ubuntu-22.04": "Linux x86_64",
    "ubuntu-24.04": "Linux x86_64",
    "ubuntu-24.04-arm": "Linux aarch64",
    "macos-15": "macOS arm64",
    "macos-15-intel": "macOS x86_64",
    "windows-2025": "Windows x86_64",
    "windows-11-arm": "Windows arm64",
}
"""The machines of continuous integration."""


def cells(job: str) -> set[tuple[str, str]]:
    """Machine and Python, as the page names it, of each cell of a job's matrix."""
    workflow = YAML(typ="safe").load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"][job]["strategy"]["matrix"]
    found = {(machine, python) for machine in matrix.get("os", ()) for python in matrix.get("python", ())}
    found |= {(each["os"], each["python"]) for each in matrix.get("include", ())}
    return {(machine, python.replace("pypy3.11", "PyPy 8.0")) for machine, python in found}


def test_continuous_integration_runs_on_every_machine_and_expects_attestations_where_the_page_has_them() -> None:
    without = cells("without-attestations")
    with_them = cells("test")
    assert {machine for machine, _ in without | with_them | cells("action")} == set(MACHINES)
    lacking = {(machine, python): missing(LOCK, NAMED[python], MACHINES[machine]) for machine, python in without}
    assert all(lacking.values()), lacking
    lacking = {(machine, python): missing(LOCK, NAMED[python], MACHINES[machine]) for machine, python in with_them}
    assert not any(lacking.values()), lacking


def test_the_package_says_it_runs_where_continuous_integration_runs_it() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    versions = set(re.findall(r'"Programming Language :: Python :: (3\.[0-9]+)"', project))
    assert versions == {name for name in NAMED if name.startswith("3.") and not name.endswith("t")}
    oldest, newest = min(versions, key=Version), max(versions, key=Version)
    assert f'requires-python = ">={oldest}"' in project
    for machine in ("ubuntu-24.04", "macos-15", "windows-2025"):
        assert {(machine, oldest), (machine, newest)} <= cells("test")
    assert {python for _, python in cells("action")} - versions == {"3.14t", "PyPy 8.0"}
