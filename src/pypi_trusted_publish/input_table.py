"""The table of the action's inputs; ``action.yml``, the README and ``--help`` are held against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

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
