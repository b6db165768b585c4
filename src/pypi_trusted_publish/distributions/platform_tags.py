"""The platform tags that the index takes, and what to make of those that it does not."""

from __future__ import annotations

import enum
import re
from typing import Final

_EXACT: Final = frozenset(
    {
        "any",
        "win32",
        "win_amd64",
        "win_arm64",
        "win_ia64",
        "linux_armv6l",
        "linux_armv7l",
        "manylinux1_i686",
        "manylinux1_x86_64",
        "manylinux2010_i686",
        "manylinux2010_x86_64",
        "manylinux2014_aarch64",
        "manylinux2014_armv7l",
        "manylinux2014_i686",
        "manylinux2014_ppc64",
        "manylinux2014_ppc64le",
        "manylinux2014_s390x",
        "manylinux2014_x86_64",
    }
)
_MUSL: Final = r"(?:x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)"
_GLIBC: Final = r"(?:x86_64|i686|aarch64|armv7l|ppc64le|ppc64|s390x|riscv64)"
_MACOS: Final = r"(?:x86_64|arm64|universal2|intel|i386|ppc|ppc64|fat|fat3|fat64|universal)"
MACOS_MAJORS: Final = (11, 12, 13, 14, 15, 26)
"""Of the tags ``macosx_{major}_0_{arch}``; before them ``macosx_10_N``. Apple skipped 16 to 25."""

_PATTERNS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"manylinux_\d+_\d+_{_GLIBC}",
        rf"musllinux_\d+_\d+_{_MUSL}",
        rf"macosx_10_\d+_{_MACOS}",
        rf"macosx_(?:{'|'.join(map(str, MACOS_MAJORS))})_0_{_MACOS}",
        r"ios_\d+_\d+_(?:arm64|x86_64)_(?:iphoneos|iphonesimulator)",
        r"android_\d+_(?:armeabi_v7a|arm64_v8a|x86|x86_64)",
        r"pyemscripten_\d+_\d+_wasm32",
    )
)
_FORM: Final = re.compile(r"[a-z0-9_]+")
"""Of every platform tag, those of the future included: PEP 425."""
_REFUSED: Final = ("linux_", "pyodide_")
"""The first promises nothing; the second is spelt ``pyemscripten_`` on indexes, by decision (PEP 783)."""
_MACOS_VERSION: Final = re.compile(r"macosx_(\d+)_(\d+)_")


class PlatformVerdict(enum.Enum):
    """What an index makes of a platform tag."""

    TAKEN = "taken"
    UNKNOWN = "unknown"
    """Not in our table; the index may know it by now."""
    NEVER = "never"
    """No index takes it: the tag promises nothing, names a system that does not exist or otherwise, or is no tag."""


def judge_platform(tag: str) -> PlatformVerdict:
    """Judge one platform tag (not a compressed set), compared in lower case as the index does.

    Source: the index's list of August 2026; PEP 425, 513, 571, 599, 600, 656, 730, 738, 783.
    """
    tag = tag.lower()
    if tag in _EXACT or any(pattern.fullmatch(tag) for pattern in _PATTERNS):
        return PlatformVerdict.TAKEN
    if _FORM.fullmatch(tag) is None or tag == "linux" or tag.startswith(_REFUSED) or _impossible_macos(tag):
        return PlatformVerdict.NEVER
    return PlatformVerdict.UNKNOWN


def _impossible_macos(tag: str) -> bool:
    """Whether the tag names a macOS that was never released: 16 to 25, or a minor version after 10."""
    found = _MACOS_VERSION.match(tag)
    if found is None or len(found[1]) > 3:  # noqa: PLR2004
        return False
    major, minor = int(found[1]), found[2]
    return MACOS_MAJORS[-2] < major < MACOS_MAJORS[-1] or (major in MACOS_MAJORS and minor.strip("0") != "")
