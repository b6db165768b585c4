"""A release beside the one before it: which files stay, are new, or are lost, and how sizes change. Pure.

A wheel is lost when there is somebody who could install it and whom no wheel of the new release fits, whatever version
of a system library that takes. Who needs a newer system library or a newer Python has a narrower release, not a lost
wheel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .baseline import ReleaseFile
from .compatibility import EVERYBODY, Interpreter, Minimum, Platform, Target, accepts, interpreters, merged, targets

GROWTH: Final = 1.25
"""A file grew when it is larger than this many times the file that it replaces..."""
GROWTH_BYTES: Final = 1_000_000
"""...and by more than this."""
_SYSTEM_LIBRARY: Final = {"glibc": "glibc", "musl": "musl", "macos": "macOS", "ios": "iOS", "android": "Android API"}


@dataclass(frozen=True, kw_only=True)
class LostWheel:
    """A wheel of the baseline that nothing replaces for somebody."""

    filename: str
    who: tuple[Target, ...]
    """Everybody whom only this wheel fitted, sorted."""


@dataclass(frozen=True, kw_only=True)
class Narrower:
    """A minimum that rose."""

    what: str
    """Such as ``glibc on x86_64``, ``macOS on arm64`` or ``Python``."""
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class SizeChange:
    """A file of ours beside the one that it replaces."""

    filename: str
    size: int
    before: int | None
    """Bytes of the file that it replaces; None when it replaces none, or when the index does not say."""

    @property
    def grew(self) -> bool:
        """Whether it grew by more than a quarter and more than a megabyte."""
        return self.before is not None and self.size > self.before * GROWTH and self.size - self.before > GROWTH_BYTES


@dataclass(frozen=True, kw_only=True)
class FileComparison:
    """Files of two releases."""

    kept: tuple[str, ...]
    """Names of ours that somebody installs who could install the baseline."""
    new: tuple[str, ...]
    lost: tuple[LostWheel, ...]
    lost_sdist: str = ""
    """The baseline's sdist when ours has none."""
    narrower: tuple[Narrower, ...] = ()
    sizes: tuple[SizeChange, ...] = ()
    replaced: Mapping[str, ReleaseFile] = field(default_factory=dict)
    """For each file of ours the one of the baseline to compare it with."""
    coverage: Mapping[Target, str] = field(default_factory=dict)
    """Who finds a wheel: ``kept``, ``new`` or ``lost``. Empty when both releases have wheels for everybody only."""


def compare_files(
    ours: Sequence[ReleaseFile],
    baseline: Sequence[ReleaseFile],
    *,
    requires_python: str = "",
    baseline_requires_python: str = "",
) -> FileComparison:
    """Compare two releases by their tags; ``requires_python`` is the field of each, empty for none."""
    who = interpreters(tag for file in baseline for tag in file.tags)
    before_who = [each for each in who if accepts(baseline_requires_python, each)]
    now_who = [each for each in who if accepts(requires_python, each)]
    before = {file.filename: targets(file.tags, before_who) for file in baseline if file.is_wheel}
    after = {file.filename: targets(file.tags, now_who) for file in ours if file.is_wheel}
    fits_now, fitted = merged(after.values()), merged(before.values())
    still_allowed = set(now_who)
    lost = [
        LostWheel(filename=name, who=tuple(sorted(left)))
        for name, coverage in before.items()
        if (left := [target for target in coverage if target.interpreter in still_allowed and target not in fits_now])
    ]
    replaced = _replaced(ours, baseline, before, after)
    sdists = [file.filename for file in baseline if not file.is_wheel]
    return FileComparison(
        kept=tuple(file.filename for file in ours if file.filename in replaced),
        new=tuple(file.filename for file in ours if file.filename not in replaced),
        lost=tuple(lost),
        lost_sdist=sdists[0] if sdists and all(file.is_wheel for file in ours) else "",
        narrower=(*_raised_libraries(fitted, fits_now), *_raised_python(before_who, now_who, fitted)),
        sizes=tuple(
            SizeChange(
                filename=file.filename,
                size=file.size or 0,
                before=replaced[file.filename].size if file.filename in replaced else None,
            )
            for file in ours
        ),
        replaced=replaced,
        coverage=_coverage(fitted, fits_now),
    )


def _coverage(before: Mapping[Target, Minimum], after: Mapping[Target, Minimum]) -> dict[Target, str]:
    """The state of each target; nothing to show where every platform is as every other one."""
    states = {
        target: "kept" if target in before and target in after else "new" if target in after else "lost"
        for target in (*before, *after)
    }
    return {} if {target.platform for target in states} == EVERYBODY and "lost" not in states.values() else states


def _replaced(
    ours: Sequence[ReleaseFile],
    baseline: Sequence[ReleaseFile],
    before: Mapping[str, Mapping[Target, Minimum]],
    after: Mapping[str, Mapping[Target, Minimum]],
) -> dict[str, ReleaseFile]:
    """For each of ours the file with the same tags, else the one that fits most of the same people."""
    found: dict[str, ReleaseFile] = {}
    for file in ours:
        if not file.is_wheel:
            same = [other for other in baseline if not other.is_wheel]
        elif not (same := [other for other in baseline if other.tags == file.tags]):
            shared = {
                other.filename: len(after[file.filename].keys() & before[other.filename].keys())
                for other in baseline
                if other.is_wheel
            }
            best = max(shared.values(), default=0)
            same = [other for other in baseline if best and shared.get(other.filename) == best]
        if same:
            found[file.filename] = same[0]
    return found


def _raised_libraries(before: Mapping[Target, Minimum], after: Mapping[Target, Minimum]) -> Iterable[Narrower]:
    """Each system library whose oldest version rose for somebody, once a platform, by its widest step."""
    raised: dict[Platform, tuple[Minimum, Minimum]] = {}
    for target, minimum in before.items():
        now = after.get(target)
        if now is not None and now > minimum > () and target.platform.system in _SYSTEM_LIBRARY:
            oldest, newest = raised.get(target.platform, (minimum, now))
            raised[target.platform] = (min(oldest, minimum), max(newest, now))
    for platform, (oldest, newest) in sorted(raised.items()):
        yield Narrower(
            what=f"{_SYSTEM_LIBRARY[platform.system]} on {platform.architecture}",
            before=".".join(map(str, oldest)) or "any",
            after=".".join(map(str, newest)),
        )


def _raised_python(
    before: Sequence[Interpreter], after: Sequence[Interpreter], fitted: Mapping[Target, Minimum]
) -> Iterable[Narrower]:
    """The oldest Python, when ``Requires-Python`` shuts out one that the baseline's wheels fitted."""
    used = {target.interpreter.python for target in fitted} or {each.python for each in before}
    left = {each.python for each in after}
    gone = used - left
    if gone and (not left or min(gone) < min(left)):
        after_text = ".".join(map(str, min(left))) if left else "newer than every supported one"
        yield Narrower(what="Python", before=".".join(map(str, min(gone))), after=after_text)
