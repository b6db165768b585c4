"""What can be wrong with the lines of ``packages-dir`` and the files that they name."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import Diagnosis

_SHOWN = 5


def _diagnosis(
    code: str, happened: str, *, cause: str = "", remedy: str = "", paste: str = "", file: str = ""
) -> Diagnosis:
    return Diagnosis(
        code=code,
        happened=happened,
        cause=cause,
        remedy=remedy,
        paste=paste,
        file=file,
    )


def no_line() -> Diagnosis:
    """Nothing was named at all."""
    return _diagnosis(
        "packages-dir-blank",
        "No folder, file or glob was named.",
        remedy="Name the folder of the distributions, such as `dist`.",
    )


def missing(line: str, names: Sequence[str]) -> Diagnosis:
    """A line that names nothing."""
    beside = f" Beside it there are: {', '.join(names[:_SHOWN])}." if names else ""
    return _diagnosis(
        "packages-dir-missing",
        f"There is no folder or file {line!r}.",
        cause=f"The step that builds or downloads the distributions did not run in this job, or puts them "
        f"elsewhere.{beside}",
        remedy="Download the artifact of the build job into that folder, or name the folder where it is.",
        file=line,
        paste="- uses: actions/download-artifact@<sha>\n  with:\n    name: distributions\n    path: dist/",
    )


def empty(folder: str, names: Sequence[str]) -> Diagnosis:
    """A folder without distributions."""
    what = f"it holds only {', '.join(names[:_SHOWN])}" if names else "it is empty"
    return _diagnosis(
        "packages-dir-empty",
        f"The folder {folder!r} holds no distribution: {what}.",
        cause="The build wrote its files elsewhere, or the artifact was downloaded to another folder.",
        remedy="Build with `python -m build`, or name the folder in which the .whl and .tar.gz files are.",
        file=folder,
    )


def only_nested(folder: str, nested: Sequence[str]) -> Diagnosis:
    """A folder whose distributions lie deeper."""
    return _diagnosis(
        "packages-dir-nested",
        f"The folder {folder!r} holds no distribution itself; {len(nested)} folders below it do.",
        cause="`actions/download-artifact` makes a folder for each artifact unless `merge-multiple: true` is set.",
        remedy="Name the folders that hold the files, or merge the artifacts when they are downloaded.",
        paste="packages-dir: |\n" + "\n".join(f"  {path}" for path in nested[:_SHOWN]),
        file=folder,
    )


def no_match(line: str, matched: int, folders: Sequence[str]) -> Diagnosis:
    """A glob that matches no distribution."""
    found = f"matches {matched} paths, none of them a distribution" if matched else "matches nothing"
    hint = f" It matches the folder {folders[0]!r}: name the folder itself." if folders else ""
    return _diagnosis(
        "packages-dir-no-match",
        f"The line {line!r} {found}.",
        cause=f"The files are elsewhere or called otherwise.{hint}",
        remedy="Correct the line, or leave it out.",
        file=line,
    )


def symlink(name: str, path: str, *, dangling: bool) -> Diagnosis:
    """A link instead of a file."""
    return _diagnosis(
        "packages-dir-symlink",
        f"{path!r} is a symbolic link{' to nothing' if dangling else ''}, not a file.",
        cause="A link could be turned to other bytes between the check and the upload.",
        remedy="Copy the file itself into the folder.",
        file=name,
    )


def not_regular(name: str, path: str, *, is_folder: bool) -> Diagnosis:
    """Something that is called like a distribution and is no file."""
    return _diagnosis(
        "packages-dir-not-a-file",
        f"{path!r} is {'a folder' if is_folder else 'not a regular file'}, not a distribution.",
        remedy="Pack it with a build backend, or remove it from the folder.",
        file=name,
    )


def unreadable(name: str, path: str, error: OSError) -> Diagnosis:
    """The operating system does not let us."""
    return _diagnosis(
        "packages-dir-unreadable",
        f"{path!r} cannot be read: {error.strerror or 'unknown reason'}.",
        remedy="Give the user that runs this step the permission to read it.",
        file=name,
    )
