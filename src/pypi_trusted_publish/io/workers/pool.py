"""The workers of a run: one for a few small files, more for many; each file within its limits, whatever it is.

The processor time for a file grows with its size. Most of it is for reading everything. If that is not enough, a new
worker reads only name, digests and metadata; what is left after a full reading is for the description. A sound file
needs less than a quarter of its limit.
"""

from __future__ import annotations

import hashlib
import math
import os
import queue
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...checks.classifiers import CLASSIFIER_UNKNOWN, classifier_findings
from ...checks.description import Rendering, RenderStatus, rendering_findings
from ...checks.files import not_checked_finding, unchecked_finding
from ...errors import PublishError, TamperedError
from ...installation.problems import out_of_resources
from ...readers.contents import MissingBytes
from ...readers.core_metadata import uploaded_metadata
from .messages import (
    ContentsTask,
    InspectionTask,
    Malformed,
    PageTask,
    RenderingTask,
    Task,
    decode_contents,
    decode_inspection,
    decode_page,
    decode_rendering,
    number,
)
from .process import Bound, Worker, WorkerStopped, folders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from ...checks.check import Inspection
    from ...checks.classifiers import KnownClassifiers
    from ...checks.model import Candidate, CheckedSet, CheckOptions, Finding
    from ...readers.contents import Contents
    from .messages import Message

    Answer = TypeVar("Answer")

LIBRARIES: Final = "description"
"""The lock (``requirements/description.txt``) that holds docutils, readme-renderer and what they need."""
MOST_WORKERS: Final = 4
FEW_FILES: Final = 4
FEW_BYTES: Final = 32 * 1024 * 1024
"""Up to this many files and bytes, one worker is faster than two: a worker needs 0.2 s to start."""
LARGEST_FILE: Final = 8 * 1024**3
"""Bytes of the largest file that is read; no index accepts one of nearly that size."""
_FIRST_SHARE: Final = 0.75
"""The share of a file's processor time for reading everything."""
_WALL: Final = 5
"""The limit in wall-clock time is this many times that of the processor."""


def processor_seconds(size: int) -> float:
    """The limit of processor time for a file in seconds: 9 at 10 kB, 17 at 1 MB, 56 at 100 MB. ``size``: bytes.

    It grows with the square root, because small members cost more per byte than large ones; and for the first 30 MB
    faster than afterwards, because they nearly vanish when they are compressed together.
    """
    return 8 + 48 * max(min(math.sqrt(size / 30_000_000), 1), math.sqrt(size / 100_000_000))


class _Again(Exception):
    """Something other than the file may have stopped its worker: the file gets a second try, alone."""


class Workers:
    """Checks files in worker processes. :meth:`check` is for one thread, :meth:`end` for any.

    ``install`` is called at most once, with :data:`LIBRARIES`, before the first description is rendered; None: nothing
    is installed.
    """

    def __init__(
        self,
        *,
        install: Callable[[str], None] | None = None,
        known_classifiers: KnownClassifiers | None = None,
        most: int | None = None,
    ) -> None:
        self._install = install
        self._known_classifiers = known_classifiers
        self._most = most or min(MOST_WORKERS, os.cpu_count() or 1)
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._lock = threading.Lock()
        self._ended = False
        self._rendering: dict[bytes, _Rendered] = {}
        self._libraries = threading.Lock()
        self._missing = ""

    def start(self, started: Worker | None = None) -> None:
        """Have a worker ready before the files are known: ``started``, or a new one of the calling thread.

        The thread that starts a worker must live as long as the worker.
        """
        worker = started or Worker.ahead()
        if worker is not None:
            with self._lock:
                self._workers.add(worker)
                self._idle.append(worker)

    def end(self) -> None:
        """End every worker immediately, also during a check."""
        with self._lock:
            self._ended = True
            workers, idle = tuple(self._workers), tuple(self._idle)
            self._idle.clear()
        for worker in workers:
            worker.kill()
        for worker in idle:
            self._drop(worker)

    def check(self, candidates: Sequence[Candidate], *, options: CheckOptions, keep: bool = False) -> CheckedSet:
        """Check the files, then end the workers unless they are kept for more."""
        try:
            inspections = self._inspections(candidates, options)
            from ...checks.check import combine

            return combine(inspections, options=options)
        finally:
            if not keep:
                self.end()

    def contents(self, task: ContentsTask) -> Contents:
        """The members and core metadata of a file. Raises WorkerStopped, and MissingBytes when more of it is needed."""
        return self._ask(task, decode_contents)

    def page(self, text: str, content_type: str) -> str | None:
        """A description as cleaned HTML; None when it does not render. Raises WorkerStopped."""
        return self._ask(
            PageTask(text=text, content_type=content_type, seconds=processor_seconds(len(text))), decode_page
        )

    def _inspections(self, candidates: Sequence[Candidate], options: CheckOptions) -> list[Inspection]:
        done: dict[str, Inspection] = {}
        again = self._round(candidates, options, done, alone=False)
        self._round(again, options, done, alone=True)
        return [done[candidate.path] for candidate in candidates]

    def _round(
        self, candidates: Sequence[Candidate], options: CheckOptions, done: dict[str, Inspection], *, alone: bool
    ) -> list[Candidate]:
        """Check each file into ``done``; returns those that get a second try."""
        waiting: queue.SimpleQueue[Candidate] = queue.SimpleQueue()
        for candidate in candidates:
            waiting.put(candidate)
        again: list[Candidate] = []
        problems: list[BaseException] = []

        def work() -> None:
            try:
                while not problems:
                    candidate = waiting.get_nowait()
                    try:
                        done[candidate.path] = self._inspected(candidate, options, alone=alone)
                    except _Again:
                        again.append(candidate)
            except queue.Empty:
                return
            except BaseException as problem:  # noqa: BLE001 - raised in the thread that waits
                problems.append(problem)

        self._in_threads(work, 1 if alone else self._width(candidates))
        if problems:
            raise problems[0]
        return again

    def _width(self, candidates: Sequence[Candidate]) -> int:
        many = len(candidates) > FEW_FILES or sum(candidate.identity.size for candidate in candidates) > FEW_BYTES
        return min(self._most, len(candidates)) if many else 1

    @staticmethod
    def _in_threads(work: Callable[[], None], width: int) -> None:
        """Do the work in daemon threads, so that signals are handled here and no thread delays the exit."""
        threads = [threading.Thread(target=work, name=f"check {number}", daemon=True) for number in range(width)]
        for thread in threads:
            thread.start()

        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)  # Windows handles no signal during a wait

    def _inspected(self, candidate: Candidate, options: CheckOptions, *, alone: bool) -> Inspection:
        """One file, within its limits. Raises _Again when it gets a second try, alone."""
        size = candidate.identity.size
        if size > LARGEST_FILE:
            return _nothing_known(candidate, f"it is {size / 2**30:.1f} GiB large")
        whole = processor_seconds(size)
        try:
            inspection, to_render, seconds = self._ask_for(candidate, options, whole * _FIRST_SHARE)
        except WorkerStopped as stopped:
            if stopped.bound in (Bound.CLOCK, Bound.KILLED) and not alone:
                raise _Again from None
            return self._without_content(candidate, options, whole * (1 - _FIRST_SHARE), stopped)
        if inspection.distribution is not None:
            if to_render:
                inspection = _with(inspection, self._of_rendering(inspection, whole - seconds))
            if self._known_classifiers is not None:
                inspection = _with_the_index_asked(inspection, self._known_classifiers)
        return inspection

    def _ask_for(
        self, candidate: Candidate, options: CheckOptions, seconds: float, *, content: bool = True
    ) -> tuple[Inspection, bool, float]:
        """The findings of a worker, whether a description is left to render, and the seconds of processor time."""
        identity = candidate.identity
        task = InspectionTask(
            path=candidate.path,
            filename=candidate.filename,
            device=identity.device,
            inode=identity.inode,
            size=identity.size,
            mtime_ns=identity.mtime_ns,
            full=options.full and content,
            content=content,
            unpacked_budget=options.unpacked_budget,
            member_budget=options.member_budget,
            seconds=seconds,
        )
        return self._ask(
            task,
            lambda answer: (
                decode_inspection(answer, candidate),
                answer.get("to_render") is True,
                number(answer, "seconds"),
            ),
        )

    def _without_content(
        self, candidate: Candidate, options: CheckOptions, seconds: float, stopped: WorkerStopped
    ) -> Inspection:
        """Name, digests and metadata of a file that could not be read completely."""
        try:
            inspection, _, _ = self._ask_for(candidate, options, seconds, content=False)
        except WorkerStopped as again:
            if again.bound in (Bound.NOT_STARTED, Bound.KILLED):
                message = f"{candidate.filename} could not be read: {again}."  # nothing of it was: it is not to blame
                raise out_of_resources(message, file=candidate.filename) from None
            return _nothing_known(candidate, str(stopped))
        if inspection.distribution is None:
            return _with(inspection, _nothing_known(candidate, str(stopped)).findings)
        message = f"The content was not checked completely: {stopped}."
        return _with(inspection, (unchecked_finding(candidate.filename, message),))

    def _of_rendering(self, inspection: Inspection, seconds: float) -> tuple[Finding, ...]:
        """Findings about the description, which is rendered once for all files that share it."""
        distribution = inspection.distribution
        if distribution is None:
            return ()
        uploaded = uploaded_metadata(distribution.metadata)
        text, stated = uploaded.first("description") or "", uploaded.first("description-content-type")
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            rendered = self._rendering.setdefault(digest, _Rendered())
        with rendered.lock:
            if rendered.rendering is None:
                rendered.rendering = self._rendered(text, seconds)
        return tuple(rendering_findings(rendered.rendering, text, stated, distribution.filename))

    def _rendered(self, text: str, seconds: float) -> Rendering:
        self._fetch_libraries()
        if self._missing:
            return Rendering(status=RenderStatus.UNKNOWN, problem=self._missing)
        try:
            return self._ask(RenderingTask(text=text, folders=folders(), seconds=seconds), decode_rendering)
        except WorkerStopped as stopped:
            return Rendering(status=RenderStatus.UNKNOWN, problem=str(stopped))

    def _fetch_libraries(self) -> None:
        """Install the libraries, if this run can."""
        with self._libraries:
            install, self._install = self._install, None
            if install is None:
                return
            try:
                install(LIBRARIES)
            except TamperedError:
                raise
            except PublishError as failed:
                why = failed.diagnostics()[0].message.rstrip(".")
                self._missing = f"docutils could not be installed: {why}"
            except Exception as failed:  # noqa: BLE001 - whatever the installer met, the index decides instead of us
                self._missing = f"docutils could not be installed ({type(failed).__name__})"

    def _ask(self, task: Task, decode: Callable[[Message], Answer]) -> Answer:
        """The answer of a worker; one with an invalid answer is stopped."""
        worker = self._taken()
        try:
            answer = decode(worker.ask(task, wall=_WALL * task.seconds))
        except MissingBytes:
            self._return(worker)
            raise
        except Malformed:
            self._drop(worker)
            raise WorkerStopped(Bound.FAILED, "the process that read it gave an invalid answer") from None
        except BaseException:
            self._drop(worker)
            raise
        self._return(worker)
        return answer

    def _return(self, worker: Worker) -> None:
        with self._lock:
            ended = self._ended
            if not ended:
                self._idle.append(worker)
        if ended:
            self._drop(worker)

    def _taken(self) -> Worker:
        """A running worker."""
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                return self._started()
            if not worker.ended:
                return worker
            self._drop(worker)

    def _started(self) -> Worker:
        worker = Worker()
        with self._lock:
            self._workers.add(worker)
            ended = self._ended
        if ended:
            self._drop(worker)
            raise WorkerStopped(Bound.FAILED, "the run is ending")
        return worker

    def _drop(self, worker: Worker) -> None:
        with self._lock:
            self._workers.discard(worker)
        worker.end()


class _Rendered:
    """A description to render once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rendering: Rendering | None = None


def _with(inspection: Inspection, findings: tuple[Finding, ...]) -> Inspection:
    return replace(inspection, findings=(*inspection.findings, *findings))


def _nothing_known(candidate: Candidate, why: str) -> Inspection:
    from ...checks.check import Inspection

    return Inspection(candidate=candidate, distribution=None, findings=(not_checked_finding(candidate.filename, why),))


def _with_the_index_asked(inspection: Inspection, known_classifiers: KnownClassifiers) -> Inspection:
    """Look up unknown classifiers on the index, which workers cannot reach."""
    unknown = CLASSIFIER_UNKNOWN.code
    file = inspection.distribution
    if file is None or all(finding.rule != unknown for finding in inspection.findings):
        return inspection
    asked = classifier_findings(uploaded_metadata(file.metadata), file.filename, known_classifiers=known_classifiers)
    others = tuple(finding for finding in inspection.findings if not finding.rule.startswith("classifier-"))
    return replace(inspection, findings=(*others, *asked))
