"""The inputs of all actions, each defined once: ``action.yml`` and the README's table are generated from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, TypeVar

from .core.manifest import ANY_MANIFEST, UnreadableManifest, parse_manifest
from .core.urls import IndexUrls, UnusableUrl
from .errors import Diagnosis, WorkflowError
from .formatting import quoted, read_version
from .sanitize import printable
from .values import dataclass

BOOLEANS: Final[Mapping[str, bool]] = MappingProxyType(
    {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
)
"""The six spellings of YAML 1.2's core schema; a wrapping action passes one of them."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of an action."""

    name: str
    default: str
    """As in ``action.yml``; empty when the default depends on the index or there is none."""
    meaning: str
    """One sentence."""
    parse: Callable[[str], object]
    """Converts a text that is not empty; raises :class:`_Wrong`."""
    old: str = ""
    """The old spelling, which still works; empty when there is none."""
    listed: bool = True
    """Whether its value is shown at the start of the transcript."""
    never_empty: bool = False
    """Whether an empty value is a mistake: the output of a skipped job is empty."""

    @property
    def variable(self) -> str:
        """The environment variable of the input."""
        return f"INPUT_{self.field.upper()}"

    @property
    def old_variable(self) -> str:
        """The environment variable of the old spelling; empty when there is none."""
        return f"INPUT_OLD_{self.old.upper()}" if self.old else ""

    @property
    def field(self) -> str:
        """The name of the attribute that holds its value."""
        return self.name.replace("-", "_")


class _Wrong(ValueError):
    """An invalid value; the text says what is valid, without quoting it."""


class _UnusableUrl(_Wrong):
    """The same for a URL, which is never quoted because it may contain credentials."""


_AUDIENCE: Final = re.compile(r"[!-~]{1,255}")
_SECONDS: Final = re.compile(r"[0-9]{1,5}")
_LONGEST_ENVIRONMENT: Final = 255
"""Characters; GitHub's limit for the name of an environment."""
_Kind = TypeVar("_Kind", bound="_Parsed")


def _text(text: str) -> str:
    return text


def _upload_url(text: str) -> str:
    try:
        return IndexUrls.parse(text).upload_url
    except UnusableUrl as problem:
        raise _UnusableUrl(problem.reason) from None


def _environment(text: str) -> str:
    if not printable(text.replace("\u200d", "")) or len(text) > _LONGEST_ENVIRONMENT:
        raise _Wrong("it must be the name of one environment: one line of at most 255 printable characters")
    return text


def _audience(text: str) -> str:
    if _AUDIENCE.fullmatch(text) is None:
        raise _Wrong("it must be one word of at most 255 printable ASCII characters")
    return text


def _lines(text: str) -> tuple[str, ...]:
    if "\0" in text:
        raise _Wrong("it contains a NUL character, which no path can contain")
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def parse_codes(text: str) -> frozenset[str]:
    """The codes of rules in a text that separates them by spaces, line breaks or commas."""
    return frozenset(text.replace(",", " ").split())


def _boolean(text: str) -> bool:
    if text not in BOOLEANS:
        raise _Wrong("it must be 'true' or 'false' (also True, TRUE, False, FALSE)")
    return BOOLEANS[text]


def _expected_version(text: str) -> str:
    if text in ("auto", "any"):
        return text
    if read_version(text) is None:  # a leading v is part of what PEP 440 lets one write
        raise _Wrong("it must be 'auto', 'any', or a version such as 1.2.3 or v1.2.3")
    return text


def _seconds(text: str) -> float:
    if _SECONDS.fullmatch(text) is None:
        raise _Wrong("it must be a whole number of seconds from 0 to 99999; 0 does not wait")
    return float(text)


def _attestations(text: str) -> str:
    if text == "auto":
        return text
    if text not in BOOLEANS:
        raise _Wrong("it must be 'auto', 'true' or 'false'")
    return _word(BOOLEANS[text])


def _manifest(text: str) -> str:
    if text != ANY_MANIFEST:
        try:
            parse_manifest(text)
        except UnreadableManifest as problem:
            raise _Wrong(f"it must be the output `manifest` of a preview, or 'any'; {problem}") from None
    return text


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def _input(
    default: str,
    meaning: str,
    parse: Callable[[str], object],
    *,
    old: bool = False,
    listed: bool = True,
    never_empty: bool = False,
) -> Any:
    """A field for the input of the same name, with dashes; ``old``: the spelling with underscores works too."""
    return field(
        metadata={
            "default": default,
            "meaning": meaning,
            "parse": parse,
            "old": old,
            "listed": listed,
            "never_empty": never_empty,
        }
    )


_PACKAGES_DIR: Final = (
    "dist",
    "Where the distributions are: folders, files or globs, one per line; a line `!pattern` leaves files out.",
    _lines,
)
_STRICT: Final = ("false", "Treat warnings about the distributions as errors.", _boolean)
_IGNORE: Final = (
    "",
    "Codes of rules to ignore, separated by spaces or line breaks: warnings, and errors by a list that may change.",
    parse_codes,
)


@dataclass(frozen=True, kw_only=True)
class _Parsed:
    """The inputs of one action, complete and valid. Each field is one input: name, default, meaning and parser."""

    def shown(self) -> tuple[tuple[str, str], ...]:
        """Name and value of the settings to show at the start of the run."""
        rows = inputs_of(type(self)).values()
        return tuple((row.name, _shown(getattr(self, row.field))) for row in rows if row.listed)


@dataclass(frozen=True, kw_only=True)
class Inputs(_Parsed):
    """The inputs of ``action.yml``. To add an input, add a field; the generated pages follow."""

    environment: str = _input(
        "release",
        "The deployment environment that the identity token must prove; compared without regard to case.",
        _environment,
    )
    packages_dir: tuple[str, ...] = _input(*_PACKAGES_DIR, old=True)
    """Lines without blanks around them; never empty."""
    repository_url: str = _input(
        "pypi", "`pypi`, `testpypi`, or the upload URL of another index.", _upload_url, old=True
    )
    """The upload URL."""
    check_url: str = _input(
        "", "The simple index of another index; empty: `/simple/` on the host of the uploads.", _text, listed=False
    )
    audience: str = _input(
        "",
        "The audience that another index may ask an identity token for; empty: its own host name.",
        _audience,
        listed=False,
    )
    skip_existing: bool = _input(
        "false",
        "Skip a file that exists on the index with different contents, with a warning, instead of stopping the run.",
        _boolean,
        old=True,
    )
    verify_metadata: bool = _input("true", "Check the distributions before the first byte is sent.", _boolean, old=True)
    strict: bool = _input(*_STRICT)
    ignore: frozenset[str] = _input(*_IGNORE)
    """Codes of rules."""
    verbose: bool = _input(
        "true",
        "Print the whole transcript; with `false` it is printed only when the run fails.",
        _boolean,
        listed=False,
    )
    print_hash: bool = _input(
        "true", "Print the SHA-256 and BLAKE2b-256 of each file.", _boolean, old=True, listed=False
    )
    dry_run: bool = _input(
        "false",
        "Do everything except publish: verify the identity, check, plan, and say what would happen.",
        _boolean,
    )
    expected_version: str = _input(
        "auto",
        "The version that the distributions must have, such as `1.2` or `v1.2`; `auto`: that of the tag that started "
        "the run, if any; `any`: no comparison.",
        _expected_version,
    )
    """``auto``, ``any``, or a version as it was written."""
    require_protection: bool = _input("false", "Stop when the environment on GitHub has no protection rule.", _boolean)
    wait_for_index: float | None = _input(
        "",
        "Seconds to wait until the index lists the files; it is an error if it does not. Empty: a default for the "
        "index, and only a warning; `0`: do not wait.",
        _seconds,
    )
    """None: the default for the index."""
    approved: str = _input(
        "any",
        "The output `manifest` of the approved preview: any other set of files is refused; `any`: no comparison.",
        _manifest,
        never_empty=True,
    )
    approved_distributions: str = _input(
        "",
        "The output `distributions` of that preview, only used to name the files that differ.",
        _text,
        listed=False,
    )
    attestations: str = _input("auto", "Sign and send attestations: `auto`, `true` or `false`.", _attestations)
    """``auto``, ``true`` or ``false``."""

    @cached_property
    def index(self) -> IndexUrls:
        """The index of ``repository-url`` and ``check-url``."""
        return IndexUrls.parse(self.repository_url, self.check_url)


@dataclass(frozen=True, kw_only=True)
class CheckInputs(_Parsed):
    """The inputs of ``check/action.yml``."""

    packages_dir: tuple[str, ...] = _input(*_PACKAGES_DIR)
    strict: bool = _input(*_STRICT)
    ignore: frozenset[str] = _input(*_IGNORE)
    lenient_tables: bool = _input(
        "false",
        "Treat findings that depend on a table of the index, such as a size limit that it raised for the project, as "
        "warnings.",
        _boolean,
    )


@dataclass(frozen=True, kw_only=True)
class PreviewInputs(_Parsed):
    """The inputs of ``preview/action.yml``."""

    packages_dir: tuple[str, ...] = _input(*_PACKAGES_DIR)
    against: str = _input("pypi", "The index to compare with: `pypi`, `testpypi`, or the URL of a simple index.", _text)
    baseline: str = _input(
        "", "The version to compare with, or `none`; empty: the newest older release on the index.", _text
    )
    strict: bool = _input(*_STRICT)
    ignore: frozenset[str] = _input(*_IGNORE)


def inputs_of(kind: type[_Parsed]) -> Mapping[str, Input]:
    """The inputs of an action by name, in reading order."""
    rows: dict[str, Input] = {}
    for each in fields(kind):
        name, known = each.name.replace("_", "-"), dict(each.metadata)
        rows[name] = Input(name=name, old=each.name if known.pop("old") else "", **known)
    return MappingProxyType(rows)


INPUTS: Final = inputs_of(Inputs)


def parse_inputs(environ: Mapping[str, str]) -> Inputs:
    """Read the inputs of ``action.yml`` from variables such as ``INPUT_PACKAGES_DIR``; an empty one means the default.

    An old spelling arrives as ``INPUT_OLD_PACKAGES_DIR``. If both are given, the new one counts only when it differs
    from its default, because the action cannot distinguish a default from a value that equals it.

    Raises:
        WorkflowError: with all mistakes.

    """
    mistakes: list[Diagnosis] = []
    inputs = _parsed(Inputs, environ, mistakes)
    try:
        if inputs is not None:
            _ = inputs.index
    except UnusableUrl as problem:
        mistakes.append(_unusable_url(problem.reason))
    if inputs is None or mistakes:
        raise WorkflowError(*mistakes)
    return inputs


def parse_check_inputs(environ: Mapping[str, str]) -> CheckInputs:
    """Read the inputs of ``check/action.yml`` in the same way."""
    mistakes: list[Diagnosis] = []
    inputs = _parsed(CheckInputs, environ, mistakes)
    if inputs is None:
        raise WorkflowError(*mistakes)
    return inputs


def parse_preview_inputs(environ: Mapping[str, str]) -> PreviewInputs:
    """Read the inputs of ``preview/action.yml`` in the same way."""
    mistakes: list[Diagnosis] = []
    inputs = _parsed(PreviewInputs, environ, mistakes)
    if inputs is None:
        raise WorkflowError(*mistakes)
    return inputs


def _parsed(kind: type[_Kind], environ: Mapping[str, str], mistakes: list[Diagnosis]) -> _Kind | None:
    """The inputs, or None after adding to ``mistakes``."""
    values: dict[str, object] = {}
    for row in inputs_of(kind).values():
        text = _given(row, environ, mistakes)
        try:
            values[row.field] = row.parse(text) if text else _EMPTY.get(row.parse)
        except _UnusableUrl as problem:
            mistakes.append(_unusable_url(str(problem)))
        except _Wrong as problem:
            mistakes.append(_mistake(row, text, str(problem)))
    return None if mistakes else kind(**values)


_EMPTY: Final[Mapping[Callable[[str], object], object]] = MappingProxyType(
    {_text: "", _audience: "", parse_codes: frozenset()}
)
"""The value of a missing input without a default, if it is not None."""


def _given(row: Input, environ: Mapping[str, str], mistakes: list[Diagnosis]) -> str:
    """The value given in either spelling, else the default."""
    new = environ.get(row.variable, "").strip()
    old = environ.get(row.old_variable, "").strip() if row.old else ""
    if old and new and new != row.default and not _same(new, old, row.parse):
        mistakes.append(_contradiction(row))
        return row.default
    if row.never_empty and row.variable in environ and not new:
        mistakes.append(_empty(row))
    return old or new or row.default


def _same(new: str, old: str, parse: Callable[[str], object]) -> bool:
    try:
        return parse(new) == parse(old)
    except _Wrong:
        return new == old


def _shown(value: object) -> str:
    """A value for the start of the transcript."""
    if isinstance(value, bool):
        return _word(value)
    if isinstance(value, (tuple, frozenset)):
        return ", ".join(value if isinstance(value, tuple) else sorted(value))
    if isinstance(value, float):
        return f"{value:g} s"
    return "default" if value is None else str(value)


def _mistake(row: Input, text: str, wanted: str) -> Diagnosis:
    return Diagnosis(
        code="input-invalid",
        message=f"The input {row.name!r} is {quoted(text)}: {wanted}.",
        fix=f"Correct it, or leave it out: the default is {row.default!r}.",
        details=(("input", row.name),),
    )


def _empty(row: Input) -> Diagnosis:
    return Diagnosis(
        code="input-empty",
        message=f"The input {row.name!r} is empty.",
        likely_cause="The job whose output it takes was skipped, failed, or is not in `needs`.",
        fix=f"Name that job in `needs`, or leave the input out: the default is {row.default!r}.",
        details=(("input", row.name),),
    )


def _unusable_url(reason: str) -> Diagnosis:
    return Diagnosis(
        code="input-url-unusable",
        message=f"The address of the index cannot be used: {reason}.",
        fix="Write 'pypi', 'testpypi', or the upload URL of the index: https, without user name, query and "
        "fragment. Never put a token or password in it: this action uses none.",
    )


def _contradiction(spec: Input) -> Diagnosis:
    return Diagnosis(
        code="input-contradiction",
        message=f"The inputs {spec.name!r} and {spec.old!r} have different values.",
        likely_cause=f"{spec.old!r} is the old spelling of {spec.name!r}; set only one of them.",
        fix=f"Remove {spec.old!r}.",
        details=(("input", spec.name), ("old spelling", spec.old)),
    )
