"""The preview of a release: its files, metadata and contents beside the release before, for each project of the set.

Never fails because an index does not answer: what could not be compared is named instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from packaging.utils import NormalizedName, canonicalize_name

from ..checks.model import Finding, Kind
from ..core.baseline import Baseline, ReleaseFile, find_baseline, released_versions
from ..core.comparison import compare_files
from ..core.contents_comparison import ContentsComparison, Member, compare_contents, missing_from_sdist
from ..core.manifest import entries_of, manifest_of
from ..core.metadata_comparison import compare_metadata
from ..core.page_comparison import release_file, room_of
from ..core.preview import ComparedContents, Preview, ProjectPreview
from ..core.project_page import PageState
from ..core.release_findings import (
    contents_findings,
    file_findings,
    requirement_findings,
    sdist_findings,
    version_findings,
)
from ..core.requirement_lookup import new_requirements, unmet

if TYPE_CHECKING:
    from packaging.version import Version

    from ..checks.model import CheckedSet, Distribution
    from ..core.project_page import ProjectPage
    from ..core.urls import IndexUrls
    from ..readers.contents import Contents

_LANES: Final = 8
In = TypeVar("In")
Out = TypeVar("Out")


class Unreadable(Protocol):
    """An exception whose text is a phrase that says why something could not be read."""


class Reader(Protocol):
    """Reads what is compared; raises ``not_read`` with a phrase that says why it cannot."""

    def page(self, index: IndexUrls, project: NormalizedName) -> ProjectPage:
        """What the index lists of a project; never raises."""

    def contents(self, file: ReleaseFile, index: IndexUrls, project: NormalizedName) -> Contents:
        """Members and metadata of a file on the index."""

    def contents_of(self, distribution: Distribution) -> Contents:
        """Members and metadata of a file of ours."""


@dataclass(frozen=True, kw_only=True)
class Previewer:
    """Compares a checked set with an index."""

    reader: Reader
    not_read: type[Exception]
    """What ``reader`` raises for something that cannot be read."""
    against: IndexUrls
    requirements_index: IndexUrls
    """Where requirements are looked up: PyPI for TestPyPI, else the same index."""
    baseline: str = ""
    """A version, ``none``, or empty: the newest older release."""

    def preview(self, checked: CheckedSet) -> Preview:
        """Compare every release of the set. Raises NoSuchVersion for a baseline that the index does not have."""
        releases: dict[tuple[NormalizedName, Version], list[Distribution]] = {}
        for file in checked.distributions:
            releases.setdefault(file.release, []).append(file)
        published: dict[NormalizedName, list[Version]] = {}
        for project, version in releases:
            published.setdefault(project, []).append(version)
        pages = dict(
            zip(published, _beside(lambda project: self.reader.page(self.against, project), published), strict=True)
        )
        entries = entries_of(checked.distributions)
        return Preview(
            manifest=manifest_of(entries),
            entries=entries,
            projects=tuple(self._project(files, pages[project], published) for (project, _), files in releases.items()),
        )

    def _project(
        self, files: Sequence[Distribution], page: ProjectPage, published: Mapping[NormalizedName, Sequence[Version]]
    ) -> ProjectPreview:
        first = next((file for file in files if file.kind is Kind.WHEEL), files[0])
        baseline = self._baseline(page, first.version)
        ours = [release_file(file) for file in files]
        before = f"{first.name} {baseline.version}" if baseline.version else ""
        skipped: list[str] = [baseline.reason] if page.state is PageState.UNREADABLE else []
        mine, theirs, pairs = self._contents(files, ours, baseline, page.project, skipped)
        my_metadata = _metadata(mine, [first.filename])
        counterpart = pairs.get(first.filename)
        their_metadata = _metadata(theirs, [counterpart.filename] if counterpart else [])
        comparison = compare_files(
            ours,
            baseline.files,
            requires_python=first.metadata.first("Requires-Python") or "",
            baseline_requires_python=str(their_metadata.get("requires_python") or ""),
        )
        contents = tuple(_compared(files, mine, theirs, pairs))
        unmet_findings = self._requirements(first, their_metadata, published, skipped) if not skipped else []
        findings = (
            *file_findings(comparison, before),
            *(finding for each in contents for finding in contents_findings(each.filename, each.comparison, before)),
            *_sdist_differences(files, mine),
            *version_findings(first.version, released_versions(page), first.name),
            *unmet_findings,
        )
        return ProjectPreview(
            project=page.project,
            name=first.name,
            version=first.version,
            baseline=baseline,
            files=comparison,
            current=_fields(my_metadata),
            metadata=compare_metadata(_fields(their_metadata), _fields(my_metadata)) if their_metadata else {},
            contents=tuple(each for each in contents if each.comparison != ContentsComparison()),
            room=room_of(page, files) if self._knows_limit() else None,
            not_compared=tuple(dict.fromkeys(skipped)),
            findings=tuple(dict.fromkeys(findings)),
        )

    def _knows_limit(self) -> bool:
        return self.against.is_public or self.against.is_loopback

    def _baseline(self, page: ProjectPage, version: Version) -> Baseline:
        if self.baseline == "none":
            return Baseline(reason="No comparison was asked for.")
        return find_baseline(page, version, self.baseline)

    def _contents(
        self,
        files: Sequence[Distribution],
        ours: Sequence[ReleaseFile],
        baseline: Baseline,
        project: NormalizedName,
        skipped: list[str],
    ) -> tuple[dict[str, Contents], dict[str, Contents], Mapping[str, ReleaseFile]]:
        """Contents of ours and of the files that they replace, by name; what cannot be read goes into ``skipped``."""
        pairs = compare_files(ours, baseline.files).replaced
        wanted = {file.filename: file for file in pairs.values()}
        own = list(_beside(lambda file: self._tried(lambda: self.reader.contents_of(file)), files))
        other = list(
            _beside(
                lambda file: self._tried(lambda: self.reader.contents(file, self.against, project)),
                list(wanted.values()),
            )
        )
        mine: dict[str, Contents] = {}
        theirs: dict[str, Contents] = {}
        for found, name, target in (
            *((found, file.filename, mine) for found, file in zip(own, files, strict=True)),
            *((found, name, theirs) for found, name in zip(other, wanted, strict=True)),
        ):
            if isinstance(found, str):
                skipped.append(f"The contents of {name} could not be read: {found}.")
            else:
                target[name] = found
        return mine, theirs, pairs

    def _tried(self, read: Callable[[], Contents]) -> Contents | str:
        try:
            return read()
        except self.not_read as problem:
            return str(problem)

    def _requirements(
        self,
        first: Distribution,
        before: Mapping[str, object],
        published: Mapping[NormalizedName, Sequence[Version]],
        skipped: list[str],
    ) -> list[Finding]:
        old = before.get("requires_dist")
        wanted = new_requirements(old if isinstance(old, list) else [], first.metadata.all("Requires-Dist"))
        names = list(dict.fromkeys(canonicalize_name(requirement.name) for requirement in wanted))
        pages = dict(
            zip(names, _beside(lambda name: self.reader.page(self.requirements_index, name), names), strict=True)
        )
        problems = []
        for requirement in wanted:
            page = pages[canonicalize_name(requirement.name)]
            if page.state is PageState.UNREADABLE:
                skipped.append(f"The requirement {str(requirement)!r} was not looked up: {page.why_unreadable}.")
                continue
            problem = unmet(requirement, page, published)
            if problem is None:
                continue
            if not problem.found and not self._has_everything():
                skipped.append(f"The requirement {str(requirement)!r} is not on {self.requirements_index.title}.")
                continue
            problems.append(problem)
        return list(requirement_findings(problems, first.filename))

    def _has_everything(self) -> bool:
        """Whether a project that is missing there is missing for users: other indexes often mirror only some."""
        return self.requirements_index.is_pypi or self.requirements_index.is_loopback


def _compared(
    files: Sequence[Distribution],
    mine: Mapping[str, Contents],
    theirs: Mapping[str, Contents],
    pairs: Mapping[str, ReleaseFile],
) -> Iterator[ComparedContents]:
    for file in files:
        other = pairs.get(file.filename)
        if other is None or file.filename not in mine or other.filename not in theirs:
            continue
        yield ComparedContents(
            filename=file.filename,
            against=other.filename,
            comparison=compare_contents(
                _members(theirs[other.filename]),
                _members(mine[file.filename]),
                versions=(_spelled(other.filename), _spelled(file.filename)),
                project=file.filename.partition("-")[0],
            ),
        )


def _sdist_differences(files: Sequence[Distribution], mine: Mapping[str, Contents]) -> Iterator[Finding]:
    sdist = next((file for file in files if file.kind is Kind.SDIST and file.filename in mine), None)
    wheel = next((file for file in files if file.kind is Kind.WHEEL and file.filename in mine), None)
    if sdist is not None and wheel is not None:
        missing = missing_from_sdist(_members(mine[wheel.filename]), _members(mine[sdist.filename]))
        yield from sdist_findings(wheel.filename, missing)


def _members(contents: Contents) -> list[Member]:
    return [Member(name=name, size=size, crc=crc) for name, size, crc in contents.members]


def _metadata(contents: Mapping[str, Contents], names: Iterable[str]) -> Mapping[str, object]:
    return next((contents[name].metadata for name in names if name in contents), {})


def _fields(metadata: Mapping[str, object]) -> dict[str, str | Sequence[str] | Mapping[str, str] | None]:
    """The fields whose values are what they may be; what a worker answers is foreign."""
    found: dict[str, str | Sequence[str] | Mapping[str, str] | None] = {}
    for name, value in metadata.items():
        match value:
            case str():
                found[name] = value
            case list() if all(isinstance(item, str) for item in value):
                found[name] = value
            case dict() if all(isinstance(item, str) for item in (*value, *value.values())):
                found[name] = value
    return found


def _spelled(filename: str) -> str:
    """The version as a file name spells it."""
    if filename.endswith(".whl"):
        return filename.split("-")[1]
    return filename.removesuffix(".zip").removesuffix(".tar.gz").rpartition("-")[2]


def _beside(function: Callable[[In], Out], arguments: Iterable[In]) -> Iterator[Out]:
    """The results in the order of the arguments, several at once: what they wait for is the network."""
    with ThreadPoolExecutor(max_workers=_LANES) as pool:
        yield from pool.map(function, list(arguments))
