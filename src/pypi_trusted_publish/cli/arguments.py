"""The arguments of a command, read by argparse; a mistake is reported like every other error."""

from __future__ import annotations

import argparse
import re
from typing import Final, NoReturn

from .. import __version__
from ..errors import Diagnosis, WorkflowError
from ..io.git import REPOSITORY
from .commands import COMMANDS, PROGRAM

_PIN: Final = re.compile(r"[\w.+/-]+(?:\s+#\s*\S.*)?")
"""A tag or a commit, and perhaps a comment."""


class Parser(argparse.ArgumentParser):
    """Parses the arguments of one command; a mistake is a WorkflowError that shows the usage."""

    def __init__(self, command: str) -> None:
        super().__init__(prog=f"{PROGRAM} {command}", add_help=False, allow_abbrev=False)
        self._command = command

    def error(self, message: str) -> NoReturn:
        """Raise WorkflowError with what is wrong with the arguments."""
        raise WorkflowError(self.mistake(f"{message[:1].upper()}{message[1:]}."))

    def mistake(self, message: str, fix: str = "") -> Diagnosis:
        """The diagnosis of one mistake; without a ``fix`` it shows the usage."""
        return Diagnosis(
            code="arguments-invalid", message=message, fix=fix or f"usage: {PROGRAM} {COMMANDS[self._command].synopsis}"
        )

    def no_path(self) -> Diagnosis:
        """The mistake of naming no file and no folder."""
        fix = f"Write, for example: {PROGRAM} {self._command} dist"
        return self.mistake("No file or folder was named.", fix)


def add_repository(parser: Parser) -> None:
    """Add ``--repository``, the owner and name on GitHub."""
    parser.add_argument("--repository", default="", type=_repository)


def add_pin(parser: Parser) -> None:
    """Add ``--pin``, the version of this action that a workflow uses."""
    parser.add_argument("--pin", default=f"v{__version__}", type=_pin)


def _repository(text: str) -> str:
    if text and not REPOSITORY.fullmatch(text):
        raise argparse.ArgumentTypeError("must be OWNER/NAME")
    return text


def _pin(text: str) -> str:
    if not _PIN.fullmatch(text):
        raise argparse.ArgumentTypeError("must be a commit or a tag, such as v1.2.3")
    return text
