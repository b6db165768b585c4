"""The arguments of a command, read by argparse; a mistake is an error as every other one."""

from __future__ import annotations

import argparse
from typing import NoReturn

from ..errors import Diagnosis, WorkflowError
from .commands import COMMANDS, PROGRAM


class Parser(argparse.ArgumentParser):
    """The arguments of one command; a mistake is a WorkflowError with the command's usage."""

    def __init__(self, command: str) -> None:
        super().__init__(prog=f"{PROGRAM} {command}", add_help=False, allow_abbrev=False)
        self._synopsis = COMMANDS[command].synopsis

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the arguments."""
        raise WorkflowError(self.mistake(f"{message[:1].upper()}{message[1:]}."))

    def mistake(self, message: str, fix: str = "") -> Diagnosis:
        """One mistake, with the usage unless there is something better to say."""
        return Diagnosis(code="arguments-invalid", message=message, fix=fix or f"usage: {PROGRAM} {self._synopsis}")
