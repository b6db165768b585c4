"""The adapter that looks for distributions where the user says: which files there are, and how each is opened."""

from __future__ import annotations

import errno
import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from ..checks.filename import ATTESTATION_SUFFIXES, SDIST_SUFFIX, WHEEL_SUFFIX
from ..checks.model import Candidate, FileIdentity
from ..errors import Diagnosis, DistributionError
from .patterns import MOST_ENTRIES, PatternSearch, TooManyEntries

_SHOWN = 5


def _diagnosis(
    code: str, message: str, *, likely_cause: str = "", fix: str = "", snippet: str = "", file: str = ""
) -> Diagnosis:
    return Diagnosis(
        code=code,
        message=message,
        likely_cause=likely_cause,
        fix=fix,
        snippet=snippet,
        file=file,
    )


def no_line() -> Diagnosis:
    """Nothing was named at all."""
    return _diagnosis(
        "packages-dir-blank",
        "No folder, file or glob was named.",
        fix="Name the folder of the distributions, such as `dist`.",
    )


def missing(line: str, names: Sequence[str]) -> Diagnosis:
    """A line that names nothing."""
    beside = f" Beside it there are: {', '.join(names[:_SHOWN])}." if names else ""
    return _diagnosis(
        "packages-dir-missing",
        f"There is no folder or file {line!r}.",
        likely_cause=f"The step that builds or downloads the distributions did not run in this job, or puts them "
        f"elsewhere.{beside}",
        fix="Download the artifact of the build job into that folder, or name the folder where it is.",
        file=line,
        snippet="- uses: actions/download-artifact@<sha>\n  with:\n    name: distributions\n    path: dist/",
    )


def empty(folder: str, names: Sequence[str]) -> Diagnosis:
    """A folder without distributions."""
    what = f"it holds only {', '.join(names[:_SHOWN])}" if names else "it is empty"
    return _diagnosis(
        "packages-dir-empty",
        f"The folder {folder!r} holds no distribution: {what}.",
        likely_cause="The build wrote its files elsewhere, or the artifact was downloaded to another folder.",
        fix="Build with `python -m build`, or name the folder in which the .whl and .tar.gz files are.",
        file=folder,
    )


def only_nested(folder: str, nested: Sequence[str]) -> Diagnosis:
    """A folder whose distributions lie deeper."""
    return _diagnosis(
        "packages-dir-nested",
        f"The folder {folder!r} holds no distribution itself; {len(nested)} folders below it do.",
        likely_cause=(
            "`actions/download-artifact` makes a folder for each artifact unless `merge-multiple: true` is set."
        ),
        fix="Name the folders that hold the files, or merge the artifacts when they are downloaded.",
        snippet="packages-dir: |\n" + "\n".join(f"  {path}" for path in nested[:_SHOWN]),
        file=folder,
    )


def no_match(line: str, matched: int, folders: Sequence[str]) -> Diagnosis:
    """A glob that matches no distribution."""
    found = f"matches {matched} paths, none of them a distribution" if matched else "matches nothing"
    hint = f" It matches the folder {folders[0]!r}: name the folder itself." if folders else ""
    return _diagnosis(
        "packages-dir-no-match",
        f"The line {line!r} {found}.",
        likely_cause=f"The files are elsewhere or called otherwise.{hint}",
        fix="Correct the line, or leave it out.",
        file=line,
    )


def too_many(line: str) -> Diagnosis:
    """A line that would have us look at more than any release has."""
    return _diagnosis(
        "packages-dir-too-many",
        f"The line {line!r} leads through more than {MOST_ENTRIES} files and folders.",
        likely_cause="A `**` begins at a folder that holds much more than distributions.",
        fix="Name the folder that holds the distributions, such as `dist`.",
        file=line,
    )


def symlink(name: str, path: str, *, dangling: bool) -> Diagnosis:
    """A link instead of a file."""
    return _diagnosis(
        "packages-dir-symlink",
        f"{path!r} is a symbolic link{' to nothing' if dangling else ''}, not a file.",
        likely_cause="A link could be turned to other bytes between the check and the upload.",
        fix="Copy the file itself into the folder.",
        file=name,
    )


def not_regular(name: str, path: str, *, is_folder: bool) -> Diagnosis:
    """Something that is called like a distribution and is no file."""
    return _diagnosis(
        "packages-dir-not-a-file",
        f"{path!r} is {'a folder' if is_folder else 'not a regular file'}, not a distribution.",
        fix="Pack it with a build backend, or remove it from the folder.",
        file=name,
    )


def unreadable(name: str, path: str, error: OSError) -> Diagnosis:
    """The operating system does not let us."""
    return _diagnosis(
        "packages-dir-unreadable",
        f"{path!r} cannot be read: {error.strerror or 'unknown reason'}.",
        fix="Give the user that runs this step the permission to read it.",
        file=name,
    )


PUBLISHED: Final = (WHEEL_SUFFIX, SDIST_SUFFIX)
"""What is published of a folder; other files are named and ignored."""
JUDGED: Final = (
    *(*PUBLISHED, ".zip", ".egg", ".tgz", ".tar", ".tar.bz2", ".tbz2", ".tar.xz", ".tar.z", ".tar.zst"),
    *(".exe", ".msi", ".rpm", ".deb", ".dmg"),
)
"""What ``check`` takes for a distribution: formats of the past too, which the index refuses."""
_NESTED_DEPTH: Final = 3
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What the lines named."""

    candidates: tuple[Candidate, ...]
    """Sorted by file name."""
    attestations: tuple[Candidate, ...]
    """Attestation files, sorted: those that the lines name, and those beside the distributions, named or not."""
    ignored: tuple[str, ...]
    """Names of other files, sorted."""
    problems: tuple[Diagnosis, ...] = ()
    """Everything that is wrong with the lines and the files; empty for what :func:`collect` returns."""


@dataclass(kw_only=True)
class _Search:
    """What was found so far."""

    workspace: Path
    suffixes: tuple[str, ...]
    candidates: dict[str, Candidate] = field(default_factory=dict)
    attestations: dict[str, Candidate] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    looked_at: set[str] = field(default_factory=set)
    """Paths of files that were judged, each of them once."""
    pattern: PatternSearch = field(default_factory=PatternSearch)
    """The search of the line that is being read, which ends by count."""
    problems: list[Diagnosis] = field(default_factory=list)

    def shown(self, path: Path) -> str:
        """The path as messages tell it: relative to the workspace where it is inside."""
        return str(path.relative_to(self.workspace) if path.is_relative_to(self.workspace) else path)


def collect(lines: Sequence[str], workspace: str) -> Collected:
    """The distributions that the lines of ``packages-dir`` name, relative to ``workspace``.

    A line is a folder, a file or a glob. Raises DistributionError with every problem.
    """
    found = survey(lines, workspace, suffixes=PUBLISHED)
    if found.problems:
        raise DistributionError(*found.problems)
    return found


def survey(lines: Sequence[str], workspace: str, *, suffixes: tuple[str, ...] = JUDGED) -> Collected:
    """As :func:`collect`, but problems are returned with what was found beside them."""
    search = _Search(workspace=Path(workspace).absolute(), suffixes=suffixes)
    stripped = [line.strip() for line in lines if line.strip()]
    if not stripped:
        search.problems.append(no_line())
    for line in stripped:
        _look(search, line)
    for candidate in tuple(search.candidates.values()):
        for beside in (Path(candidate.path + suffix) for suffix in ATTESTATION_SUFFIXES):
            if os.path.lexists(beside):  # whether or not a glob matches it too
                _file(search, candidate.line, beside)
    return Collected(
        candidates=_sorted(search.candidates.values()),
        attestations=_sorted(search.attestations.values()),
        ignored=tuple(sorted(search.ignored)),
        problems=tuple(search.problems),
    )


def _sorted(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=lambda candidate: (candidate.filename, candidate.path)))


def _look(search: _Search, line: str) -> None:
    search.pattern = PatternSearch()
    try:
        _look_bounded(search, line)
    except TooManyEntries:
        search.problems.append(too_many(line))


def _look_bounded(search: _Search, line: str) -> None:
    path = search.workspace / line
    if _is_folder(path):
        _folder(search, line, path)
    elif os.path.lexists(path):
        _file(search, line, path)
    elif glob.has_magic(line):
        _globbed(search, line)
    else:
        search.problems.append(missing(line, _names(search, path.parent)))


def _is_folder(path: Path) -> bool:
    """Say no where ``Path.is_dir`` raises: a name that is too long, a folder that may not be entered."""
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
        search.problems.append(unreadable("", search.shown(folder), error))
        return
    if sum(_listed(search, line, path) for path in paths):
        return
    nested = _nested(search, folder)
    search.problems.append(
        only_nested(search.shown(folder), nested)
        if nested
        else empty(search.shown(folder), [path.name for path in paths])
    )


def _globbed(search: _Search, line: str) -> None:
    paths = search.pattern.paths(search.workspace, line)
    if not sum(_listed(search, line, path) for path in paths):
        folders = [search.shown(path) for path in paths if _is_folder(path)]
        search.problems.append(no_match(line, len(paths), folders))


def _listed(search: _Search, line: str, path: Path) -> bool:
    """Take a path that a folder or a glob gave; whether it is called like a distribution."""
    if _named_like(path, (*search.suffixes, *ATTESTATION_SUFFIXES)):
        _file(search, line, path)
        return not path.name.endswith(ATTESTATION_SUFFIXES)
    if _is_file(path):
        search.ignored.add(path.name)
    return False


def _named_like(path: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether a name ends so and is not that of an AppleDouble file, in which macOS keeps the attributes of another."""
    return path.name.lower().endswith(suffixes) and not path.name.startswith("._")


def _file(search: _Search, line: str, path: Path) -> None:
    kept = search.attestations if path.name.endswith(ATTESTATION_SUFFIXES) else search.candidates
    key = os.path.normpath(path)
    if key in search.looked_at:
        return
    search.looked_at.add(key)
    shown = search.shown(path)
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            search.problems.append(symlink(path.name, shown, dangling=not path.exists()))
        elif not stat.S_ISREG(found.st_mode):
            search.problems.append(not_regular(path.name, shown, is_folder=stat.S_ISDIR(found.st_mode)))
        else:
            kept[key] = _candidate(path, line)
    except OSError as error:
        search.problems.append(unreadable(path.name, shown, error))


def _candidate(path: Path, line: str) -> Candidate:
    """Opens the file once, which proves that it can be read. Raises OSError."""
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


def _nested(search: _Search, folder: Path) -> tuple[str, ...]:
    """Folders below that hold distributions, as the user would write them."""
    return tuple(dict.fromkeys(search.shown(path.parent) for path in _below(search, folder, _NESTED_DEPTH)))


def _below(search: _Search, folder: Path, depth: int) -> Iterator[Path]:
    try:
        paths = [Path(entry.path) for entry in search.pattern.entries(folder)]
    except OSError:
        return
    for path in paths:
        if path.is_symlink():
            continue
        if _is_file(path) and _named_like(path, search.suffixes):
            yield path
        elif depth and _is_folder(path):
            yield from _below(search, path, depth - 1)
