"""Finds the distributions that ``packages-dir`` names, and opens them."""

from __future__ import annotations

import errno
import fnmatch
import glob
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from ..checks.filename import ATTESTATION_SUFFIXES, SDIST_SUFFIX, WHEEL_SUFFIX
from ..checks.model import Candidate, FileIdentity
from ..core import package_lines as messages
from ..core.package_lines import PackageLines, release_of
from ..errors import Diagnosis, error_of
from ..values import dataclass
from .patterns import MOST_ENTRIES, PatternSearch, TooManyEntries

PUBLISHED: Final = (WHEEL_SUFFIX, SDIST_SUFFIX)
"""Which files of a folder are published; others are reported and ignored."""
LOOK_LIKE_RELEASES: Final = (
    *(*PUBLISHED, ".zip", ".egg", ".tgz", ".tar", ".tar.bz2", ".tbz2", ".tar.xz", ".tar.z", ".tar.zst"),
    *(".exe", ".msi", ".rpm", ".deb", ".dmg"),
)
"""What the user may have meant to publish, including old formats that the index refuses."""
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What the lines named."""

    candidates: tuple[Candidate, ...] = ()
    """Sorted by file name."""
    attestations: tuple[Candidate, ...] = ()
    """Attestation files, sorted: those that the lines name, and all next to the distributions."""
    ignored: tuple[str, ...] = ()
    """Names of other files, sorted."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Names of the files that a line excludes, with its pattern, sorted."""
    warnings: tuple[Diagnosis, ...] = ()
    """Warnings about files that may have been forgotten."""
    problems: tuple[Diagnosis, ...] = ()
    """All problems of the lines and the files; empty in what :func:`collect` returns."""


@dataclass(kw_only=True)
class _Folder:
    """A folder that a line names."""

    line: str
    path: Path
    names: list[str]
    has_distributions: bool
    others: list[str]
    """Names in it that look like release files and are not published."""


@dataclass(kw_only=True)
class _Search:
    """What was found so far."""

    workspace: Path
    lines: PackageLines
    candidates: dict[str, Candidate] = field(default_factory=dict)
    attestations: dict[str, Candidate] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    folders: list[_Folder] = field(default_factory=list)
    looked_at: set[str] = field(default_factory=set)
    """Paths of the files that were examined, each once."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Paths of files that a pattern leaves out, and the pattern."""
    paths_left_out: dict[str, str] = field(default_factory=dict)
    """Paths of files and folders that a pattern with a slash matches, without case on Windows, and the pattern."""
    pattern: PatternSearch = field(default_factory=PatternSearch)
    """The search of the current line, limited by the number of entries."""
    problems: list[Diagnosis] = field(default_factory=list)
    warnings: list[Diagnosis] = field(default_factory=list)

    def shown(self, path: Path) -> str:
        """The path as messages show it: relative to the workspace where it is inside."""
        return (path.relative_to(self.workspace) if path.is_relative_to(self.workspace) else path).as_posix()

    def exists(self, line: str) -> bool:
        """Whether the path exists."""
        return os.path.lexists(self.workspace / line)

    def leaves_out(self, path: Path) -> bool:
        """Whether a line excludes a file; its attestation is excluded with it."""
        name = path.name
        for suffix in ATTESTATION_SUFFIXES:
            name = name.removesuffix(suffix)
        key = os.path.normpath(path.with_name(name))
        for pattern in self.lines.left_out:
            if "/" not in pattern and fnmatch.fnmatch(name, pattern):
                self.left_out.setdefault(key, pattern)
                return True
        for place in (key, *map(str, Path(key).parents)):
            folded = os.path.normcase(place)
            if folded in self.paths_left_out:
                self.left_out.setdefault(key, self.paths_left_out[folded])
                return True
        return False


def collect(lines: Sequence[str], workspace: str) -> Collected:
    """The distributions that the lines of ``packages-dir`` name, relative to ``workspace``.

    A line is a folder, a file or a glob, or an excluding pattern that starts with ``!``; on Windows, with either slash.

    Raises:
        PublishError: with every problem; a DistributionError if all are those of the build, else a WorkflowError.

    """
    found = survey(lines, workspace)
    if found.problems:
        raise error_of(*found.problems)
    return found


def survey(lines: Sequence[str], workspace: str) -> Collected:
    """Like :func:`collect`, but the problems are returned together with what was found."""
    parsed = PackageLines.parse(line.replace(os.sep, "/") for line in lines)
    search = _Search(workspace=Path(workspace).absolute(), lines=parsed)
    if not parsed.named:
        search.problems.append(messages.no_line(only_left_out=bool(parsed.left_out)))
    for pattern in parsed.left_out:
        mistake = messages.mistake_in(f"!{pattern}", search.exists)
        if mistake is not None and messages.would_match_the_opposite(pattern) and not search.exists(pattern):
            search.problems.append(mistake)
        else:
            _find_left_out(search, pattern)
    for line in parsed.named:
        _look(search, line)
    for candidate in tuple(search.candidates.values()):
        for attestation in (Path(candidate.path + suffix) for suffix in ATTESTATION_SUFFIXES):
            if os.path.lexists(attestation):  # whether or not a glob matches it too
                _file(search, candidate.line, attestation)
    for folder in search.folders:
        _look_below(search, folder)
    _judge_left_out(search)
    return Collected(
        candidates=_sorted(search.candidates.values()),
        attestations=_sorted(search.attestations.values()),
        ignored=tuple(sorted(search.ignored)),
        left_out=tuple(sorted((Path(path).name, pattern) for path, pattern in search.left_out.items())),
        warnings=tuple(search.warnings),
        problems=tuple(search.problems),
    )


def _sorted(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=lambda candidate: (candidate.filename, candidate.path)))


def _find_left_out(search: _Search, pattern: str) -> None:
    """What a pattern with a slash matches; a pattern without one is compared with every name."""
    if "/" not in pattern:
        return
    try:
        if search.exists(pattern):
            found = [search.workspace / pattern]
        else:
            found = PatternSearch().paths(search.workspace, pattern)
    except TooManyEntries:
        search.problems.append(messages.too_many(f"!{pattern}", MOST_ENTRIES))
        return
    for path in found:
        search.paths_left_out.setdefault(os.path.normcase(os.path.normpath(path)), pattern)


def _judge_left_out(search: _Search) -> None:
    """Patterns that exclude everything or nothing."""
    names = sorted({Path(path).name for path in search.left_out})
    if names and not search.candidates and not search.problems:
        search.problems.append(messages.all_left_out(search.lines.left_out, names))
    for pattern in search.lines.left_out:
        if pattern not in {*search.left_out.values(), *search.paths_left_out.values()}:
            search.warnings.append(messages.pattern_without_match(pattern, search.exists))


def _look(search: _Search, line: str) -> None:
    search.pattern = PatternSearch()
    try:
        _look_bounded(search, line)
    except TooManyEntries:
        search.problems.append(messages.too_many(line, MOST_ENTRIES))


def _look_bounded(search: _Search, line: str) -> None:
    path = search.workspace / line
    if _is_folder(path):
        _folder(search, line, path)
    elif os.path.lexists(path):
        _file(search, line, path)
    elif glob.has_magic(line):
        _globbed(search, line)
    elif (error := _forbidden(path)) is not None:
        search.problems.append(messages.unreadable("", search.shown(path), error))
    else:
        nearby = _names(search, path.parent)
        search.problems.append(messages.mistake_in(line, search.exists) or messages.missing(line, nearby))


def _forbidden(path: Path) -> OSError | None:
    """Why it is not known whether ``path`` exists, if this user may not look into a folder above it."""
    try:
        path.lstat()
    except PermissionError as error:
        return error
    except (OSError, ValueError):
        return None
    return None


def _is_folder(path: Path) -> bool:
    """``Path.is_dir``, but False where it raises: for a name that is too long, or a folder without permission."""
    return os.path.isdir(path)  # noqa: PTH112


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113


def _names(search: _Search, folder: Path) -> list[str]:
    try:
        return [entry.name for entry in search.pattern.entries(folder)]
    except OSError:
        return []


def _folder(search: _Search, line: str, folder: Path) -> None:
    try:
        paths = [Path(entry.path) for entry in search.pattern.entries(folder)]
    except OSError as error:
        search.problems.append(messages.unreadable("", search.shown(folder), error))
        return
    search.ignored.update(path.name for path in paths if path.name.startswith(".") and _is_file(path))
    shown = [path for path in paths if not path.name.startswith(".")]
    taken = [_listed(search, line, path) for path in shown]
    search.folders.append(
        _Folder(
            line=line,
            path=folder,
            names=[path.name for path in shown],
            has_distributions=any(taken),
            others=[path.name for path in shown if _looks_like_a_release(path) and not _is_published(path.name)],
        )
    )


def _look_below(search: _Search, folder: _Folder) -> None:
    """Files in subfolders that the line does not publish: an error for files of the release, else a warning."""
    releases = {release_of(candidate.filename) for candidate in search.candidates.values()} - {None}
    taken = {candidate.filename for candidate in search.candidates.values()}
    below = [path for path in _files_below(folder.path) if not search.leaves_out(path)]
    below = [path for path in below if os.path.normpath(path) not in search.looked_at]
    forgotten = [path for path in below if _is_published(path.name)]
    if folder.has_distributions:
        forgotten = [path for path in forgotten if path.name not in taken and release_of(path.name) in releases]
    shown = search.shown(folder.path)
    if forgotten:
        files = [(search.shown(path.parent), path.name) for path in forgotten]
        search.problems.append(messages.nested(search.lines, shown, files, none_above=not folder.has_distributions))
    elif not folder.has_distributions and not _has_candidates(search, folder.path):
        search.problems.append(messages.empty(shown, folder.names))
    others = [name for name in folder.others if not search.leaves_out(folder.path / name)]
    others += [search.shown(path) for path in below if path not in forgotten and path.name not in taken]
    if others:
        search.warnings.append(messages.left_behind(shown, others))


def _has_candidates(search: _Search, folder: Path) -> bool:
    """Whether other lines publish or exclude the distributions in or below a folder."""
    inside = os.path.normpath(folder) + os.sep
    return any(path.startswith(inside) for path in (*search.candidates, *search.left_out))


def _files_below(folder: Path) -> list[Path]:
    """Files below a folder that look like release files; hidden folders and links are not entered."""
    try:
        found = PatternSearch().paths(folder, "**")
    except TooManyEntries:  # much more than distributions
        return []
    return [path for path in found if path.parent != folder and _looks_like_a_release(path)]


def _globbed(search: _Search, line: str) -> None:
    paths = [] if messages.would_match_the_opposite(line) else search.pattern.paths(search.workspace, line)
    before = len(search.left_out)
    if sum(_listed(search, line, path) for path in paths) or len(search.left_out) > before:
        return
    folders = [search.shown(path) for path in paths if _is_folder(path)]
    mistake = None if paths else messages.mistake_in(line, search.exists)
    search.problems.append(mistake or messages.no_match(line, len(paths), folders))


def _listed(search: _Search, line: str, path: Path) -> bool:
    """Record a path from a folder or a glob; returns whether it has the name of a distribution."""
    if path.name.lower().endswith((*PUBLISHED, *ATTESTATION_SUFFIXES)) and not path.name.startswith("._"):
        if search.leaves_out(path):
            return False
        _file(search, line, path)
        return not path.name.endswith(ATTESTATION_SUFFIXES)
    if _is_file(path) and not search.leaves_out(path):
        search.ignored.add(path.name)
    return False


def _is_published(name: str) -> bool:
    return name.lower().endswith(PUBLISHED)


def _looks_like_a_release(path: Path) -> bool:
    """Whether it is a visible file with such a name; the AppleDouble files of macOS count as hidden."""
    named_like_it = path.name.lower().endswith(LOOK_LIKE_RELEASES) and not path.name.startswith(".")
    return named_like_it and _is_file(path) and not path.is_symlink()


def _file(search: _Search, line: str, path: Path) -> None:
    kept = search.attestations if path.name.endswith(ATTESTATION_SUFFIXES) else search.candidates
    key = os.path.normpath(path)
    if key in search.looked_at or search.leaves_out(path):
        return
    search.looked_at.add(key)
    shown = search.shown(path)
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            search.problems.append(messages.symlink(path.name, shown, dangling=not path.exists()))
        elif not stat.S_ISREG(found.st_mode):
            search.problems.append(messages.not_regular(path.name, shown, is_folder=stat.S_ISDIR(found.st_mode)))
        else:
            kept[key] = _candidate(path, line)
    except OSError as error:
        search.problems.append(messages.unreadable(path.name, shown, error))


def _candidate(path: Path, line: str) -> Candidate:
    """Open the file once to make sure that it can be read. Raises OSError."""
    with _opened(path) as file:
        identity = _identity(file.fileno())
    return Candidate(
        path=str(path),
        filename=path.name,
        line=line,
        identity=identity,
        open=partial(open_unchanged, str(path), identity),
    )


def _opened(path: str | Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | _NO_FOLLOW), "rb")


def _identity(descriptor: int) -> FileIdentity:
    found = os.fstat(descriptor)
    return FileIdentity(device=found.st_dev, inode=found.st_ino, size=found.st_size, mtime_ns=found.st_mtime_ns)


def open_unchanged(path: str, identity: FileIdentity) -> BinaryIO:
    """The file of ``identity``, opened without following a link.

    Raises OSError when it cannot be opened, and with ``errno.ESTALE`` when it is not the same untouched file.
    """
    file = _opened(path)
    if _identity(file.fileno()) != identity:
        file.close()
        raise OSError(errno.ESTALE, "the file was changed since it was found")
    return file
