"""The table of the action's inputs; ``action.yml``, the README and ``--help`` are held against it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

from .core.urls import IndexUrls, UnusableUrl
from .errors import Diagnosis, WorkflowError
from .formatting import read_version

BOOLEANS: Final[Mapping[str, bool]] = MappingProxyType(
    {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
)
"""The six spellings of YAML 1.2's core schema; what a wrapper passes on has one of them."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of the action."""

    name: str
    default: str
    """As ``action.yml`` spells it; empty when the default depends on the index."""
    meaning: str
    """One sentence."""
    old: str = ""
    """The spelling of earlier workflows, which still works; empty when there is none."""

    @property
    def variable(self) -> str:
        """The variable in which it arrives."""
        return f"INPUT_{_capitals(self.name)}"

    @property
    def old_variable(self) -> str:
        """The variable in which the old spelling arrives; empty when there is none."""
        return f"INPUT_OLD_{_capitals(self.old)}" if self.old else ""


def _capitals(name: str) -> str:
    return name.upper().replace("-", "_")


_TABLE: Final = (
    Input(
        name="environment",
        default="release",
        meaning="The deployment environment that the identity token must prove; compared without regard to case.",
    ),
    Input(
        name="packages-dir",
        default="dist",
        meaning="Where the distributions are: folder, file or globs, one a line, relative to the workspace.",
        old="packages_dir",
    ),
    Input(
        name="repository-url",
        default="pypi",
        meaning="`pypi`, `testpypi`, or the upload URL of another index.",
        old="repository_url",
    ),
    Input(
        name="check-url",
        default="",
        meaning="The simple index of another index; empty: `/simple/` on the host of the uploads.",
    ),
    Input(
        name="skip-existing",
        default="false",
        meaning="Skip a file whose name is taken by other bytes, loudly, instead of stopping the run.",
        old="skip_existing",
    ),
    Input(
        name="verify-metadata",
        default="true",
        meaning="Check the distributions before the first byte is sent.",
        old="verify_metadata",
    ),
    Input(
        name="verbose",
        default="true",
        meaning="Print the whole transcript; with `false` it is printed only when the run fails.",
    ),
    Input(
        name="print-hash",
        default="true",
        meaning="Print the SHA-256 and BLAKE2b-256 of each file.",
        old="print_hash",
    ),
    Input(
        name="dry-run",
        default="false",
        meaning="Do everything but publish: prove, check, plan, and say what would happen.",
    ),
    Input(
        name="expected-version",
        default="auto",
        meaning="The version that the distributions must have; `auto`: that of the tag that started the run, if "
        "one did; empty means `auto`.",
    ),
    Input(
        name="require-protection",
        default="false",
        meaning="Stop when the environment on GitHub has no protection rule.",
    ),
    Input(
        name="wait-for-index",
        default="",
        meaning="Seconds to wait until the index shows the files; empty: what suits the index; `0`: do not wait.",
    ),
    Input(
        name="attestations",
        default="auto",
        meaning="Sign and send attestations: `auto`, `true` or `false`.",
    ),
)

INPUTS: Final[Mapping[str, Input]] = MappingProxyType({row.name: row for row in _TABLE})
"""By name, in the order in which users read them."""


_Value = TypeVar("_Value")


_SECONDS: Final = re.compile(r"[0-9]{1,5}")
_LONGEST_ENVIRONMENT: Final = 255
"""Characters; GitHub's limit for the name of an environment."""
_SHOWN: Final = 100
"""Characters of a wrong value that are quoted."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What the workflow asks for, complete and valid."""

    environment: str
    packages_dir: tuple[str, ...]
    """Lines of the input without blanks around them; never empty."""
    index: IndexUrls
    """What ``repository-url`` and ``check-url`` say together."""
    skip_existing: bool
    verify_metadata: bool
    verbose: bool
    print_hash: bool
    dry_run: bool
    expected_version: str
    """``auto``, ``any``, or a version as it was written."""
    require_protection: bool
    wait_for_index: float | None
    """Seconds; None: what suits the index."""
    attestations: str
    """``auto``, ``true`` or ``false``."""

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Name and value of what shapes the run, for its beginning."""
        wait = "default" if self.wait_for_index is None else f"{self.wait_for_index:g} s"
        return (
            ("environment", self.environment),
            ("packages-dir", ", ".join(self.packages_dir)),
            ("repository-url", self.index.upload_url),
            ("skip-existing", _word(self.skip_existing)),
            ("verify-metadata", _word(self.verify_metadata)),
            ("dry-run", _word(self.dry_run)),
            ("expected-version", self.expected_version),
            ("require-protection", _word(self.require_protection)),
            ("wait-for-index", wait),
            ("attestations", self.attestations),
        )


class _Wrong(ValueError):
    """A value that does not fit; the text says what would, and quotes nothing."""


def parse_inputs(environ: Mapping[str, str]) -> Inputs:
    """Read the inputs from variables such as ``INPUT_PACKAGES_DIR``; an empty one means the default.

    An old spelling arrives as ``INPUT_OLD_PACKAGES_DIR``. Beside it the new spelling counts as given only when it
    differs from its default, because the action cannot tell a default from a value that equals it.

    Raises:
        WorkflowError: with every mistake there is.

    """
    reader = _Reader(environ)
    index = reader.index()
    inputs = {
        "environment": reader.read("environment", _environment),
        "packages_dir": reader.read("packages-dir", _lines),
        "expected_version": reader.read("expected-version", _expected_version),
        "wait_for_index": reader.read("wait-for-index", _seconds),
        "attestations": reader.read("attestations", _attestations),
    }
    flags = {
        name.replace("-", "_"): reader.read(name, _boolean)
        for name in ("skip-existing", "verify-metadata", "verbose", "print-hash", "dry-run", "require-protection")
    }
    if reader.mistakes or index is None:
        raise WorkflowError(*reader.mistakes)
    return Inputs(index=index, **inputs, **flags)  # type: ignore[arg-type]  # read() gave a value, or a mistake


class _Reader:
    """Reads one input after the other and gathers the mistakes."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.mistakes: list[Diagnosis] = []

    def read(self, name: str, parse: Callable[[str], _Value]) -> _Value | None:
        """The value of an input; None, and a mistake noted, when it does not fit."""
        text = self._text(INPUTS[name], parse)
        return None if text is None else self._parsed(name, text, parse)

    def index(self) -> IndexUrls | None:
        """The index that the two URLs name together."""
        repository_url = self._text(INPUTS["repository-url"], _upload_url)
        if repository_url is None:
            return None
        try:
            return IndexUrls.parse(repository_url, self._given("INPUT_CHECK_URL"))
        except UnusableUrl as problem:
            self.mistakes.append(_unusable_url(problem.reason))
            return None

    def _text(self, spec: Input, parse: Callable[[str], object]) -> str | None:
        """What was written under either spelling, else the default; None when the two contradict each other."""
        new, old = self._given(spec.variable), self._given(spec.old_variable)
        if not old:
            return new or spec.default
        if new and new != spec.default and not _same(new, old, parse):
            self.mistakes.append(_contradiction(spec))
            return None
        return old

    def _parsed(self, name: str, text: str, parse: Callable[[str], _Value]) -> _Value | None:
        try:
            return parse(text)
        except _Wrong as problem:
            self.mistakes.append(_mistake(name, text, str(problem)))
            return None

    def _given(self, variable: str) -> str:
        return self._environ.get(variable, "").strip() if variable else ""


def _same(new: str, old: str, parse: Callable[[str], object]) -> bool:
    try:
        return parse(new) == parse(old)
    except _Wrong:
        return new == old


def _upload_url(text: str) -> str:
    try:
        return IndexUrls.parse(text).upload_url
    except UnusableUrl as problem:
        raise _Wrong(problem.reason) from None


def _environment(text: str) -> str:
    if not text.isprintable() or len(text) > _LONGEST_ENVIRONMENT:
        raise _Wrong("it must be the name of one environment: one line of at most 255 printable characters")
    return text


def _lines(text: str) -> tuple[str, ...]:
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if "\0" in text:
        raise _Wrong("it holds a NUL character, which no path has")
    return lines


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


def _seconds(text: str) -> float | None:
    if not text:
        return None
    if _SECONDS.fullmatch(text) is None:
        raise _Wrong("it must be a whole number of seconds from 0 to 99999; 0 does not wait")
    return float(text)


def _attestations(text: str) -> str:
    if text == "auto":
        return text
    if text not in BOOLEANS:
        raise _Wrong("it must be 'auto', 'true' or 'false'")
    return _word(BOOLEANS[text])


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def _mistake(name: str, text: str, wanted: str) -> Diagnosis:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return Diagnosis(
        code="input-invalid",
        message=f"The input {name!r} is {shown!r}: {wanted}.",
        fix=f"Correct it, or leave it out: the default is {INPUTS[name].default!r}.",
        details=(("input", name),),
    )


def _unusable_url(reason: str) -> Diagnosis:
    return Diagnosis(
        code="input-url-unusable",
        message=f"The address of the index cannot be used: {reason}.",
        fix="Write 'pypi', 'testpypi', or the upload URL of the index: https, without user name, query and "
        "fragment. A token or password never belongs into it; this action has none.",
    )


def _contradiction(spec: Input) -> Diagnosis:
    return Diagnosis(
        code="input-contradiction",
        message=f"The inputs {spec.name!r} and {spec.old!r} have different values.",
        likely_cause=f"{spec.old!r} is the old spelling of {spec.name!r}; only one of them can be meant.",
        fix=f"Remove {spec.old!r}.",
        details=(("input", spec.name), ("old spelling", spec.old)),
    )
