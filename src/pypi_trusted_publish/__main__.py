"""The entry of the program, and the only reader of the process's arguments and environment."""

from __future__ import annotations

import errno
import gc
import io
import os
import random
import signal
import sys
from collections.abc import Callable, MutableMapping, Sequence
from typing import Final

from .cli.main import run
from .cli.process import ProcessContext
from .clock import SystemClock
from .errors import EXIT_SIGNALLED, Cure

_PIPE: Final = 13
"""The number of SIGPIPE, which Windows does not have."""
_STDERR: Final = 2
_READ_BY_OPENSSL: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""An empty value, as from an expression of a workflow, means not set; OpenSSL would then find no trust store."""
_SWITCH: Final = 0.0005
"""Seconds after which a computing thread yields: a tenth of the default, because ours mostly wait for answers."""


def main(
    argv: Sequence[str],
    *,
    environ: MutableMapping[str, str],
    install: Callable[[str], None] | None = None,
    cleanup: Callable[[], None] | None = None,
) -> int:
    """Run one command and return its exit code; the process's standard output must take any text."""
    _open_closed_streams()
    sys.setswitchinterval(_SWITCH)
    for name in _READ_BY_OPENSSL:
        if environ.get(name) == "":
            del environ[name]
    process = ProcessContext(
        environ=environ,
        stdout=sys.stdout,
        clock=SystemClock(),
        random=random.random,
        install=install,
        cleanup=cleanup or _nothing,
        leave=os._exit,
    )
    return run(argv, process)


def is_closed_pipe(error: OSError, platform: str) -> bool:
    """Whether the reader of our output has closed it, which Windows calls an invalid argument.

    ``platform`` is ``sys.platform``.
    """
    return isinstance(error, BrokenPipeError) or (platform == "win32" and error.errno == errno.EINVAL)


def entry() -> None:
    """The console script."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a console that lacks a character shows its escape
    try:
        code = main(sys.argv[1:], environ=os.environ)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more at exit
        code = _output_failed(error)
    except KeyboardInterrupt:
        code = EXIT_SIGNALLED + signal.SIGINT
    if hasattr(gc, "freeze"):  # PyPy lacks it
        gc.freeze()  # the interpreter then exits in half the time, because it does not search for cycles
    sys.exit(code)


def _output_failed(error: OSError) -> int:
    """The exit code when standard output cannot be written; the reason on standard error, unless the reader left."""
    if is_closed_pipe(error, sys.platform):
        return EXIT_SIGNALLED + _PIPE
    print(f"The output could not be written: {os.strerror(error.errno or 0)}.", file=sys.stderr)
    return Cure.WORKFLOW.exit_code


def _open_closed_streams() -> None:
    """Put the null device where a standard stream is closed, so that no socket or file takes its number.

    A stream that does not block, as another program may have left it, would lose what its reader is too slow for.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(descriptor)
    if sys.platform != "win32":
        for number in (1, _STDERR):
            os.set_blocking(number, True)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _nothing() -> None:
    """Do nothing: only the action has something to clean up."""


if __name__ == "__main__":
    entry()
