"""The program of a worker: reads tasks from standard input, answers on standard output, and ends when input ends.

Started as ``python -I -S -B -c PROGRAM PARENT FOLDER...`` (see ``process.py``): it finds no site-packages, only the
folders of our packages; its environment is empty, its working directory is the root, and only the two pipes are open.
"""

from __future__ import annotations

import base64
import gc
import os
import sys
import time
from functools import partial
from typing import BinaryIO, Final, cast

from ...checks.check import inspect
from ...checks.description import Rendering, RenderStatus
from ...checks.model import Candidate, CheckOptions, FileIdentity
from ..packages_dir import open_unchanged
from ..threads import in_background
from .confinement import MEMORY, Fence, Refused, confine, limit_processor_time, peak_memory
from .messages import (
    ContentsTask,
    InspectionTask,
    Malformed,
    Message,
    RenderingTask,
    Task,
    decode_task,
    encode_contents,
    encode_inspection,
    encode_missing,
    encode_rendering,
    read_frame,
    write_frame,
)
from .rst_rendering import SHORT_OF_MEMORY, render_page, render_rst

STOPPED: Final = "stopped"
"""The key of an answer that says why the worker gave up."""
OUT_OF_MEMORY: Final = "memory"
LAST: Final = "last"
"""The key that says whether the worker ends after this answer."""
_RARELY: Final = (50_000, 20, 100)
"""Thresholds of the garbage collector; with its own, it takes an eighth of the time for a wheel of many members."""


def main(parent: int, folders: list[str]) -> None:
    """Answer until the parent closes the pipe."""
    tasks, answers = _pipes()
    if hasattr(gc, "set_threshold"):  # PyPy lacks it
        gc.set_threshold(*_RARELY)  # hundreds of thousands of members are kept, and none of them is garbage
    confine(parent)
    fence = Fence(folders)
    fence.raise_hook()
    while (message := read_frame(tasks)) is not None:
        answer, going = _answer(decode_task(message), fence)
        answer[LAST] = last = not going or peak_memory() > MEMORY // 2  # the next file gets a new process
        try:
            write_frame(answers, answer)
        except Malformed:
            write_frame(answers, {STOPPED: "its result is too large"})
        if last:
            return


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep standard input and output for our messages; other code gets the null device."""
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    return tasks, answers


def _answer(task: Task, fence: Fence) -> tuple[Message, bool]:
    """The answer, and whether this process can take another task."""
    began = time.process_time()
    limit_processor_time(task.seconds)
    try:
        if isinstance(task, InspectionTask):
            answer = _inspected(task, fence)
        elif isinstance(task, RenderingTask):
            answer = _rendered(task, fence)
        elif isinstance(task, ContentsTask):
            answer = _contents(task, fence)
        else:
            answer = {"html": render_page(task.text, task.content_type)}
    except MemoryError:
        return {STOPPED: OUT_OF_MEMORY}, False
    except (Refused, Exception) as failed:  # noqa: BLE001 - an exception from untrusted bytes affects only their file
        return {STOPPED: _what(failed)}, False
    swallowed = fence.refused
    if swallowed is not None:
        return {STOPPED: _what(Refused(swallowed))}, False
    answer["seconds"] = time.process_time() - began
    return answer, True


def _what(failed: BaseException) -> str:
    """A phrase that says what ended the check, and where in our code or a library."""
    trace, place = failed.__traceback__, ""
    while trace is not None:
        if (
            "pypi_trusted_publish" in trace.tb_frame.f_code.co_filename
            and trace.tb_frame.f_code is not Fence.look.__code__
        ):
            place = f" at {trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
        trace = trace.tb_next
    if isinstance(failed, Refused):
        return f"the check tried something that is not allowed ({failed}{place})"
    return f"it fails with {type(failed).__name__}{place}"


def _inspected(task: InspectionTask, fence: Fence) -> Message:
    identity = FileIdentity(device=task.device, inode=task.inode, size=task.size, mtime_ns=task.mtime_ns)
    candidate = Candidate(
        path=task.path,
        filename=task.filename,
        line="",
        identity=identity,
        open=partial(open_unchanged, task.path, identity),
    )
    options = CheckOptions(
        full=task.full,
        content=task.content,
        unpacked_budget=task.unpacked_budget,
        member_budget=task.member_budget,
    )
    asked: list[str] = []

    def render_later(text: str) -> Rendering:
        asked.append(text)
        return Rendering(status=RenderStatus.RENDERED)

    fence.file = task.path
    try:
        inspection = inspect(candidate, options=options, render=render_later, background=in_background)
    finally:
        fence.file = None
    return {**encode_inspection(inspection), "to_render": bool(asked)}


def _contents(task: ContentsTask, fence: Fence) -> Message:
    from ...readers.contents import MissingBytes, Pieces, metadata_contents, sdist_contents, wheel_contents

    pieces = [(start, base64.b64decode(text)) for start, text in task.pieces]
    if task.kind == "metadata":
        return encode_contents(metadata_contents(pieces[0][1]))
    read = (
        partial(wheel_contents, entry_points=task.kind != "wheel-members", core_metadata=task.kind == "wheel")
        if task.kind.startswith("wheel")
        else sdist_contents
    )
    fence.file = task.path or None
    try:
        with open(task.path, "rb") if task.path else Pieces(task.size, pieces) as file:  # noqa: PTH123 - as above
            return encode_contents(read(cast("BinaryIO", file)))
    except MissingBytes as missing:
        return encode_missing(missing)
    finally:
        fence.file = None


def _rendered(task: RenderingTask, fence: Fence) -> Message:
    fresh = [folder for folder in task.folders if folder not in sys.path]
    fence.admit(fresh)
    sys.path += fresh
    rendering = render_rst(task.text)
    if rendering.status is RenderStatus.REFUSED and peak_memory() > MEMORY // 2:
        rendering = SHORT_OF_MEMORY  # libraries disguise it as a failure of their own
    return encode_rendering(rendering)
