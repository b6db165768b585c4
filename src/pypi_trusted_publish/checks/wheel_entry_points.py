"""``entry_points.txt`` of a wheel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..formatting import quoted
from .model import OBSERVED, Finding, Rule

if TYPE_CHECKING:
    import configparser

WHEEL_ENTRY_POINTS_MALFORMED: Final = Rule(
    code="wheel-entry-points-malformed",
    statement="`entry_points.txt` is UTF-8 without a byte-order mark, an INI file with `=` as its only delimiter and "
    "no name twice.",
    source="Entry points specification, file format (packaging.python.org); " + OBSERVED,
    meaning="The index refuses the file and says only `invalid entry points`.",
    fix="Declare entry points as `[project.scripts]`, `[project.gui-scripts]` and `[project.entry-points]` in "
    "`pyproject.toml`; the backend then writes the file.",
)


WHEEL_ENTRY_POINT_NAME: Final = Rule(
    code="wheel-entry-point-name",
    statement="Names of console and GUI scripts are made of letters, digits, underscores, dots and dashes.",
    source="Entry points specification, data model (packaging.python.org); " + OBSERVED,
    meaning="The index refuses the file and says only `invalid entry points`.",
    fix="Rename the script in `[project.scripts]` (a blank, a slash or an extra in the name is not allowed) and build "
    "again.",
)

_SCRIPT_NAME: Final = re.compile(r"[\w.-]+")
_SCRIPT_SECTIONS: Final = ("console_scripts", "gui_scripts")


def entry_point_findings(filename: str, data: bytes) -> Iterator[Finding]:
    """What is wrong with the bytes of the file.

    Keys of a ``[DEFAULT]`` section count as scripts when there is a section of scripts: that is how INI files work.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        yield _malformed(filename, f"is not UTF-8 (byte 0x{data[error.start]:02x} at offset {error.start})")
        return
    parser = _parse(text)
    if isinstance(parser, str):
        yield _malformed(filename, parser)
        return
    for section in _SCRIPT_SECTIONS:
        for name in _keys(parser, section):
            if _SCRIPT_NAME.fullmatch(name) is None:
                yield WHEEL_ENTRY_POINT_NAME.finding(filename, f"The script {quoted(name)} in [{section}].")


def _keys(parser: configparser.ConfigParser, section: str) -> tuple[str, ...]:
    return tuple(parser[section]) if parser.has_section(section) else ()


def _malformed(filename: str, phrase: str) -> Finding:
    return WHEEL_ENTRY_POINTS_MALFORMED.finding(filename, f"entry_points.txt {phrase}.")


def _parse(text: str) -> configparser.ConfigParser | str:
    """The file's sections, or the phrase that says why it cannot be read."""
    import configparser

    class Parser(configparser.ConfigParser):
        """Names keep their case."""

        def optionxform(self, optionstr: str) -> str:
            return optionstr

    parser = Parser(delimiters=("=",))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        return _why(error, text)
    return parser


def _why(error: configparser.Error, text: str) -> str:
    import configparser

    if isinstance(error, configparser.MissingSectionHeaderError):
        first = f"has no [section] before line {error.lineno}"
        return "starts with a byte-order mark" if text.startswith("\ufeff") else first
    if isinstance(error, configparser.DuplicateSectionError):
        return f"has the section [{error.section}] twice (line {error.lineno})"
    if isinstance(error, configparser.DuplicateOptionError):
        return f"has {quoted(error.option)} twice in [{error.section}] (line {error.lineno})"
    lines = ", ".join(str(number) for number, *_ in getattr(error, "errors", ())[:3])
    return f"cannot be read: no `name = value` in line {lines or '?'}"
