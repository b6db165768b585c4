"""The console: the lines of the transcript, on standard output, through one lock, with every secret taken out."""

from __future__ import annotations

import enum
import threading
from typing import TYPE_CHECKING, Final, TextIO

from .annotations import annotation_of
from .lines import Line, Role
from .redaction import Redactor
from .transcript import Transcript

if TYPE_CHECKING:
    from .errors import Diagnosis
    from .events import Event
    from .secret import Secret
    from .surroundings import Surroundings

_ALWAYS: Final = frozenset({Role.HEADLINE, Role.NOTICE, Role.WARNING, Role.ERROR})
"""What is printed at once even when the transcript is kept back."""


class Style(enum.Enum):
    """Who reads the lines."""

    ACTIONS = "the log of GitHub Actions: workflow commands for masks, groups and annotations"
    PLAIN = "a terminal or a file: text alone"

    @classmethod
    def of(cls, surroundings: Surroundings) -> Style:
        """By the runner's own variable."""
        return cls.ACTIONS if surroundings.environ.get("GITHUB_ACTIONS") == "true" else cls.PLAIN


class Console:
    """Prints what is told. Thread-safe; every line is flushed, so that none is lost when the process is killed."""

    def __init__(self, out: TextIO, style: Style) -> None:
        self.style = style
        self._out = out
        self._lock = threading.Lock()
        self._redactor = Redactor()
        self._transcript = Transcript()
        self._verbose = True
        self._held: list[Line] = []

    def configure(self, *, verbose: bool, print_hash: bool) -> None:
        """What the inputs say; before, everything is told."""
        self._verbose = verbose
        self._transcript = Transcript(print_hash=print_hash)

    def register(self, secret: Secret) -> None:
        """Hide a secret from now on: by the runner's mask, at once, and in everything that is printed here."""
        if self._redactor.register(secret) and self.style is Style.ACTIONS:
            from .github.commands import mask

            self._write(list(mask(secret)), redact=False)

    def redact(self, text: str) -> str:
        """``text`` without any registered secret; for what is written elsewhere, such as the summary."""
        return self._redactor.text(text)

    def __call__(self, event: Event) -> None:
        """Print an event, or keep it back."""
        with self._lock:
            lines = self._transcript(event)
        if not self._verbose:
            self._held += lines
            lines = tuple(line for line in lines if line.role in _ALWAYS)
        self._print(lines)

    def release_held(self) -> None:
        """Print what was kept back, because the run failed."""
        held, self._held = self._held, []
        self._print(held)

    def annotate(self, diagnosis: Diagnosis) -> None:
        """Make an annotation of it, where there is somebody who shows annotations."""
        if self.style is Style.ACTIONS:
            from .github.commands import annotation

            made = annotation_of(diagnosis)
            message = self._redactor.text(made.message)
            self._write([annotation(made.severity, message, title=self._redactor.text(made.title))], redact=False)

    def say(self, text: str) -> None:
        """Print lines of ours that may hold foreign values."""
        self._print([Line(text=line) for line in text.split("\n")])

    def _print(self, lines: list[Line] | tuple[Line, ...]) -> None:
        self._write([self._rendered(line) for line in lines], redact=True)

    def _rendered(self, line: Line) -> str:
        if line.role in (Role.GROUP, Role.GROUP_END) and self.style is Style.ACTIONS:
            from .github.commands import end_group, group

            return group(line.text) if line.role is Role.GROUP else end_group()
        return {Role.GROUP: f"\n{line.text}", Role.GROUP_END: ""}.get(line.role, line.text)

    def _write(self, lines: list[str], *, redact: bool) -> None:
        if not lines:
            return
        text = "\n".join(lines) + "\n"
        if redact:
            text = self._redactor.text(text)
        encoding = getattr(self._out, "encoding", None) or "utf-8"
        with self._lock:
            self._out.write(text.encode(encoding, "backslashreplace").decode(encoding))
            self._out.flush()
