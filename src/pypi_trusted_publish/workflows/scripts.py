"""The commands of a ``run:`` script, as far as they can be understood without a shell. Pure.

Expressions (``${{ ... }}``) are opaque words. What only a shell can decide (loops, conditions, functions, here
documents, substitutions that span commands) makes a command *complex*: it is never rewritten. In the shells of Windows
a backslash is part of a path; ``$env:NAME`` and ``%NAME%`` are their variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..values import dataclass

_COMPLEX: Final = frozenset(
    {"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "function", "select",
     "{", "}", "[[", "((", "eval", "trap", "source", ".", "pushd", "popd", "exit", "return", "foreach"}
)  # fmt: skip
_OPENING: Final = frozenset({"if", "for", "while", "until", "case", "{", "function", "foreach"})
_CLOSING: Final = frozenset({"fi", "done", "esac", "}"})
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$(?:\{?([A-Za-z_]\w*)\}?|env:([A-Za-z_]\w*))")
_WINDOWS_VARIABLE: Final = re.compile(r"\$(?:\{?env:)?([A-Za-z_]\w*)\}?|%([A-Za-z_]\w*)%", re.IGNORECASE)
_TOKENS: Final = r"""
    (?P<continued>CONTINUATION)
  | (?P<blank>[ \t]+)
  | (?P<end>\r?\n|;;?|&&|\|\||\||&(?!>))
  | (?P<comment>\#[^\n]*)
  | (?P<redirect>(?:\d|&)?(?:>>|>|<<<|<<-?|<)(?:&\d|[ \t]*))
  | (?P<word>(?:\$\{\{.*?\}\}|\$\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\$\{[^}\n]*\}|ESCAPED|'[^']*'
      |"(?:\$\{\{.*?\}\}|QUOTED)*"|PLAIN)+)
  | (?P<other>.)
    """
"""What the words in capitals stand for depends on the shell."""


def _tokens(**parts: str) -> re.Pattern[str]:
    pattern = _TOKENS
    for name, part in parts.items():
        pattern = pattern.replace(name, part)
    return re.compile(pattern, re.VERBOSE | re.DOTALL)


_TOKEN: Final = _tokens(CONTINUATION=r"\\\r?\n", ESCAPED=r"\\[^\n]", QUOTED=r"\\.|[^\"\\]", PLAIN=r"[^\s;&|<>\"'\\]")
_WINDOWS_TOKEN: Final = _tokens(
    CONTINUATION=r"[`^]\r?\n", ESCAPED=r"[`^][^\n]", QUOTED=r"`.|[^\"`]", PLAIN=r"[^\s;&|<>\"'`^]"
)
_PIECE: Final = re.compile(r"""\$\{\{.*?\}\}|'([^']*)'|"((?:\$\{\{.*?\}\}|\\.|[^"\\])*)"|\\(.)""", re.DOTALL)
_WINDOWS_PIECE: Final = re.compile(r"""\$\{\{.*?\}\}|'([^']*)'|"((?:\$\{\{.*?\}\}|`.|[^"`])*)"|[`^](.)""", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word of a command."""

    raw: str
    quoted: bool
    """Whether a part is quoted, so that the shell does not expand wildcards in it."""
    windows: bool = False
    """For a shell of Windows."""

    @property
    def text(self) -> str:
        """Without quotes."""
        return (_WINDOWS_PIECE if self.windows else _PIECE).sub(_unquoted, self.raw)

    @property
    def variables(self) -> tuple[str, ...]:
        """The shell variables in it."""
        bare = re.sub(r"\$\{\{.*?\}\}", "", self.raw, flags=re.DOTALL)
        pattern = _WINDOWS_VARIABLE if self.windows else _VARIABLE
        return tuple(one or other for one, other in pattern.findall(bare))

    @property
    def is_dynamic(self) -> bool:
        """Whether only a shell knows its value."""
        bare = re.sub(r"\$\{\{.*?\}\}|'[^']*'", "", self.raw, flags=re.DOTALL)
        return "$" in bare or (_WINDOWS_VARIABLE.search(bare) is not None if self.windows else "`" in bare)


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command of a script."""

    words: tuple[Word, ...]
    """Assignments before the command left out."""
    assignments: tuple[tuple[str, str], ...]
    start: int
    end: int
    """Its place in the script."""
    before: str
    """What joins it to the command before: a line end, ``;``, ``&&``, ``||``, ``|``; empty for the first."""
    after: str
    complex: bool
    """Whether only a shell can determine its effect."""
    redirected: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """The words without quotes."""
        return tuple(word.text for word in self.words)

    def text_from(self, number: int) -> str:
        """The words from one on, as they are written, with one blank between."""
        return " ".join(word.raw for word in self.words[number:])


@dataclass(frozen=True, kw_only=True)
class Script:
    """A script as commands and comments."""

    text: str
    commands: tuple[Command, ...]
    comments: tuple[tuple[int, str], ...]
    """Where each is, and its text from the ``#`` on."""


def read_script(text: str, *, windows: bool = False) -> Script:
    """The commands of a script, in order; ``windows``: it is for PowerShell or ``cmd``."""
    parser = _Parser(text, windows=windows)
    for token in (_WINDOWS_TOKEN if windows else _TOKEN).finditer(text):
        parser.take(token.lastgroup or "", token[0], token.start(), token.end())
    parser.end_command("")
    return Script(text=text, commands=tuple(parser.commands), comments=tuple(parser.comments))


class _Parser:
    """Builds commands from tokens."""

    def __init__(self, text: str, *, windows: bool) -> None:
        self._text = text
        self._windows = windows
        self._words: list[Word] = []
        self._start = self._end = 0
        self._before = ""
        self._depth = 0
        """Of the conditions, loops and groups around."""
        self._broken = False
        """Record syntax that only a shell can read; nothing after it is certain."""
        self._redirected = self._takes_target = False
        self.commands: list[Command] = []
        self.comments: list[tuple[int, str]] = []

    def take(self, kind: str, text: str, start: int, end: int) -> None:
        """Process the next token."""
        if kind == "end":
            self.end_command(text.strip() or "\n")
        elif kind == "comment" and (not self._words or self._text[start - 1].isspace()):
            self.comments.append((start, text.rstrip()))
        elif kind == "redirect":
            self._broken = self._broken or text.startswith("<<")
            self._takes_target = "&" not in text[1:]
            self._redirected = self._redirected or self._takes_target
            self._end = end
        elif kind in ("word", "comment", "other"):
            self._broken = self._broken or kind == "other"
            if not self._takes_target:
                if not self._words:
                    self._start = start
                quoted = kind == "other" or "'" in text or '"' in text
                self._words.append(Word(raw=text, quoted=quoted, windows=self._windows))
            self._takes_target = False
            self._end = end

    def end_command(self, sign: str) -> None:
        """End the current command, if any."""
        if self._words:
            self.commands.append(self._command(sign))
            self._before = sign
        elif sign != "\n":
            self._before = sign
        self._words, self._redirected, self._takes_target = [], False, False

    def _command(self, after: str) -> Command:
        rest = list(self._words)
        assignments = []
        while rest and (found := _ASSIGNMENT.fullmatch(rest[0].raw)):
            assignments.append((found[1], Word(raw=found[2], quoted=False).text))
            rest = rest[1:]
        first, last = (rest[0].raw, rest[-1].raw) if rest else ("", "")
        is_group = first.startswith("(") and last.endswith(")")
        opens = (first in _OPENING or first.startswith("(") or last == "{") and not is_group
        closes = (first in _CLOSING or (last.endswith(")") and self._depth > 0)) and not is_group
        is_complex = self._depth > 0 or opens or is_group or first in _COMPLEX or first.endswith("()") or self._broken
        self._depth = max(0, self._depth + opens - closes)
        return Command(
            words=tuple(rest),
            assignments=tuple(assignments),
            start=self._start,
            end=self._end,
            before=self._before,
            after=after,
            complex=is_complex,
            redirected=self._redirected,
        )


def _unquoted(piece: re.Match[str]) -> str:
    if piece[0].startswith("${{"):
        return piece[0]
    for group in (1, 2, 3):
        if piece[group] is not None:
            return piece[group]
    return ""


@dataclass(frozen=True, kw_only=True)
class Rest:
    """A script without some of its commands."""

    lines: tuple[tuple[str, int | None], ...]
    """Without empty lines at the ends; each with its number in the script where it is unchanged."""
    comments: dict[int, tuple[str, ...]]
    """Comments of removed commands, by the command's number."""


def without(script: Script, gone: frozenset[int]) -> Rest:
    """Remove commands from a script; every other line stays unchanged.

    A comment belongs to the command on its line, else to the next one.
    """
    kept: list[tuple[str, int | None]] = []
    comments: dict[int, list[str]] = {}
    position = 0
    for count, line in enumerate(script.text.splitlines(keepends=True)):
        start, end = position, position + len(line)
        position = end
        here = [n for n, c in enumerate(script.commands) if c.start < end and c.end > start]
        own = [(at, text) for at, text in script.comments if start <= at < end]
        following = next((n for n, c in enumerate(script.commands) if c.start >= end), None)
        owner = here[-1] if here else len(script.commands) - 1 if following is None else following
        if owner in gone and all(n in gone for n in here):
            comments.setdefault(owner, []).extend(text for _, text in own)
            if here and script.commands[here[0]].before in ("&&", ";") and kept:
                cut_line = re.sub(r"\s*(?:&&|;)?\s*\\?\s*$", "", kept[-1][0])
                kept[-1] = (cut_line, kept[-1][1] if cut_line == kept[-1][0] else None)
            if not here and not own:
                kept.append((text_of(line), count))
            continue
        text = text_of(line)
        for number in reversed(here):
            if number in gone:
                command = script.commands[number]
                others = [script.commands[n] for n in here if n != number]
                cut = max((c.end for c in others if c.end <= command.start), default=None)
                first = cut if cut is not None else command.start
                last = command.end if cut is not None else min(c.start for c in others if c.start > command.end)
                text = text[: first - start] + text[last - start :]
        kept.append((text, count) if text == text_of(line) else (text.rstrip(), None))
    while kept and not kept[-1][0].strip():
        kept.pop()
    while kept and not kept[0][0].strip():
        kept.pop(0)
    squeezed = [line for n, line in enumerate(kept) if not _is_gap(kept[n - 1], line)]
    return Rest(lines=tuple(squeezed), comments={n: tuple(found) for n, found in comments.items()})


def _is_gap(previous: tuple[str, int | None], line: tuple[str, int | None]) -> bool:
    """Whether a line is a second empty one, because what was between went."""
    if previous[0].strip() or line[0].strip():
        return False
    return previous[1] is None or line[1] is None or line[1] != previous[1] + 1


def text_of(line: str) -> str:
    """A line without its end."""
    return line.rstrip("\r\n")


def variables_in(text: str) -> Iterator[str]:
    """The names of the variables that a text may read, whatever its shell."""
    for pattern in (_VARIABLE, _WINDOWS_VARIABLE):
        yield from (one or other for one, other in pattern.findall(text))
