"""A run on a terminal: the lines of the transcript in color, and below them a bar for each file that is being sent.

Only this module imports rich, and only on a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TextIO

from rich.console import Console as RichConsole
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.text import Text

from ..events import NotUploaded, RunEnded, Stopping, Uploaded, UploadProgress, UploadStarted
from ..report.transcript import Role

if TYPE_CHECKING:
    from rich.progress import TaskID

    from ..events import Event

_COLOURS: Final = {
    Role.HEADLINE: "bold",
    Role.GROUP: "bold cyan",
    Role.CONCLUSION: "green",
    Role.NOTICE: "blue",
    Role.WARNING: "yellow",
    Role.ERROR: "bold red",
}
_REFRESHES: Final = 8
"""Updates of the bars in a second."""


class LiveProgress:
    """Shows one run. Not thread-safe: the callers hold a lock."""

    def __init__(self, out: TextIO) -> None:
        self._console = RichConsole(file=out, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._bars = Progress(
            TextColumn("  {task.fields[filename]}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=_REFRESHES,
        )
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, event: Event) -> None:
        """Update the bars; they are removed when the run ends."""
        if isinstance(event, UploadStarted):
            self._begin(event)
        elif isinstance(event, UploadProgress):
            self._move(event)
        elif isinstance(event, (Uploaded, NotUploaded)):
            self._end(event.filename)
        elif isinstance(event, (RunEnded, Stopping)):
            self._bars.stop()

    def print(self, text: str, role: Role) -> None:
        """One line above the bars; ``text`` is clean."""
        self._console.print(Text(text, style=_COLOURS.get(role, "")))

    def _begin(self, event: UploadStarted) -> None:
        self._end(event.filename)  # it is sent again
        self._bars.start()
        self._tasks[event.filename] = self._bars.add_task("", total=event.size, filename=event.filename)

    def _move(self, event: UploadProgress) -> None:
        if event.filename in self._tasks:
            self._bars.update(self._tasks[event.filename], completed=event.sent)

    def _end(self, filename: str) -> None:
        task = self._tasks.pop(filename, None)
        if task is not None:
            self._bars.remove_task(task)
