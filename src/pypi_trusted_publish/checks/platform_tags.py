"""Platform tags of wheels: which ones the index accepts, may accept, or can never accept."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from typing import Final

from ..errors import Severity
from ..values import dataclass
from .model import OBSERVED, Finding, Level, Rule, Table

WHEEL_PLATFORM_REFUSED: Final = Rule(
    code="wheel-platform-refused",
    statement="A wheel's platform tags consist of letters, digits and underscores, and name a platform that an index "
    "can promise to support; `linux_x86_64` does not.",
    source="Platform compatibility tags (packaging.python.org; PEP 425, 513, 571, 599, 783); " + OBSERVED,
    meaning="No index accepts such a wheel: it would be installed where it cannot run, or nowhere.",
    fix="Repair Linux wheels with auditwheel (cibuildwheel does it), or build with maturin's `--compatibility`; on "
    "macOS set `MACOSX_DEPLOYMENT_TARGET` to a version that exists; build for Pyodide with tools that write "
    "`pyemscripten_X_Y_wasm32`; build pure Python wheels as `py3-none-any`; do not rename wheels.",
)
WHEEL_PLATFORM_UNKNOWN: Final = Rule(
    code="wheel-platform-unknown",
    statement="The index accepts every platform tag of a wheel.",
    source="Platform compatibility tags (packaging.python.org); " + OBSERVED,
    meaning="The index refuses the file unless it has added the tag since then.",
    fix="Build for a platform that the index accepts: `any`, `win32`, `win_amd64`, `win_arm64`, "
    "`manylinux_X_Y_<arch>`, `musllinux_X_Y_<arch>`, `macosx_X_0_<arch>`, `ios_...`, `android_...`, "
    "`pyemscripten_X_Y_wasm32`.",
    table=Table.PLATFORM_TAGS,
)
WHEEL_PLATFORM_TRAILING: Final = Rule(
    code="wheel-platform-trailing-text",
    statement="Nothing follows the platform in a platform tag.",
    source="PEP 730 and PEP 783; the index does not look at the end of these tags (observed August 2026)",
    meaning="The index accepts the wheel (a newer release of it may not), and no installer ever selects it.",
    fix="Build the wheel again, and do not rename it.",
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    table=Table.PLATFORM_TAGS,
)


class TagStatus(enum.Enum):
    """Whether an index accepts a platform tag."""

    ACCEPTED = "accepted"
    TRAILING_TEXT = "accepted, although text follows that no installer understands"
    UNKNOWN = "unknown"
    """Not in our table; the index may have added it."""
    IMPOSSIBLE = "impossible"
    """No index can accept it."""


_EXACT: Final = frozenset(
    {
        "any",
        *("win32", "win_amd64", "win_arm64", "win_ia64"),
        *("linux_armv6l", "linux_armv7l"),
        *("manylinux1_i686", "manylinux1_x86_64", "manylinux2010_i686", "manylinux2010_x86_64"),
        *(f"manylinux2014_{arch}" for arch in ("aarch64", "armv7l", "i686", "ppc64", "ppc64le", "s390x", "x86_64")),
    }
)
_MUSL: Final = r"(?:x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)"
_GLIBC: Final = r"(?:x86_64|i686|aarch64|armv7l|ppc64le|ppc64|s390x|riscv64)"
_MACOS: Final = r"(?:x86_64|arm64|universal2|intel|i386|ppc|ppc64|fat|fat3|fat64|universal)"
MACOS_MAJORS: Final = (11, 12, 13, 14, 15, 26)
"""Of the tags ``macosx_{major}_0_{arch}``; older ones are ``macosx_10_N``. Apple skipped 16 to 25."""
_IOS: Final = r"ios_\d+_\d+_(.*)_(?:iphoneos|iphonesimulator)"
_IOS_ARCHITECTURES: Final = ("arm64", "x86_64")
_PYEMSCRIPTEN: Final = r"pyemscripten_\d+_\d+_wasm32"
_ACCEPTED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"manylinux_\d+_\d+_{_GLIBC}",
        rf"musllinux_\d+_\d+_{_MUSL}",
        rf"macosx_10_\d+_{_MACOS}",
        rf"macosx_(?:{'|'.join(map(str, MACOS_MAJORS))})_0_{_MACOS}",
        r"android_\d+_(?:armeabi_v7a|arm64_v8a|x86|x86_64)",
        _IOS.replace("(.*)", f"(?:{'|'.join(_IOS_ARCHITECTURES)})"),
        _PYEMSCRIPTEN,
    )
)
_IOS_START: Final = re.compile(_IOS)
_PYEMSCRIPTEN_START: Final = re.compile(_PYEMSCRIPTEN)
"""The index does not look at what follows these two."""


@dataclass(frozen=True, kw_only=True)
class Impossible:
    """Tags that no index can ever accept."""

    pattern: re.Pattern[str]
    """Of the whole tag, in lower case."""
    why: str
    """A clause that says why."""
    source: str


IMPOSSIBLE: Final = (
    Impossible(
        pattern=re.compile(r".*[^a-z0-9_].*|", re.DOTALL),
        why="a tag has only letters, digits and underscores",
        source="PEP 425",
    ),
    Impossible(
        pattern=re.compile(r"linux(?:_(?!armv[67]l$).*)?", re.DOTALL),
        why="it promises nothing about the C library",
        source="PEP 513, rationale",
    ),
    Impossible(
        pattern=re.compile(r"manylinux1_(?!(?:x86_64|i686)$).*"),
        why="manylinux1 exists for x86_64 and i686 only",
        source="PEP 513, the manylinux1 policy (closed)",
    ),
    Impossible(
        pattern=re.compile(r"manylinux2010_(?!(?:x86_64|i686)$).*"),
        why="manylinux2010 exists for x86_64 and i686 only",
        source="PEP 571, the manylinux2010 policy (closed)",
    ),
    Impossible(
        pattern=re.compile(r"manylinux2014_(?!(?:x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)$).*"),
        why="manylinux2014 exists for x86_64, i686, aarch64, armv7l, ppc64, ppc64le and s390x only",
        source="PEP 599, the manylinux2014 policy (closed)",
    ),
    Impossible(
        pattern=re.compile(r"(?:pyodide|emscripten)_.*"),
        why="indexes spell this platform pyemscripten_X_Y_wasm32",
        source="PEP 783",
    ),
    Impossible(
        pattern=re.compile(r"macosx_0*[0-9]_.*"),
        why="there is no such version of macOS: the first is 10",
        source="Apple's release history",
    ),
    Impossible(
        pattern=re.compile(r"macosx_(?:1[6-9]|2[0-5])_.*"),
        why="there is no such version of macOS: 26 follows 15",
        source="Apple's release history",
    ),
    Impossible(
        pattern=re.compile(rf"macosx_(?:{'|'.join(map(str, MACOS_MAJORS))})_(?!0+_)[0-9]+_.*"),
        why="from macOS 11 on, the minor version of a tag is 0",
        source="Platform compatibility tags (packaging.python.org); " + OBSERVED,
    ),
)


def platform_tag_status(tag: str) -> tuple[TagStatus, str]:
    """The status of one platform tag (not of a compressed set), and the reason when it is impossible.

    Tags are compared in lower case, as the index does. Source: the index's list of August 2026; PEP 425, 513, 571, 599,
    600, 656, 730, 738, 783.
    """
    tag = tag.lower()
    if tag in _EXACT or any(pattern.fullmatch(tag) for pattern in _ACCEPTED):
        return TagStatus.ACCEPTED, ""
    ios = _IOS_START.match(tag)
    if (ios and ios[1] in _IOS_ARCHITECTURES) or _PYEMSCRIPTEN_START.match(tag):
        return TagStatus.TRAILING_TEXT, ""
    for row in IMPOSSIBLE:
        if row.pattern.fullmatch(tag):
            return TagStatus.IMPOSSIBLE, row.why
    return TagStatus.UNKNOWN, ""


def platform_findings(filename: str, platforms: Iterable[str]) -> Iterator[Finding]:
    """One finding for each platform tag that the index does not accept, or accepts by an oversight."""
    for tag in platforms:
        status, why = platform_tag_status(tag)
        if status is TagStatus.IMPOSSIBLE:
            yield WHEEL_PLATFORM_REFUSED.finding(filename, f"No index accepts the platform tag {tag!r}: {why}.")
        elif status is TagStatus.UNKNOWN:
            yield WHEEL_PLATFORM_UNKNOWN.finding(
                filename, f"The platform tag {tag!r} is not among those that the index accepts.", value=tag
            )
        elif status is TagStatus.TRAILING_TEXT:
            yield WHEEL_PLATFORM_TRAILING.finding(
                filename, f"Text follows the platform in the platform tag {tag!r}.", value=tag
            )
