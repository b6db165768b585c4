"""The baseline of a comparison: the newest older release on the index that users can install.

Yanked files are not part of it, and a pre-release is a baseline only for a pre-release. Pure: the page is passed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from ..values import dataclass
from .project_page import PageState

if TYPE_CHECKING:
    from .project_page import ProjectPage, PublishedFile


_MOST_SHOWN: Final = 5
"""Versions in a sentence."""
_FIRST_RELEASE: Final = (
    "First release: the index does not know the project. The first upload takes the name for good; Trusted Publishing "
    "then needs a pending publisher on the index."
)


@dataclass(frozen=True, kw_only=True)
class ReleaseFile:
    """A file of a release, ours or on the index: what is compared by name and size."""

    filename: str
    size: int | None
    """Bytes; None when unknown."""
    tags: frozenset[Tag] = frozenset()
    """Of a wheel; empty for an sdist."""
    requires_python: str | None = ""
    """The field ``Requires-Python``; empty: it states none; None: the index does not say."""
    published: PublishedFile | None = None
    """The entry on the index; None for a file of ours."""

    @property
    def is_wheel(self) -> bool:
        """Whether it is a wheel."""
        return bool(self.tags)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """The release to compare with, or why there is none."""

    version: Version | None = None
    files: tuple[ReleaseFile, ...] = ()
    """In the order of the index, without yanked files."""
    reason: str = ""
    """A sentence that says why there is none; empty when there is one."""


class NoSuchVersion(ValueError):
    """The index does not list the requested version. The text is the version."""


def find_baseline(page: ProjectPage, ours: Version, wanted: str = "") -> Baseline:
    """The newest release older than ours, or the one that ``wanted`` names.

    A release of our own version on the index is a re-run, not an older release. Raises NoSuchVersion.
    """
    if page.state is PageState.UNREADABLE:
        return Baseline(reason=f"The index's page of the project could not be read: {page.why_unreadable}.")
    if page.status == "quarantined":
        return Baseline(reason="The project is quarantined: the index does not show its files.")
    releases = _releases(page)
    if wanted:
        chosen = next((version for version in releases if version == Version(wanted)), None)
        if chosen is None:
            raise NoSuchVersion(wanted)
        return Baseline(version=chosen, files=releases[chosen])
    if page.state is PageState.NO_PROJECT:
        return Baseline(reason=_FIRST_RELEASE)
    older = [version for version in releases if version < ours and (ours.is_prerelease or not version.is_prerelease)]
    if older:
        newest = max(older)
        return Baseline(version=newest, files=releases[newest])
    return Baseline(reason=_why_none(page, releases, ours))


def _releases(page: ProjectPage) -> dict[Version, tuple[ReleaseFile, ...]]:
    found: dict[Version, list[ReleaseFile]] = {}
    for entry in page.files:
        if entry.yanked:
            continue
        parsed = parse_release_file(
            entry.filename,
            project=page.project,
            size=entry.size,
            requires_python=entry.requires_python,
            published=entry,
        )
        if parsed is not None:
            found.setdefault(parsed[0], []).append(parsed[1])
    return {version: tuple(files) for version, files in found.items()}


def files_of(page: ProjectPage, version: Version) -> tuple[ReleaseFile, ...]:
    """The files of one release on the index, without yanked ones."""
    return _releases(page).get(version, ())


def released_versions(page: ProjectPage) -> tuple[Version, ...]:
    """Every version with a file that is not yanked."""
    return tuple(_releases(page))


def parse_release_file(
    filename: str,
    *,
    project: str,
    size: int | None,
    requires_python: str | None = "",
    published: PublishedFile | None = None,
) -> tuple[Version, ReleaseFile] | None:
    """Version and file of a file name; None for an egg, an installer, or an invalid name."""
    try:
        if filename.endswith(".whl"):
            name, version, _, tags = parse_wheel_filename(filename)
        else:
            name, version = parse_sdist_filename(filename)
            tags = frozenset()
    except ValueError:  # also of a number with more digits than ``int()`` reads
        return None
    if canonicalize_name(name) != project:
        return None
    return version, ReleaseFile(
        filename=filename, size=size, tags=tags, requires_python=requires_python, published=published
    )


def _why_none(page: ProjectPage, releases: Iterable[Version], ours: Version) -> str:
    others = sorted(version for version in releases if version != ours)
    kinds = (
        ("pre-releases", [version for version in others if version < ours]),
        ("newer releases", [version for version in others if version > ours]),
        ("yanked releases", sorted(_yanked_versions(page) - {ours, *others})),
    )
    has = " and ".join(f"{kind} ({_shown(versions)})" for kind, versions in kinds if versions)
    return (
        f"No older release to compare with: the index has only {has}." if has else "The index lists no older release."
    )


def _yanked_versions(page: ProjectPage) -> set[Version]:
    parsed = (
        parse_release_file(entry.filename, project=page.project, size=None) for entry in page.files if entry.yanked
    )
    return {each[0] for each in parsed if each is not None}


def _shown(versions: Sequence[Version]) -> str:
    return ("..., " if len(versions) > _MOST_SHOWN else "") + ", ".join(map(str, versions[-_MOST_SHOWN:]))
