"""Reports a run: hides its secrets, records and prints its events, and writes its reports at the end."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from signal import Signals
from typing import TYPE_CHECKING, Final

from ..core.url_secrets import secrets_in_url
from ..errors import EXIT_BUG, EXIT_OK, Cure, Diagnosis, PublishError
from ..events import DiagnosisReported, Event, RunEnded, Stopping
from ..io.console import Console, Style
from ..io.github import commands
from ..io.github.job import RunnerContext
from ..io.http.proxies import Proxies, proxy_secrets
from ..io.http.trust import Trust
from ..report.transcript import Role
from ..sanitize import clean
from ..secret import Secret

if TYPE_CHECKING:
    from ..inputs import Inputs
    from ..report.outcome import Outcome
    from .process import ProcessContext

_PREFIX: Final = "pypi-trusted-publish-"


class Reporter:
    """Reads the environment once and removes the secrets; every event passes through it."""

    def __init__(self, process: ProcessContext, style: Style) -> None:
        self.process = process
        self.console = Console(process.stdout, style)
        self.context = RunnerContext.from_environ(process.environ)
        self.trust = Trust.from_environ(process.environ)
        self._lock = threading.RLock()
        self._closed = False
        self._began = process.clock.monotonic()
        self._outcome: Outcome | None = None
        self._private: Path | None = None
        self._folder = Path(self.context.temp or tempfile.gettempdir())
        self._name = f"{_PREFIX}{secrets.token_hex(4)}"
        for secret in self.context.secrets():
            self.register(secret)
        for name in self.context.consumed:
            process.environ.pop(name, None)

    def proxies(self) -> Proxies:
        """The proxies that the environment names; raises WorkflowError for one that cannot be used."""
        environ = self.process.environ
        found = proxy_secrets(environ)
        for secret in chain.from_iterable(found.values()):
            self.register(secret)
        try:
            return Proxies.from_environ(environ)
        finally:
            for name in found:
                environ.pop(name, None)

    def configure(self, inputs: Inputs) -> None:
        """Apply the inputs for the transcript, and hide possible secrets in the inputs."""
        for url in (inputs.repository_url, inputs.check_url):
            for text in secrets_in_url(url):
                self.register(Secret(text))
        self.console.configure(verbose=inputs.verbose, print_hash=inputs.print_hash)

    def register(self, secret: Secret) -> None:
        """Hide a secret from now on, before its first use."""
        self.console.register(secret, silently=self._closed)

    def emit(self, event: Event) -> None:
        """Record an event and show it; once the run is closed, events of threads that are still running are dropped."""
        with self._lock:
            if self._closed:
                return
            from ..report.outcome import Outcome, apply_event  # only after the first request

            self._closed = isinstance(event, RunEnded)
            redacted = self.console.redact(event)
            self._outcome = apply_event(self._outcome or Outcome(), redacted)
            self.console(redacted)

    def private_folder(self) -> Path:
        """A folder of this run, removed at its end."""
        if self._private is None:
            self._private = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._folder))
        return self._private

    @property
    def attestations_folder(self) -> Path:
        """Where new attestations are stored for later steps of the job."""
        return self._folder / f"{self._name}-attestations"

    def report(self, problem: PublishError) -> int:
        """Report the error that ended the run; returns its exit code."""
        for diagnosis in problem.diagnostics():
            self.emit(DiagnosisReported(diagnosis=diagnosis))
        return problem.exit_code

    def report_bug(self, bug: Exception, command: str) -> int:
        """Report an unexpected error with a bug report; returns the exit code."""
        from ..installation.problems import limit_reached

        if (limit := limit_reached(bug)) is not None:
            return self.report(limit)
        from ..report.annotations import bug_heading, bug_report

        text = bug_report(bug, command=command)
        self.emit(
            DiagnosisReported(diagnosis=Diagnosis(code="bug", message=bug_heading(), snippet=text, cure=Cure.REPORT))
        )
        return EXIT_BUG

    def report_stop(self, signal: Signals) -> None:
        """Report that a signal stopped the run."""
        self.emit(Stopping(why=signal.name))

    def close(self, code: int, *, cancelled: bool) -> None:
        """End the run: write annotations, summary, outputs, and one line with the result."""
        from ..report.conclusion import conclusion, next_step_as_text, unfinished
        from ..report.outcome import Outcome

        seconds = self.process.clock.monotonic() - self._began
        self.emit(RunEnded(exit_code=code, seconds=seconds, cancelled=cancelled))
        outcome = self.console.redact(self._outcome or Outcome())  # again: a secret may have come after the event
        if code != EXIT_OK:
            self.console.release_held()
        ending = unfinished(outcome)
        self.console.annotate((*([ending] if ending else []), *outcome.diagnoses))
        self._write_files(outcome)
        self.console.say(f"\n{conclusion(outcome)}.", Role.HEADLINE if outcome.succeeded else Role.ERROR)
        if step := next_step_as_text(outcome):
            self.console.say(f"Next step: {step}")
        if self._private is not None:
            shutil.rmtree(self._private, ignore_errors=True)

    def _write_files(self, outcome: Outcome) -> None:
        """Write the summary, the report and the outputs, each even if another cannot be written."""
        from ..report.outputs import outputs, report
        from ..report.summary import summary

        path, written = self._folder / f"{self._name}-report.json", ""
        with self.reporting_failure("the report"):
            path.write_text(json.dumps(report(outcome), indent=2), encoding="utf-8")
            written = str(path)
        if self.context.summary_path:
            with self.reporting_failure("the summary"):
                commands.append_summary(self.context.summary_path, summary(outcome))
        if self.context.output_path:
            with self.reporting_failure("the outputs"):
                commands.append_outputs(self.context.output_path, outputs(outcome, report_path=written))

    @contextlib.contextmanager
    def reporting_failure(self, what: str) -> Iterator[None]:
        """Report that ``what`` could not be written, and continue."""
        try:
            yield
        except OSError as error:
            self.console.say(f"{what} could not be written: {clean(error.strerror or type(error).__name__)}")
