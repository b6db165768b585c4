"""Worker processes: what they get, and what stops them."""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from builders import hostile
from builders.archives import SDIST_NAME, WHEEL_NAME, sdist_bytes, wheel_bytes
from builders.judging import candidate, judge_all
from builders.metadata import metadata_bytes
from builders.polling import PATIENT, until
from builders.process_tree import busy_workers, descendants, linux_only
from pypi_trusted_publish.checks.model import CheckedSet, CheckOptions
from pypi_trusted_publish.errors import PublishError
from pypi_trusted_publish.installation.problems import no_wheel
from pypi_trusted_publish.io.packages_dir import survey
from pypi_trusted_publish.io.workers import pool, process
from pypi_trusted_publish.io.workers.confinement import MEMORY, Fence, Refused
from pypi_trusted_publish.io.workers.messages import (
    Malformed,
    Message,
    PageTask,
    RenderingTask,
)
from pypi_trusted_publish.io.workers.pool import Workers, processor_seconds
from pypi_trusted_publish.io.workers.process import Bound, Worker, WorkerStopped, resident

bounded = pytest.mark.skipif(sys.platform == "win32", reason="Windows bounds no processor time")
RST = ("Description-Content-Type", "text/x-rst")
SOURCE: Final = Path(__file__).resolve().parents[2] / "src"


def checked(folder: Path, workers: Workers | None = None, **options: Any) -> CheckedSet:
    found = survey([str(folder)], str(folder))
    return (workers or Workers()).check(found.candidates, options=CheckOptions(**options))


def rules(found: CheckedSet) -> set[str]:
    return {finding.rule for finding in found.findings} - {"set-no-sdist"}


def outcome(folder: Path) -> set[str] | str:
    """The rules that were found in a sound wheel, or the code of what stopped the check."""
    (folder / WHEEL_NAME).write_bytes(wheel_bytes())
    try:
        return rules(checked(folder))
    except PublishError as problem:
        return problem.diagnostics()[0].code


def test_a_worker_finds_what_the_checks_find(tmp_path: Path) -> None:
    files = {WHEEL_NAME: wheel_bytes({"demo.pth": b"", ".env": b""}), SDIST_NAME: sdist_bytes(), "x-1.whl": b"no"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    ours, theirs = judge_all(*sorted(files.items())), checked(tmp_path)
    assert theirs.findings == ours.findings
    for here, there in zip(ours.distributions, theirs.distributions, strict=True):
        assert (there.filename, there.sha256, there.blake2b_256) == (here.filename, here.sha256, here.blake2b_256)
        assert (there.metadata, there.version, there.tags, there.kind) == (
            here.metadata, here.version, here.tags, here.kind,
        )  # fmt: skip


def test_a_file_that_changed_since_it_was_found_is_not_read(tmp_path: Path) -> None:
    (tmp_path / WHEEL_NAME).write_bytes(wheel_bytes())
    found = survey([str(tmp_path)], str(tmp_path))
    (tmp_path / WHEEL_NAME).write_bytes(wheel_bytes({"more.py": b""}))
    assert rules(Workers().check(found.candidates, options=CheckOptions())) == {"file-unreadable"}


def test_a_name_that_is_not_text_reaches_the_worker(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"dist-\xff") if sys.platform == "linux" else tmp_path / "dist-\u00e9"
    folder.mkdir()
    (folder / WHEEL_NAME).write_bytes(wheel_bytes())
    assert rules(checked(folder)) == set()


def test_the_same_description_is_rendered_once_and_libraries_are_installed_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    ask = Worker.ask

    def counted(self: Worker, task: Any, *, wall: float) -> Message:
        asked.append(task)
        return ask(self, task, wall=wall)

    monkeypatch.setattr(Worker, "ask", counted)
    for number in range(3):
        name = f"demo{number}-1.0-py3-none-any.whl"
        metadata = metadata_bytes(RST, body="Text.\n").replace(b"Name: demo", b"Name: demo%d" % number)
        (tmp_path / name).write_bytes(wheel_bytes(metadata=metadata, dist_info=f"demo{number}-1.0.dist-info"))
    installed: list[str] = []
    assert rules(checked(tmp_path, Workers(install=installed.append))) == set()
    assert installed == ["description"]
    assert sum(isinstance(task, RenderingTask) for task in asked) == 1


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (OSError("no network"), "docutils could not be installed (OSError)."),
        (
            no_wheel("description", ["docutils==1"], "pypy (3.11)"),
            "no wheel of docutils==1 for this Python: pypy (3.11).",
        ),
    ],
)
def test_libraries_that_cannot_be_installed_leave_the_decision_to_the_index_and_say_why(
    tmp_path: Path, failure: Exception, why: str
) -> None:
    def install(_name: str) -> None:
        raise failure

    (tmp_path / WHEEL_NAME).write_bytes(wheel_bytes(metadata=metadata_bytes(RST, body=":func:`x`\n")))
    found = checked(tmp_path, Workers(install=install))
    assert rules(found) == {"not-fully-checked"}
    assert not found.errors
    messages = [finding.message for finding in found.findings if finding.rule == "not-fully-checked"]
    assert messages[0].startswith("The description was not checked, because it could not be rendered here: ")
    assert messages[0].endswith(why)


def test_a_classifier_that_no_table_knows_is_asked_of_the_index(tmp_path: Path) -> None:
    (tmp_path / WHEEL_NAME).write_bytes(wheel_bytes(metadata=metadata_bytes(("Classifier", "Topic :: New"))))
    asked: list[int] = []

    def known() -> frozenset[str]:
        asked.append(1)
        return frozenset({"Topic :: New"})

    assert rules(checked(tmp_path, Workers(known_classifiers=known))) == set()
    assert asked == [1]
    assert rules(checked(tmp_path)) == {"classifier-unknown"}


@bounded
def test_a_stopped_worker_costs_its_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "processor_seconds", lambda _size: 2.0)
    monkeypatch.setattr(pool, "_WALL", 100)  # a busy machine does not end it by the clock
    hostile.many_members(tmp_path)
    for number in range(3):
        name, folder = f"demo{number}-1.0-py3-none-any.whl", f"demo{number}-1.0.dist-info"
        metadata = metadata_bytes().replace(b"Name: demo", b"Name: demo%d" % number)
        (tmp_path / name).write_bytes(wheel_bytes(metadata=metadata, dist_info=folder))
    found = checked(tmp_path)
    assert [finding.filename for finding in found.errors if finding.rule == "not-checked"] == [SDIST_NAME]
    assert len(found.distributions) == 3


@bounded
def test_a_wheel_whose_content_takes_too_much_is_known_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "processor_seconds", lambda _size: 2.0)
    monkeypatch.setattr(pool, "_WALL", 100)  # a busy machine does not end it by the clock
    hostile.long_record(tmp_path, lines=5_000_000)
    found = checked(tmp_path, lenient_tables=True)
    assert "not-fully-checked" in rules(found)
    assert [file.filename for file in found.distributions] == [WHEEL_NAME]


@pytest.mark.parametrize(
    ("bound", "times", "found"),
    [
        (Bound.CLOCK, 1, set()),
        (Bound.CLOCK, 3, {"not-checked"}),
        (Bound.KILLED, 2, {"not-fully-checked"}),
        (Bound.KILLED, 3, "runner-limit-reached"),
    ],
)
def test_what_may_not_be_the_fault_of_the_file_is_tried_once_more_alone_and_without_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: Bound, times: int, found: set[str] | str
) -> None:
    stops, ask = iter(range(times)), Worker.ask

    def stopped(self: Worker, task: Any, *, wall: float) -> Message:
        if next(stops, None) is not None:
            raise WorkerStopped(bound, "it was stopped")
        return ask(self, task, wall=wall)

    monkeypatch.setattr(Worker, "ask", stopped)
    assert outcome(tmp_path) == found


def test_a_worker_that_dies_while_it_waits_is_replaced(tmp_path: Path) -> None:
    (tmp_path / WHEEL_NAME).write_bytes(wheel_bytes())
    workers = Workers()
    workers.start()
    (worker,) = workers._idle
    worker.kill()
    until(lambda: worker.ended)
    assert rules(checked(tmp_path, workers)) == set()


def test_a_worker_that_cannot_start_is_the_fault_of_the_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    assert outcome(tmp_path) == "runner-limit-reached"


@pytest.mark.parametrize(
    ("files", "size", "width"), [(1, 1, 1), (4, 1, 1), (5, 1, 4), (2, 20 << 20, 2), (1, 40 << 20, 1)]
)
def test_more_workers_than_one_are_for_many_files(files: int, size: int, width: int) -> None:
    waiting = [candidate(f"{number}.whl", b"") for number in range(files)]
    for each in waiting:
        object.__setattr__(each.identity, "size", size)
    assert Workers(most=4)._width(waiting) == width


@pytest.mark.parametrize(("size", "least", "most"), [(0, 8, 9), (10_000, 8, 10), (100_000_000, 50, 57)])
def test_processor_time_grows_with_the_file(size: int, least: float, most: float) -> None:
    assert least <= processor_seconds(size) <= most


@linux_only
def test_resident_memory_is_found_out() -> None:
    assert 5 << 20 < resident(os.getpid()) < 4 << 30


def test_a_worker_that_says_that_it_ends_gets_no_other_task(monkeypatch: pytest.MonkeyPatch) -> None:
    task = PageTask(text="x", content_type="text/plain", seconds=9)
    worker = Worker()
    try:
        assert worker.ask(task, wall=PATIENT)["last"] is False
        assert not worker.ended
    finally:
        worker.end()
    answer = b'{"html": "x", "last": true}'
    program = f"import sys, time; sys.stdout.buffer.write({struct.pack('>I', len(answer)) + answer!r})"
    monkeypatch.setattr(process, "_PROGRAM", f"{program}; sys.stdout.flush(); time.sleep(600)")
    worker = Worker()
    try:
        assert worker.ask(task, wall=PATIENT)["html"] == "x"
        assert worker.ended
    finally:
        worker.end()


@linux_only
def test_where_the_system_bounds_no_memory_the_parent_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS, which accepts a limit on address space but does not enforce it."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(process, "MEMORY", 300_000_000)
    monkeypatch.setattr(process, "_PROGRAM", "import time; held = b'x' * 400_000_000; time.sleep(120)")
    worker = Worker()
    try:
        with pytest.raises(WorkerStopped) as stopped:
            worker.ask(RenderingTask(text="x\n", folders=[], seconds=9), wall=100)
        assert stopped.value.bound is Bound.MEMORY
    finally:
        worker.end()


def opened_by(process: Path) -> set[str]:
    """What the descriptors of a process lead to; its folder in ``/proc``.

    Without the file of libffi, which a newer one keeps open itself since CPython 3.14 calls ``prctl`` through it.
    """
    opened = set()
    for link in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            opened.add(str(link.readlink()).partition(":")[0])
    return {path for path in opened if not Path(path).name.startswith("libffi")}


@linux_only
def test_a_worker_has_nothing_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "sesame-of-the-job")
    with Path(__file__).open("rb") as held:
        os.set_inheritable(held.fileno(), True)
        worker = Worker()
        try:
            worker.ask(RenderingTask(text="x\n", folders=[], seconds=9), wall=60)
            process = Path(f"/proc/{worker.pid}")
            names = (process / "environ").read_bytes()
            assert {entry.partition(b"=")[0] for entry in names.split(b"\0") if entry} <= {b"LD_LIBRARY_PATH"}
            assert (process / "cwd").readlink() == Path("/")
            # It looks at its own memory now and then, and loads a library: such a file does not stay open.
            until(lambda: {"pipe"} <= opened_by(process) <= {"/dev/null", "pipe", str(process / "status")})
            limits = (process / "limits").read_text()
            for limit in ("Max file size             0", "Max core file size        0"):
                assert limit in limits
            assert MEMORY <= int(limits.partition("Max address space")[2].split()[0]) < 3 * MEMORY
        finally:
            worker.end()


def _what_is_open(link: Path) -> str:
    """Behind a descriptor; empty when it has been closed meanwhile: a worker reads how much memory it has used."""
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""


@linux_only
def test_a_worker_ends_with_its_parent_whatever_it_does(tmp_path: Path) -> None:
    file = hostile.many_members(tmp_path)
    command = [sys.executable, "-m", "pypi_trusted_publish", "check", str(file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        until(lambda: busy_workers(process.pid))
        workers = descendants(process.pid)[1:]
        process.kill()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@linux_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_handled_while_a_hostile_file_is_read(tmp_path: Path, number: signal.Signals) -> None:
    file = hostile.many_members(tmp_path)
    program = (  # a shell starts what runs in its background without SIGINT
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from pypi_trusted_publish.__main__ import entry; entry()"
    )
    command = [sys.executable, "-c", program, "check", str(file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until(lambda: busy_workers(process.pid))
        workers = descendants(process.pid)[1:]
        process.send_signal(number)
        assert process.wait(PATIENT) in (-number, 128 + number)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@pytest.mark.parametrize(
    "act",
    [
        "__import__('socket').socket()",
        "subprocess.run(['true'], check=False)",
        "os.system('true')",
        "Path('/etc/passwd').read_bytes()",
        "Path('/proc/self/environ').read_bytes()",
        "Path(f'{sys.prefix}/lib/../../../../../../../etc/passwd').read_bytes()",
        "list(Path('/').iterdir())",
        "Path('/nowhere/at/all').unlink()",
        "Path(os.__file__).with_name('never-written.txt').write_text('')",
    ],
    ids=["socket", "run", "system", "passwd", "environ", "dots", "list", "remove", "write"],
)
def test_the_fence_refuses_what_no_check_needs(act: str) -> None:
    program = (
        "import os, subprocess, sys\nfrom pathlib import Path\n"
        "from pypi_trusted_publish.io.workers.confinement import MEMORY, Fence, Refused\n"
        f"fence = Fence([]); fence.raise_hook()\ntry:\n    {act}\nexcept Refused:\n    sys.exit(42)\n"
    )  # in a process of its own: a hook stays for good
    ended = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(SOURCE)}, check=False)
    assert ended.returncode == 42


def test_the_fence_lets_the_file_and_the_interpreter_be_read(tmp_path: Path) -> None:
    fence = Fence([str(tmp_path / "packages")])
    fence.file = str(tmp_path / "demo.whl")
    for path in (fence.file, os.__file__, tmp_path / "packages" / "a" / "b.py"):
        fence.look("open", (str(path), "r", os.O_RDONLY))
    for path in (tmp_path / "other.whl", tmp_path / "packages-of-others" / "b.py"):
        with pytest.raises(Refused):
            fence.look("open", (str(path), "r", os.O_RDONLY))
    fence.admit([str(tmp_path / "packages-of-others")])
    fence.look("open", (str(tmp_path / "packages-of-others" / "b.py"), "r", os.O_RDONLY))


@pytest.mark.parametrize(
    ("mode", "flags", "refused"),
    [("r", 1, False), ("rb", os.O_RDONLY, False), (None, os.O_RDONLY, False)]
    + [(mode, 0, True) for mode in ("w", "ab", "x", "r+b")]
    + [(None, flags, True) for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT)],
)
def test_the_fence_knows_reading_from_writing_by_the_mode_and_without_one_by_the_flags(
    mode: str | None, flags: int, refused: bool
) -> None:
    """PyPy gives the flags 1 with the mode ``r``."""
    fence = Fence([])
    with pytest.raises(Refused) if refused else contextlib.nullcontext():
        fence.look("open", (os.__file__, mode, flags))


def test_a_worker_that_gave_an_invalid_answer_gets_no_other_task() -> None:
    def invalid(_message: Message) -> None:
        raise Malformed

    task = RenderingTask(text="x\n", folders=[], seconds=9)
    worker, workers = Worker(), Workers()
    workers.start(worker)
    try:
        workers._ask(task, lambda message: None)  # the twin: after a valid answer it waits for the next one
        assert workers._idle == [worker]
        with pytest.raises(WorkerStopped, match="invalid answer"):
            workers._ask(task, invalid)
        assert workers._idle == []
        assert worker.ended
    finally:
        workers.end()


def test_after_the_end_no_worker_is_kept_or_started() -> None:
    task = RenderingTask(text="x\n", folders=[], seconds=9)
    worker, workers = Worker(), Workers()
    workers.start(worker)
    workers._ask(task, lambda _: workers.end())
    assert (workers._idle, worker.ended) == ([], True)
    with pytest.raises(WorkerStopped, match="the run is ending"):
        workers._ask(task, lambda message: None)
    assert workers._workers == set()
