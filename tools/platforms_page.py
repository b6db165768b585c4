"""Draw ``docs/platforms.md`` from the locks: for which Pythons and platforms every package has a wheel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, generic_tags, mac_platforms
from packaging.utils import parse_wheel_filename

from pypi_trusted_publish.installation.locks import Lock, Pin, read_lock

ROOT: Final = Path(__file__).resolve().parent.parent
HEAD: Final = """\
# Platforms

<!-- Written by tools/generate_docs.py from requirements/wheels.txt; change that, then run `make docs`. -->

The action runs on Linux, macOS, and Windows with Python 3.10 or newer. Without attestations, a release needs only pure
Python packages. Attestations need compiled packages. The table shows for which Pythons all of them have a wheel, and
which packages lack one for other Pythons.

If a wheel is missing, a run with `attestations: auto` says so at its start and publishes without attestations, unless
files of the project on the index already have attestations: then it stops before anything is sent. A run with
`attestations: true` stops.

Everything else works on PyPy and on free-threaded builds as on any other Python: descriptions are rendered, and
distributions are read in workers with the same limits. A Python older than 3.10, one with an incomplete standard
library, and an index of pip that lacks a package each stop the run with one message that names them.
"""
FOOT: Final = """\
`3.14t` is the free-threaded build of 3.14; PyPy is the one for Python 3.11. `Linux i686` and `Windows x86` are 32-bit
Pythons, which also run on 64-bit systems: `architecture: x86` of `actions/setup-python` installs one.
"""


@dataclass(frozen=True, kw_only=True)
class Python:
    """An interpreter of the table."""

    name: str
    version: tuple[int, int]
    abi: str

    def tags(self, platforms: list[str]) -> frozenset[Tag]:
        """Every wheel tag that it supports."""
        digits = f"{self.version[0]}{self.version[1]}"
        if self.abi.startswith("pypy"):
            own: Iterator[Tag] = generic_tags(f"pp{digits}", [self.abi], platforms)
        else:
            own = cpython_tags(self.version, [self.abi], platforms)
        return frozenset([*own, *compatible_tags(self.version, f"cp{digits}", platforms)])

    def environment(self, system: Mapping[str, str]) -> dict[str, str]:
        """The values of markers."""
        pypy = self.abi.startswith("pypy")
        version = f"{self.version[0]}.{self.version[1]}"
        return {
            **system,
            "python_version": version,
            "python_full_version": f"{version}.1",
            "implementation_name": "pypy" if pypy else "cpython",
            "platform_python_implementation": "PyPy" if pypy else "CPython",
        }


def _linux(machine: str, *, musl: bool = False) -> list[str]:
    if musl:
        return [f"musllinux_1_{minor}_{machine}" for minor in range(3)]
    old = {"x86_64": ["2010", "1", "2014"], "i686": ["2010", "1", "2014"]}.get(machine, ["2014"])
    return [
        *(f"manylinux_2_{minor}_{machine}" for minor in range(5, 36)),
        *(f"manylinux{one}_{machine}" for one in old),
    ]


_SYSTEM: Final = {
    "Linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macOS": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}
PLATFORMS: Final[Mapping[str, list[str]]] = {
    "Linux x86_64": _linux("x86_64"),
    "Linux aarch64": _linux("aarch64"),
    "Linux x86_64, musl (Alpine)": _linux("x86_64", musl=True),
    "Linux aarch64, musl (Alpine)": _linux("aarch64", musl=True),
    "Linux i686": _linux("i686"),
    "Linux armv7l": _linux("armv7l"),
    "Linux ppc64le": _linux("ppc64le"),
    "Linux s390x": _linux("s390x"),
    "Linux riscv64": [f"manylinux_2_{minor}_riscv64" for minor in range(31, 42)],
    "macOS arm64": list(mac_platforms((14, 0), "arm64")),
    "macOS x86_64": list(mac_platforms((14, 0), "x86_64")),
    "Windows x86_64": ["win_amd64"],
    "Windows arm64": ["win_arm64"],
    "Windows x86": ["win32"],
}
"""Platform tags of each platform: glibc up to 2.35, macOS 14."""
PYTHONS: Final = (
    *(Python(name=f"3.{minor}", version=(3, minor), abi=f"cp3{minor}") for minor in range(10, 16)),
    *(Python(name=f"3.{minor}t", version=(3, minor), abi=f"cp3{minor}t") for minor in range(13, 16)),
    *(Python(name=f"PyPy {abi[0]}.{abi[1]}", version=(3, 11), abi=f"pypy311_pp{abi}") for abi in ("73", "80")),
)


def missing(lock: Lock, python: Python, platform: str) -> list[str]:
    """The packages of a lock that have no wheel for this combination."""
    tags = python.tags(PLATFORMS[platform])
    environment = python.environment(_SYSTEM[platform.split(maxsplit=1)[0]])
    return [pin.name for pin in lock.pins if _applies(pin, environment) and not _has_wheel(lock, pin, tags)]


def _applies(pin: Pin, environment: dict[str, str]) -> bool:
    return not pin.marker or Marker(pin.marker).evaluate(environment)


def _has_wheel(lock: Lock, pin: Pin, tags: frozenset[Tag]) -> bool:
    return any(not tags.isdisjoint(parse_wheel_filename(wheel.filename)[3]) for wheel in lock.wheels_of(pin))


def platforms_page() -> str:
    """The whole page."""
    lock = read_lock(ROOT / "requirements", "attestations")
    lines = ["", "| platform | attestations with Python | without a wheel elsewhere |", "|---|---|---|"]
    for platform in PLATFORMS:
        lacking = {python.name: missing(lock, python, platform) for python in PYTHONS}
        good = ", ".join(name for name, packages in lacking.items() if not packages)
        groups: dict[str, list[str]] = {}
        for name, packages in lacking.items():
            if packages:
                groups.setdefault(", ".join(f"`{package}`" for package in packages), []).append(name)
        bad = "; ".join(f"{packages} ({', '.join(names)})" for packages, names in groups.items())
        lines.append(f"| {platform} | {good or 'none'} | {bad} |")
    return HEAD + "\n".join([*lines, "", FOOT])
