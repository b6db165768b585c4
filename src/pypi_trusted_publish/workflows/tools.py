"""Tables of the tools that upload distributions: their options and variables, and how to migrate each. Pure.

Sources: the ``--help`` and the manuals of twine 6, uv 0.9, Poetry 2, Hatch 1.16, Flit 3.12, PDM 2.26, Maturin 1.10.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from ..values import dataclass


class Meaning(enum.Enum):
    """The purpose of an option or a variable; those marked with a star have no value."""

    IGNORED = "*has no counterpart and needs none"
    IGNORED_VALUE = "has no counterpart and needs none"
    USER = "a user name"
    CREDENTIAL = "a credential"
    INDEX = "the index, by its name or its URL"
    CHECK_URL = "where to look for files that exist"
    SKIP_EXISTING = "*skip files that exist"
    ATTESTATIONS = "*send attestations"
    NO_ATTESTATIONS = "*send none"
    DRY_RUN = "*upload nothing"
    TRUSTED = "whether to use Trusted Publishing"
    FOLDER = "the folder with the files"
    PROJECT = "the folder of the project, below which the files are in dist"
    BUILD_OPTION = "*is for the build"
    BUILD_VALUE = "is for the build"
    BUILD = "*build first"
    NO_BUILD = "*do not build"
    ASK = "*cannot be carried over"
    ASK_VALUE = "cannot be carried over "

    @property
    def takes_value(self) -> bool:
        """Whether a value follows."""
        return not self.value.startswith("*")


M = Meaning


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A command that uploads."""

    program: str
    subcommand: str
    options: Mapping[str, Meaning]
    variables: Mapping[str, Meaning]
    files: tuple[str, ...] = ("dist/*",)
    """What it uploads when no file is given; empty: it must be given files."""
    builds: str = ""
    """The command that builds what it uploads, if it builds by default."""
    can_build: str = ""
    """The same, if it builds only with an option."""
    output_option: str = ""
    """The option of that command for the folder of the files."""
    indexes: Mapping[str, str] = field(default_factory=dict)
    """Its own names for the public indexes."""

    @property
    def name(self) -> str:
        """The display name, such as ``uv publish``."""
        return f"{self.program} {self.subcommand}"

    def variable(self, name: str) -> Meaning | None:
        """What a variable means to it; a ``*`` at the end of a row's name stands for the name of an index."""
        if name in self.variables:
            return self.variables[name]
        return next((m for row, m in self.variables.items() if "*" in row and _fits(row, name)), None)


def _fits(row: str, name: str) -> bool:
    return re.fullmatch(re.escape(row).replace(r"\*", r"\w+"), name) is not None


_QUIET: Final = {"-v": M.IGNORED, "-vv": M.IGNORED, "-vvv": M.IGNORED, "--verbose": M.IGNORED, "-q": M.IGNORED,
                 "--quiet": M.IGNORED, "-n": M.IGNORED}  # fmt: skip
_SIGNING: Final = {"-s": M.IGNORED, "--sign": M.IGNORED, "--sign-with": M.IGNORED_VALUE, "-i": M.IGNORED_VALUE,
                   "--identity": M.IGNORED_VALUE}  # fmt: skip
"""PyPI ignores PGP signatures since 2023."""

_RUST: Final = {
    **dict.fromkeys(("-F", "--features", "-m", "--manifest-path", "-i", "--interpreter", "--target", "-b", "--bindings",
                     "--compatibility", "--manylinux", "--auditwheel", "--profile", "-j", "--jobs", "--config",
                     "--target-dir"), M.BUILD_VALUE),
    **dict.fromkeys(("--all-features", "--no-default-features", "-f", "--find-interpreter", "--strip", "--zig",
                     "--skip-auditwheel", "--locked", "--frozen", "--offline", "--universal2", "--release",
                     "--no-sdist"), M.BUILD_OPTION),
    "-o": M.FOLDER,
    "--out": M.FOLDER,
}  # fmt: skip
"""Options of ``maturin publish`` for the build."""

TOOLS: Final = (
    Tool(
        program="twine",
        subcommand="upload",
        files=(),
        options={
            **_QUIET,
            **_SIGNING,
            "-r": M.INDEX,
            "--repository": M.INDEX,
            "--repository-url": M.INDEX,
            "-u": M.USER,
            "--username": M.USER,
            "-p": M.CREDENTIAL,
            "--password": M.CREDENTIAL,
            "--skip-existing": M.SKIP_EXISTING,
            "--non-interactive": M.IGNORED,
            "--disable-progress-bar": M.IGNORED,
            "--attestations": M.ATTESTATIONS,
            "-c": M.IGNORED_VALUE,
            "--comment": M.IGNORED_VALUE,
            "--config-file": M.ASK_VALUE,
            "--cert": M.ASK_VALUE,
            "--client-cert": M.ASK_VALUE,
        },
        variables={
            "TWINE_USERNAME": M.USER,
            "TWINE_PASSWORD": M.CREDENTIAL,
            "TWINE_API_KEY": M.CREDENTIAL,
            "TWINE_TOKEN": M.CREDENTIAL,
            "TWINE_REPOSITORY": M.INDEX,
            "TWINE_REPOSITORY_URL": M.INDEX,
            "TWINE_NON_INTERACTIVE": M.IGNORED,
            "TWINE_CERT": M.ASK_VALUE,
        },
    ),
    Tool(
        program="uv",
        subcommand="publish",
        options={
            **_QUIET,
            "-u": M.USER,
            "--username": M.USER,
            "-p": M.CREDENTIAL,
            "--password": M.CREDENTIAL,
            "-t": M.CREDENTIAL,
            "--token": M.CREDENTIAL,
            "--publish-url": M.INDEX,
            "--index": M.INDEX,
            "--check-url": M.CHECK_URL,
            "--trusted-publishing": M.TRUSTED,
            "--keyring-provider": M.IGNORED_VALUE,
            "--no-attestations": M.NO_ATTESTATIONS,
            "--dry-run": M.DRY_RUN,
            "--skip-existing": M.SKIP_EXISTING,
            "--no-progress": M.IGNORED,
            "--no-cache": M.IGNORED,
            "--no-config": M.IGNORED,
            "--native-tls": M.IGNORED,
            "--color": M.IGNORED_VALUE,
            "--directory": M.PROJECT,
            "--project": M.ASK_VALUE,
            "--allow-insecure-host": M.ASK_VALUE,
            "--config-file": M.ASK_VALUE,
        },
        variables={
            "UV_PUBLISH_TOKEN": M.CREDENTIAL,
            "UV_PUBLISH_PASSWORD": M.CREDENTIAL,
            "UV_PUBLISH_USERNAME": M.USER,
            "UV_PUBLISH_URL": M.INDEX,
            "UV_PUBLISH_INDEX": M.INDEX,
            "UV_PUBLISH_CHECK_URL": M.CHECK_URL,
            "UV_PUBLISH_NO_ATTESTATIONS": M.NO_ATTESTATIONS,
            "UV_TRUSTED_PUBLISHING": M.TRUSTED,
        },
    ),
    Tool(
        program="poetry",
        subcommand="publish",
        can_build="poetry build",
        output_option="--output",
        options={
            **_QUIET,
            "-u": M.USER,
            "--username": M.USER,
            "-p": M.CREDENTIAL,
            "--password": M.CREDENTIAL,
            "-r": M.INDEX,
            "--repository": M.INDEX,
            "--skip-existing": M.SKIP_EXISTING,
            "--dry-run": M.DRY_RUN,
            "--build": M.BUILD,
            "--dist-dir": M.FOLDER,
            "--no-interaction": M.IGNORED,
            "--no-ansi": M.IGNORED,
            "--ansi": M.IGNORED,
            "--no-plugins": M.IGNORED,
            "--no-cache": M.IGNORED,
            "-C": M.PROJECT,
            "--directory": M.PROJECT,
            "-P": M.PROJECT,
            "--project": M.PROJECT,
            "--cert": M.ASK_VALUE,
            "--client-cert": M.ASK_VALUE,
        },
        variables={
            "POETRY_PYPI_TOKEN_*": M.CREDENTIAL,
            "POETRY_HTTP_BASIC_*_USERNAME": M.USER,
            "POETRY_HTTP_BASIC_*_PASSWORD": M.CREDENTIAL,
        },
    ),
    Tool(
        program="hatch",
        subcommand="publish",
        indexes={"main": "pypi", "test": "testpypi"},
        options={
            **_QUIET,
            "-u": M.USER,
            "--user": M.USER,
            "-a": M.CREDENTIAL,
            "--auth": M.CREDENTIAL,
            "-r": M.INDEX,
            "--repo": M.INDEX,
            "-y": M.IGNORED,
            "--yes": M.IGNORED,
            "--no-prompt": M.IGNORED,
            "--initialize-auth": M.IGNORED,
            "--no-color": M.IGNORED,
            "--ca-cert": M.ASK_VALUE,
            "--client-cert": M.ASK_VALUE,
            "--client-key": M.ASK_VALUE,
            "-p": M.ASK_VALUE,
            "--publisher": M.ASK_VALUE,
            "-o": M.ASK_VALUE,
            "--option": M.ASK_VALUE,
        },
        variables={
            "HATCH_INDEX_USER": M.USER,
            "HATCH_INDEX_AUTH": M.CREDENTIAL,
            "HATCH_INDEX_REPO": M.INDEX,
            "HATCH_INDEX_CA_CERT": M.ASK_VALUE,
            "HATCH_INDEX_CLIENT_CERT": M.ASK_VALUE,
            "HATCH_INDEX_CLIENT_KEY": M.ASK_VALUE,
        },
    ),
    Tool(
        program="flit",
        subcommand="publish",
        builds="flit build",
        options={
            **_QUIET,
            "-f": M.BUILD_VALUE,
            "--ini-file": M.BUILD_VALUE,
            "--format": M.BUILD_VALUE,
            "--setup-py": M.BUILD_OPTION,
            "--no-setup-py": M.BUILD_OPTION,
            "--use-vcs": M.BUILD_OPTION,
            "--no-use-vcs": M.BUILD_OPTION,
            "--repository": M.INDEX,
            "--pypirc": M.ASK_VALUE,
        },
        variables={"FLIT_USERNAME": M.USER, "FLIT_PASSWORD": M.CREDENTIAL, "FLIT_INDEX_URL": M.INDEX},
    ),
    Tool(
        program="pdm",
        subcommand="publish",
        builds="pdm build",
        output_option="--dest",
        options={
            **_QUIET,
            **_SIGNING,
            "-u": M.USER,
            "--username": M.USER,
            "-P": M.CREDENTIAL,
            "--password": M.CREDENTIAL,
            "-r": M.INDEX,
            "--repository": M.INDEX,
            "-S": M.IGNORED,
            "--skip-existing": M.SKIP_EXISTING,
            "--no-very-ssl": M.ASK,
            "--no-verify-ssl": M.ASK,
            "--no-build": M.NO_BUILD,
            "-d": M.FOLDER,
            "--dest": M.FOLDER,
            "-c": M.IGNORED_VALUE,
            "--comment": M.IGNORED_VALUE,
            "-k": M.BUILD_VALUE,
            "--skip": M.BUILD_VALUE,
            "-p": M.PROJECT,
            "--project": M.PROJECT,
            "--ca-certs": M.ASK_VALUE,
        },
        variables={
            "PDM_PUBLISH_USERNAME": M.USER,
            "PDM_PUBLISH_PASSWORD": M.CREDENTIAL,
            "PDM_PUBLISH_REPO": M.INDEX,
            "PDM_PUBLISH_CA_CERTS": M.ASK_VALUE,
        },
    ),
    *(
        Tool(
            program="maturin",
            subcommand=subcommand,
            files=(),
            builds=builds,
            output_option="--out",
            options={
                **_QUIET,
                **(_RUST if builds else {}),
                "-u": M.USER,
                "--username": M.USER,
                "-p": M.CREDENTIAL,
                "--password": M.CREDENTIAL,
                "-r": M.INDEX,
                "--repository": M.INDEX,
                "--repository-url": M.INDEX,
                "--skip-existing": M.SKIP_EXISTING,
                "--non-interactive": M.IGNORED,
            },
            variables={
                "MATURIN_PYPI_TOKEN": M.CREDENTIAL,
                "MATURIN_USERNAME": M.USER,
                "MATURIN_PASSWORD": M.CREDENTIAL,
                "MATURIN_REPOSITORY": M.INDEX,
                "MATURIN_REPOSITORY_URL": M.INDEX,
                "MATURIN_NON_INTERACTIVE": M.IGNORED,
            },
        )
        for subcommand, builds in (("upload", ""), ("publish", "maturin build --release --sdist"))
    ),
    Tool(
        program="rye",
        subcommand="publish",
        options={
            **_QUIET,
            "--repository": M.INDEX,
            "--repository-url": M.INDEX,
            "-r": M.INDEX,
            "-u": M.USER,
            "--username": M.USER,
            "--token": M.CREDENTIAL,
            "--skip-existing": M.SKIP_EXISTING,
            "-y": M.IGNORED,
            "--yes": M.IGNORED,
            "--skip-save-credentials": M.IGNORED,
            "--sign": M.IGNORED,
            "--identity": M.IGNORED_VALUE,
            "-i": M.IGNORED_VALUE,
            "--cert": M.ASK_VALUE,
        },
        variables={"RYE_PYPI_TOKEN": M.CREDENTIAL},
    ),
)

PROGRAMS: Final = frozenset(tool.program for tool in TOOLS)

_HATCH_ENVIRONMENT: Final = re.compile(r"[\w.+-]+:(?=[\w.-]+$)")
"""What stands before a program that ``hatch run`` starts in one of its environments."""
_WRAPPERS: Final = (
    ("hatch", "env", "run"), ("hatch", "run"), ("uv", "run"), ("uvx",), ("uv", "tool", "run"), ("pipx", "run"),
    ("poetry", "run"), ("pdm", "run"), ("rye", "run"), ("pixi", "run"), ("pipenv", "run"), ("sudo",), ("exec",),
    ("time",), ("command",), ("env",), ("xvfb-run",),
)  # fmt: skip
_WRAPPER_VALUES: Final = frozenset(
    {"--from", "--with", "--spec", "--python", "-p", "--group", "--only-group", "--extra", "--env", "-e", "--project",
     "--directory"}
)  # fmt: skip
"""Options of the wrappers with a value."""
_SETS_VARIABLE: Final = re.compile(r"[A-Za-z_]\w*=(?!=)")
_PYTHON: Final = re.compile(
    r"(?:.*[/\\])?(?:python[\d.]*|py|pypy[\d.]*)(?:\.exe)?|\$\{?\{?\s*\w*python\w*\s*\}?\}?", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """The program that a command starts, without wrappers such as ``uv run`` and ``python -m``."""

    program: str
    arguments: tuple[int, ...]
    """Numbers of the words after the program."""


def invocation(words: tuple[str, ...]) -> Invocation | None:
    """Which program a command starts; None for no words."""
    first = 0
    while first < len(words):
        if words[first] == "hatch" and words[first + 1 : first + 2] in (("-e",), ("--env",)):
            words = (*words[: first + 2], "hatch", *words[first + 3 :])  # the name of the environment
            first += 2
            continue
        wrapper = next((w for w in _WRAPPERS if words[first : first + len(w)] == w), None)
        if wrapper is not None:
            first += len(wrapper)
            while first < len(words) and (words[first].startswith("-") or _SETS_VARIABLE.match(words[first])):
                first += 2 if words[first] in _WRAPPER_VALUES else 1
            if wrapper[0] == "hatch" and first < len(words):
                words = (*words[:first], _HATCH_ENVIRONMENT.sub("", words[first]), *words[first + 1 :])
            continue
        if _PYTHON.fullmatch(words[first]):
            rest = first + 1
            while rest < len(words) and words[rest].startswith("-") and words[rest] not in ("-m", "-c"):
                rest += 1
            if rest + 1 < len(words) and words[rest] == "-m":
                first = rest + 1
                break
            return Invocation(program="python", arguments=tuple(range(first + 1, len(words))))
        break
    if first >= len(words):
        return None
    program = words[first].replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    program = re.split(r"[@=<>~]", program)[0] if program[:1].isalpha() else program
    return Invocation(program=program, arguments=tuple(range(first + 1, len(words))))


def tool_of(words: tuple[str, ...]) -> tuple[Tool, tuple[int, ...]] | None:
    """The upload tool of a command, and the numbers of the words after its name."""
    found = invocation(words)
    if found is None:
        return None
    for tool in TOOLS:
        if tool.program == found.program:
            rest = list(found.arguments)
            while rest and words[rest[0]].startswith("-") and tool.options.get(words[rest[0]]) is M.IGNORED:
                rest.pop(0)  # ``poetry --no-interaction publish``
            if rest and words[rest[0]] == tool.subcommand:
                return tool, tuple(rest[1:])
    return None


CREDENTIAL_VARIABLE: Final = re.compile(
    r"(TWINE|UV_PUBLISH|FLIT|MATURIN|HATCH_INDEX|PDM_PUBLISH|POETRY_PYPI_TOKEN|POETRY_HTTP_BASIC|RYE)_\w*"
    r"(USERNAME|USER|PASSWORD|TOKEN|AUTH|PYPI|API_KEY)|\w*PYPI\w*(TOKEN|PASSWORD|PASS|SECRET|KEY|AUTH)|"
    r"\w*(TOKEN|PASSWORD|KEY)_?(TEST_?)?PYPI|PYPI_?(USER|USERNAME)|(TEST_?)?PYPI|TWINE_\w*",
    re.IGNORECASE,
)
"""Names of variables and inputs that pass a credential for an index."""
INDEX_VARIABLE: Final = re.compile(
    r"TWINE_REPOSITORY(_URL)?|UV_PUBLISH_(URL|INDEX|CHECK_URL)|FLIT_INDEX_URL|MATURIN_REPOSITORY(_URL)?|HATCH_INDEX_REPO|"
    r"PDM_PUBLISH_REPO|POETRY_REPOSITORIES_\w+_URL"
)
