"""The refusals of an index: one table of answers, matched as a whole, each with its cure.

A row has the shape of a whole text, with its variable parts in braces: ``{name!r}`` is a string as a Python literal,
``{name:w}`` one word, ``{name:d}`` a number, ``{name}`` any text; ``<a|b>`` stands for one or more of these clauses,
separated by commas. The whole text must match, so that a name in it never selects a row. A row without a shape explains
a status, whatever the text.

The texts are those of PyPI's server unless ``software`` names another one.
"""

from __future__ import annotations

import ast
import enum
import re
from collections.abc import Mapping
from functools import cache
from string import Formatter
from typing import Any, Final

from ..errors import Cure
from ..values import dataclass
from .retry import RequestKind

PYPI_SOURCE: Final = "PyPI's server code (Warehouse), 2026-08-21"


class Effect(enum.Enum):
    """What an answer means for the request itself, in addition to its cure."""

    REFUSED = "refused"
    EXISTS = "exists"
    """The index has a file of this name, perhaps the same one, from an attempt that got no answer."""
    MAY_EXIST = "may exist"
    """A file of this name could be the reason, although the status alone does not say so."""
    TOKEN_EXPIRED = "token expired"  # noqa: S105  # not a password
    """A new token is likely to be accepted."""
    PUBLISHER_OUTRUN = "publisher outrun"
    """The next mint with a new identity token succeeds."""


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    """One answer. ``likely_cause`` and ``fix`` may name variable parts, and what :func:`.responses.explain` adds."""

    name: str
    """Stable and unique, lower case with hyphens."""
    request: RequestKind
    statuses: frozenset[int]
    code: str
    """The code of the diagnosis, which is the anchor in ``docs/troubleshooting.md``."""
    shapes: tuple[str, ...] = ()
    intercepted: bool = False
    """Only for an answer that does not come from the index itself; see :attr:`.responses.Answer.intercepted`."""
    likely_cause: str
    fix: str
    """What to correct; ``cure`` says how to run again."""
    cure: Cure
    effect: Effect = Effect.REFUSED
    software: str = "PyPI"
    source: str = PYPI_SOURCE


def upload_answer(name: str, status: int | frozenset[int], code: str, *shapes: str, **row: Any) -> AnswerRow:
    """Make a row of the upload endpoint; ``row`` has the other fields."""
    statuses = status if isinstance(status, frozenset) else frozenset({status})
    return AnswerRow(name=name, request=RequestKind.UPLOAD, statuses=statuses, code=code, shapes=shapes, **row)


def proxy_answer(request: RequestKind) -> AnswerRow:
    """Make the row of a proxy that requires credentials, which may answer any request."""
    return AnswerRow(
        name=f"{request.value}-proxy-credentials",
        request=request,
        statuses=frozenset({407}),
        code="proxy-credentials",
        likely_cause="A proxy on the way to the index requires credentials; the index itself never answers 407.",
        fix="Set a user name and password for the proxy in `https_proxy`, or list the host of the index in `no_proxy`.",
        cure=Cure.RUNNER,
        software="any",
        source="RFC 9110, 15.5.8",
    )


def fit(shape: str, text: str) -> Mapping[str, str] | None:
    """The variable parts of ``text``, by name, when the whole text has this shape; else None."""
    found = _pattern(shape).fullmatch(text)
    if found is None:
        return None
    return {name: _unquoted(value) for name, value in found.groupdict().items() if value is not None}


_LITERAL: Final = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|None"""
_KINDS: Final = {"": r".+?", "w": r"\S+", "d": r"\d+"}
_CLAUSES: Final = re.compile(r"<(.*)>")


@cache
def _pattern(shape: str) -> re.Pattern[str]:
    named: set[str] = set()
    clauses = _CLAUSES.search(shape)
    if clauses is None:
        return re.compile(_expression(shape, named), re.DOTALL)
    one = "|".join(_expression(clause, named) for clause in clauses.group(1).split("|"))
    again = "|".join(_expression(clause, None) for clause in clauses.group(1).split("|"))
    before, after = _expression(shape[: clauses.start()], named), _expression(shape[clauses.end() :], named)
    return re.compile(f"{before}(?:{one})(?:, (?:{again}))*{after}", re.DOTALL)


def _expression(shape: str, named: set[str] | None) -> str:
    """The regular expression of a shape; ``named`` collects the names of its parts."""
    parts: list[str] = []
    for text, name, kind, conversion in Formatter().parse(shape):
        parts.append(re.escape(text))
        if name is None:
            continue
        inner = _LITERAL if conversion == "r" else _KINDS[kind or ""]
        is_new = named is not None and name not in named
        parts.append(f"(?P<{name}>{inner})" if is_new else f"(?:{inner})")
        if named is not None:
            named.add(name)
    return "".join(parts)


def _unquoted(value: str) -> str:
    """The string of a literal; anything else unchanged."""
    if value[:1] not in {"'", '"'} or value[-1:] != value[:1]:
        return value
    if _OF_REPR.fullmatch(value) is None:  # newer Pythons would warn of an escape that they do not know
        return value[1:-1]
    try:
        return str(ast.literal_eval(value))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value[1:-1]


_OF_REPR: Final = re.compile(r"""(?:[^\\]|\\(?:[\\'"nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*""")
"""Text with no escapes except those that ``repr`` writes."""
