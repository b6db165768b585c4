"""The pins of a lock, and the wheels that satisfy them.

``requirements/<name>.txt`` decides: a package is installed only if its SHA-256 is there. ``requirements/wheels.txt``
adds the file names, in one section for each lock, so that the pure wheels and the supported platforms are known without
asking an index. Standard library only, except for locks after the first, whose markers and tags ``packaging`` reads.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..values import dataclass
from .problems import package_tampered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.tags import Tag

_PIN: Final = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\\n]+?))?(?: \\)?$")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_WHEEL: Final = re.compile(r"^([0-9a-f]{64}) [ *]([^/\\\s]+\.whl)$")
_SECTION: Final = re.compile(r"^# ([a-z]+)$")


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A wheel file that a lock names."""

    filename: str
    sha256: str

    @property
    def is_pure(self) -> bool:
        """Whether any Python 3 on any platform can use it."""
        return self.filename.endswith("-none-any.whl")

    @property
    def package(self) -> str:
        """Name and version as ``name==version``, the name normalized."""
        name, version = self.filename.split("-")[:2]
        return f"{normalized(name)}=={version}"


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One requirement of a lock."""

    name: str
    """Normalized."""
    version: str
    marker: str
    """Empty when the requirement always applies."""
    hashes: frozenset[str]
    """SHA-256 in lowercase hexadecimal digits."""
    text: str
    """The lines of the lock, for a lock of fewer packages."""

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"

    @property
    def unconditional(self) -> str:
        """Its lines without the marker."""
        return re.sub(r" ; [^\\\n]+", " ", self.text, count=1) if self.marker else self.text

    def applies(self) -> bool:
        """Whether this interpreter needs it."""
        if not self.marker:
            return True
        from packaging.markers import Marker  # of the first lock, which has no markers

        return Marker(self.marker).evaluate()


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The requirements of one lock, and the wheels that satisfy them."""

    name: str
    pins: tuple[Pin, ...]
    wheels: tuple[Wheel, ...]

    def wheels_of(self, pin: Pin) -> tuple[Wheel, ...]:
        """Every wheel of a requirement, for all platforms."""
        return tuple(wheel for wheel in self.wheels if wheel.sha256 in pin.hashes)

    def best_wheel(self, pin: Pin) -> Wheel | None:
        """The wheel of a requirement that fits this interpreter best; None: none fits."""
        from packaging.utils import parse_wheel_filename  # of the first lock, which has pure wheels only

        ranked = [
            (min(_supported_tags()[tag] for tag in tags), wheel)
            for wheel in self.wheels_of(pin)
            if (tags := parse_wheel_filename(wheel.filename)[3] & _supported_tags().keys())
        ]
        return min(ranked, key=lambda found: found[0])[1] if ranked else None

    def unnamed_wheels(self) -> tuple[Wheel, ...]:
        """Wheels of this lock's section that no requirement names: then one of the two files was changed."""
        named = {sha256: str(pin) for pin in self.pins for sha256 in pin.hashes}
        return tuple(wheel for wheel in self.wheels if named.get(wheel.sha256) != wheel.package)

    def without_wheel(self, pins: Iterable[Pin]) -> list[Pin]:
        """Those of ``pins`` for which no wheel fits this interpreter."""
        return [pin for pin in pins if (wheels := self.wheels_of(pin)) and not any(map(_is_compatible, wheels))]


def read_lock(folder: Path, name: str) -> Lock:
    """Read ``<name>.txt`` and its section of ``wheels.txt`` in ``folder``; line ends may be of either kind.

    Raises a ``PublishError`` when one of them cannot be read.
    """
    pins = tuple(_pins(_text(folder / f"{name}.txt")))
    return Lock(name=name, pins=pins, wheels=read_wheels(folder).get(name, ()))


def read_wheels(folder: Path) -> dict[str, tuple[Wheel, ...]]:
    """Read the wheels of every lock from ``wheels.txt`` in ``folder``; empty when there is no such file."""
    found: dict[str, list[Wheel]] = {}
    section = ""
    path = folder / "wheels.txt"
    for line in _text(path).splitlines() if path.exists() else ():
        if heading := _SECTION.match(line):
            section = heading[1]
        elif wheel := _WHEEL.match(line):
            found.setdefault(section, []).append(Wheel(filename=wheel[2], sha256=wheel[1]))
    return {name: tuple(wheels) for name, wheels in found.items()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise package_tampered([f"requirements/{path.name} cannot be read: {os.strerror(error.errno or 0)}"]) from None
    except UnicodeDecodeError:
        raise package_tampered([f"requirements/{path.name} is not UTF-8"]) from None


def normalized(name: str) -> str:
    """Return a package's name in its normal form: lowercase, with single hyphens."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(text: str) -> Iterator[Pin]:
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if block and not line.startswith(" "):
            yield from _pin("\n".join(block) + "\n")
            block = []
        block.append(line)


def _pin(text: str) -> Iterator[Pin]:
    if match := _PIN.match(text.split("\n", 1)[0]):
        yield Pin(
            name=normalized(match["name"]),
            version=match["version"],
            marker=match["marker"] or "",
            hashes=frozenset(_HASH.findall(text)),
            text=text,
        )


def _is_compatible(wheel: Wheel) -> bool:
    if wheel.is_pure:
        return True
    from packaging.utils import parse_wheel_filename  # of the first lock, which has pure wheels only

    return not parse_wheel_filename(wheel.filename)[3].isdisjoint(_supported_tags().keys())


@functools.cache
def _supported_tags() -> dict[Tag, int]:
    """The tags of this interpreter with their rank; 0 is the best. One with an unknown ABI has those of pure wheels."""
    from packaging.tags import compatible_tags, sys_tags

    try:
        found = [*sys_tags()]
    except SystemError:
        found = [*compatible_tags()]
    return {tag: rank for rank, tag in enumerate(found)}
