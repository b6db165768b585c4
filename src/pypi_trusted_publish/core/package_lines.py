"""The lines of ``packages-dir``, and the messages about wrong ones."""

from __future__ import annotations

import glob
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from ..errors import Cure, Diagnosis, Severity
from ..formatting import count_text, listed
from ..values import dataclass

_FEW: Final = 5
_MANY: Final = 20
"""Names in a message."""
_NEW_RUN: Final = "Then start a new run: a re-run uses the workflow of its commit."
_BRACES: Final = re.compile(r"\{([^{}]*,[^{}]*)\}")
_MOST_EXPANDED: Final = 20
_UNEXPANDED: Final = re.compile(r"~/|\$\{?\w+\}?|%\w+%")
_DOWNLOAD: Final = "`actions/download-artifact` makes a folder for each artifact unless `merge-multiple: true` is set."


@dataclass(frozen=True, kw_only=True)
class PackageLines:
    """The lines of the input by their effect."""

    named: tuple[str, ...]
    """Folders, files and globs."""
    left_out: tuple[str, ...]
    """Patterns, written with a leading ``!``, for the name of a file, or for its path if they have a slash."""

    @classmethod
    def parse(cls, lines: Iterable[str]) -> PackageLines:
        """Sort the lines; surrounding white space is ignored."""
        stripped = [line.strip() for line in lines if line.strip()]
        return cls(
            named=tuple(line for line in stripped if not line.startswith("!")),
            left_out=tuple(pattern for line in stripped if line.startswith("!") and (pattern := line[1:].strip())),
        )


def release_of(filename: str) -> tuple[NormalizedName, Version] | None:
    """Project and version in the name of a wheel or an sdist, whatever its case; None for any other name."""
    lowered = filename.lower()
    try:
        if lowered.endswith(".whl"):
            return parse_wheel_filename(filename[:-4] + ".whl")[:2]
        if lowered.endswith(".tar.gz"):
            return parse_sdist_filename(filename[:-7] + ".tar.gz")
    except (InvalidWheelFilename, InvalidSdistFilename, ValueError):
        pass
    return None


def no_line(*, only_left_out: bool) -> Diagnosis:
    """Nothing was named at all."""
    return Diagnosis(
        code="packages-dir-blank",
        message="`packages-dir` only says what to leave out."
        if only_left_out
        else "No folder, file or glob was named.",
        fix="Name the folder of the distributions on a line of its own, such as `dist`.",
        cure=Cure.WORKFLOW,
    )


def mistake_in(line: str, exists: Callable[[str], bool]) -> Diagnosis | None:
    """The diagnosis of a mistake in a line that names nothing; None without a known mistake.

    ``exists`` says whether there is a file or folder of that name.
    """
    message, meant = _mistake(line, exists) or ("", [])
    if not message:
        return None
    return Diagnosis(
        code="packages-dir-pattern",
        message=f"The line {line!r} matches nothing: {message}.",
        fix=f"Write the line as shown below. {_NEW_RUN}" if meant else f"Correct the line. {_NEW_RUN}",
        snippet=_input(meant) if meant else "",
        file=line,
        cure=Cure.WORKFLOW,
    )


def would_match_the_opposite(pattern: str) -> bool:
    """Whether it has ``[^...]``: to a shell that excludes characters, and here it names them."""
    return "[^" in pattern


def _mistake(line: str, exists: Callable[[str], bool]) -> tuple[str, list[str]] | None:
    """The first mistake that fits, and the lines that are correct."""
    for fits, message, meant in _MISTAKES:
        if fits(line):
            return message, meant(line)
    for what, parts in (("commas do", line.split(",")), ("spaces do", line.split())):
        paths = [part.strip() for part in parts if part.strip()]
        if len(paths) > 1 and (all(map(exists, paths)) or any(map(_is_clearly_a_path, paths))):
            return f"{what} not separate patterns, line breaks do", paths[:_MOST_EXPANDED]
    return None


def _is_clearly_a_path(text: str) -> bool:
    return glob.has_magic(text) or text.lower().endswith((".whl", ".tar.gz"))


def _expanded(line: str) -> list[str]:
    """The lines that a shell would make of braces."""
    pieces = _BRACES.split(line)
    choices = [piece.split(",") if number % 2 else [piece] for number, piece in enumerate(pieces)]
    return ["".join(parts) for parts in itertools.islice(itertools.product(*choices), _MOST_EXPANDED)]


_MISTAKES: Final[tuple[tuple[Callable[[str], object], str, Callable[[str], list[str]]], ...]] = (
    (
        lambda line: len(line) > 1 and line[0] == line[-1] and line[0] in "'\"`",
        "quotes count as part of the name",
        lambda line: [line[1:-1]],
    ),
    (
        lambda line: line.startswith("- "),
        "the input is text with one path on each line, not a YAML list",
        lambda line: [line[2:].strip()],
    ),
    (
        would_match_the_opposite,
        "`[^...]` is how a shell excludes characters; here it is `[!...]`",
        lambda line: [line.replace("[^", "[!")],
    ),
    (_BRACES.search, "braces are not expanded", _expanded),
    (
        _UNEXPANDED.search,
        "variables and `~` are not expanded; an expression such as `${{ github.workspace }}` is",
        lambda _: [],
    ),
    (lambda line: "\\" in line, "a path is written with `/`", lambda line: [line.replace("\\", "/")]),
)
"""How a line is recognized, what is wrong with it, and the lines that were meant."""


def missing(line: str, names: Sequence[str]) -> Diagnosis:
    """A line that matches nothing."""
    nearby = f" Next to it are: {', '.join(names[:_FEW])}." if names else ""
    cause = "The step that builds or downloads the distributions did not run in this job, or put them elsewhere."
    fix = "Download the artifact of the build job into that folder, or name the folder where it is."
    last = _composed(line.rstrip("/").rpartition("/")[2])
    if any(_composed(name) == last for name in names):
        cause = "A name that looks the same is there, but only one of the two has its accents as separate characters."
        fix = "Use a name without accents, in the step that makes it and in this line."
    return Diagnosis(
        code="packages-dir-missing",
        message=f"There is no folder or file {line!r}.",
        likely_cause=f"{cause}{nearby}",
        fix=fix,
        file=line,
        snippet="- uses: actions/download-artifact@<sha>\n  with:\n    name: distributions\n    path: dist/",
        cure=Cure.WORKFLOW,
    )


def _composed(name: str) -> str:
    """The name with each accent and its letter as one character, which macOS does not distinguish."""
    return unicodedata.normalize("NFC", name)


def empty(folder: str, names: Sequence[str]) -> Diagnosis:
    """A folder without distributions."""
    what = f"it contains only {', '.join(names[:_FEW])}" if names else "it is empty"
    return Diagnosis(
        code="packages-dir-empty",
        message=f"The folder {folder!r} contains no distribution: {what}.",
        likely_cause="The build wrote its files elsewhere, or the artifact was downloaded to another folder.",
        fix="Build with `python -m build`, or name the folder in which the .whl and .tar.gz files are.",
        file=folder,
        cure=Cure.NEW_BUILD,
    )


def no_match(line: str, matched: int, folders: Sequence[str]) -> Diagnosis:
    """A glob that matches no distribution."""
    found = f"matches {count_text(matched, 'path')}, but no distribution" if matched else "matches nothing"
    hint = f" It matches the folder {folders[0]!r}: name the folder itself." if folders else ""
    return Diagnosis(
        code="packages-dir-no-match",
        message=f"The line {line!r} {found}.",
        likely_cause=f"The files are elsewhere or have other names.{hint}",
        fix="Correct the line, or remove it.",
        file=line,
        cure=Cure.WORKFLOW,
    )


def all_left_out(patterns: Sequence[str], names: Sequence[str]) -> Diagnosis:
    """The patterns leave nothing to publish."""
    return Diagnosis(
        code="packages-dir-all-left-out",
        message=f"The lines that start with `!` leave out every distribution: {listed(tuple(names), _FEW)}.",
        likely_cause=f"A pattern matches more than it should: {', '.join(f'!{pattern}' for pattern in patterns)}."
        " One without a slash is compared with the name of each file, one with a slash with its path.",
        fix=f"Make the pattern match less, or remove it. {_NEW_RUN}",
        cure=Cure.WORKFLOW,
    )


def nested(lines: PackageLines, folder: str, files: Sequence[tuple[str, str]], *, none_above: bool) -> Diagnosis:
    """Distributions of the release below a folder that a line names.

    ``files``: the folder and the name of each. ``none_above``: the named folder itself contains no distribution.
    """
    levels = tuple(dict.fromkeys(level for level, _ in files))
    kept = [line for line in lines.named if not (none_above and line.rstrip("/") == folder)]
    patterns = [f"!{pattern}" for pattern in lines.left_out]
    with_them = _input([*kept, *(level for level in levels if level not in kept), *patterns])
    without_them = _input([*lines.named, *patterns, *(f"!{level}/*" for level in levels)])
    names = listed(tuple(f"{level}/{name}" for level, name in files), _MANY)
    where = "only in folders below it" if none_above else "in folders below it, which would not be published"
    return Diagnosis(
        code="packages-dir-nested",
        message=f"The folder {folder!r} contains {count_text(len(files), 'distribution')} {where}: {names}.",
        likely_cause=_DOWNLOAD,
        fix="Name the folders too, or merge the artifacts when they are downloaded"
        + (f". {_NEW_RUN}" if none_above else f", or leave the files out. {_NEW_RUN}"),
        snippet=with_them if none_above else f"{with_them}\n\n# or, to leave them out:\n{without_them}",
        file=folder,
        cure=Cure.WORKFLOW,
    )


def left_behind(folder: str, names: Sequence[str]) -> Diagnosis:
    """What looks like a release file next to or below the distributions, and is not published."""
    return Diagnosis(
        code="packages-dir-left-behind",
        message=f"{count_text(len(names), 'file')} in or below {folder!r} will not be published:"
        f" {listed(tuple(names), _MANY)}.",
        likely_cause="Only wheels (.whl) and source distributions (.tar.gz) in the folders that `packages-dir` names"
        " are published; the index takes no other format.",
        fix="If they belong to the release, name their folder in `packages-dir`; else remove them, or leave them out"
        " with a line that starts with `!`.",
        file=folder,
        severity=Severity.WARNING,
    )


def pattern_without_match(pattern: str, exists: Callable[[str], bool]) -> Diagnosis:
    """A line that leaves out nothing."""
    mistake = _mistake(pattern, exists)
    return Diagnosis(
        code="packages-dir-nothing-left-out",
        message=f"The line {'!' + pattern!r} leaves out nothing" + (f": {mistake[0]}." if mistake else "."),
        likely_cause="The file has another name, or is in another folder. A pattern without a slash is compared with"
        " the name of each file, one with a slash with its path in the workspace.",
        fix="Correct the line, or remove it.",
        severity=Severity.WARNING,
    )


def too_many(line: str, most: int) -> Diagnosis:
    """A line that leads to more than any release has."""
    return Diagnosis(
        code="packages-dir-too-many",
        message=f"The line {line!r} searches more than {most} files and folders.",
        likely_cause="A `**` starts at a folder that contains far more than distributions.",
        fix="Name the folder that contains the distributions, such as `dist`.",
        file=line,
        cure=Cure.WORKFLOW,
    )


def symlink(name: str, path: str, *, dangling: bool) -> Diagnosis:
    """A link instead of a file."""
    return Diagnosis(
        code="packages-dir-symlink",
        message=f"{path!r} is a symbolic link{' to nothing' if dangling else ''}, not a file.",
        likely_cause="The target of a link could change between the check and the upload.",
        fix="Copy the file itself into the folder.",
        file=name,
        cure=Cure.NEW_BUILD,
    )


def not_regular(name: str, path: str, *, is_folder: bool) -> Diagnosis:
    """Something that has the name of a distribution and is not a file."""
    return Diagnosis(
        code="packages-dir-not-a-file",
        message=f"{path!r} is {'a folder' if is_folder else 'not a regular file'}, not a distribution.",
        fix="Pack it with a build backend, or remove it from the folder.",
        file=name,
        cure=Cure.NEW_BUILD,
    )


def unreadable(name: str, path: str, error: OSError) -> Diagnosis:
    """A file that cannot be read."""
    return Diagnosis(
        code="packages-dir-unreadable",
        message=f"{path!r} cannot be read: {error.strerror or 'unknown reason'}.",
        likely_cause="An earlier step wrote it as another user; on Windows, a process may still have it open."
        if isinstance(error, PermissionError)
        else "",
        fix="Let an earlier step give the user that runs this one the permission to read it.",
        file=name,
        cure=Cure.WORKFLOW,
    )


def _input(lines: Iterable[str]) -> str:
    return "packages-dir: |\n" + "\n".join(f"  {line}" for line in lines)
