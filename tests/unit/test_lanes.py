from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from builders.polling import PATIENT
from builders.release import distribution
from pypi_trusted_publish.errors import Diagnosis, IndexRefused, IndexUnavailable, SeveralProblems
from pypi_trusted_publish.events import ConcurrencyReduced, Event, NotUploaded
from pypi_trusted_publish.publish.upload_pool import Lane, upload_in_lanes

if TYPE_CHECKING:
    from pypi_trusted_publish.checks.model import Distribution

FILES = tuple(distribution(f"demo-1.0-py3-none-linux_{number}.whl") for number in range(8))


def refused(code: str = "refused") -> IndexRefused:
    return IndexRefused(Diagnosis(code=code, message="the index said no"))


class Index:
    """Takes files, each after as many others have arrived as ``together`` says; remembers how many were at once."""

    def __init__(self, together: int = 1) -> None:
        self.barrier = threading.Barrier(together)
        self.lock = threading.Lock()
        self.now = self.peak = 0
        self.taken: list[str] = []

    def upload(self, file: Distribution, _lane: Lane) -> None:
        with self.lock:
            self.now += 1
            self.peak = max(self.peak, self.now)
        self.barrier.wait(PATIENT)
        with self.lock:
            self.now -= 1
            self.taken.append(file.filename)


def test_a_wave_runs_in_as_many_lanes_as_there_are() -> None:
    index = Index(together=4)
    upload_in_lanes((FILES,), width=4, upload=index.upload, emit=list[Event]().append)
    assert index.peak == 4
    assert sorted(index.taken) == [file.filename for file in FILES]


def test_a_wave_begins_when_the_last_one_is_answered() -> None:
    index = Index()
    upload_in_lanes(tuple((file,) for file in FILES), width=4, upload=index.upload, emit=list[Event]().append)
    assert index.peak == 1
    assert index.taken == [file.filename for file in FILES]


def test_after_a_refusal_nothing_is_started_and_the_rest_is_told_as_not_sent() -> None:
    told: list[Event] = []

    def upload(_file: Distribution, _lane: Lane) -> None:
        raise refused()

    with pytest.raises(IndexRefused):
        upload_in_lanes(((FILES[0],), FILES[1:4]), width=4, upload=upload, emit=told.append)
    assert [event.filename for event in told if isinstance(event, NotUploaded)] == [
        file.filename for file in FILES[1:4]
    ]


def test_what_is_in_flight_finishes_after_a_refusal() -> None:
    begun = threading.Barrier(2)
    failed = threading.Event()
    finished: list[str] = []

    def upload(file: Distribution, _lane: Lane) -> None:
        begun.wait(PATIENT)
        if file is FILES[0]:
            failed.set()
            raise refused()
        assert failed.wait(PATIENT)
        finished.append(file.filename)

    with pytest.raises(IndexRefused):
        upload_in_lanes((FILES[:2],), width=2, upload=upload, emit=list[Event]().append)
    assert finished == [FILES[1].filename]


def test_once_the_index_stumbles_files_go_one_by_one() -> None:
    lock = threading.Lock()
    active: list[str] = []
    crowds: list[int] = []

    def upload(file: Distribution, lane: Lane) -> None:
        with lock:
            active.append(file.filename)
            crowds.append(len(active))
        lane.stumbled()
        with lock:
            active.remove(file.filename)

    told: list[Event] = []
    upload_in_lanes(((FILES[0],), FILES[1:]), width=4, upload=upload, emit=told.append)
    assert crowds == [1] * len(FILES)
    assert [event.lanes for event in told if isinstance(event, ConcurrencyReduced)] == [1]


def test_what_was_begun_side_by_side_is_repeated_one_by_one_once_the_index_stumbles() -> None:
    begun = threading.Barrier(4)
    lock = threading.Lock()
    crowds: list[int] = []
    sending: list[str] = []

    def upload(file: Distribution, lane: Lane) -> None:
        with lane.trying():
            begun.wait(PATIENT)
            lane.stumbled()
        with lane.trying():
            with lock:
                sending.append(file.filename)
                crowds.append(len(sending))
            with lock:
                sending.remove(file.filename)

    upload_in_lanes((FILES[:4],), width=4, upload=upload, emit=list[Event]().append)
    assert crowds == [1] * 4


def test_several_failures_are_raised_together() -> None:
    begun = threading.Barrier(2)

    def upload(file: Distribution, _lane: Lane) -> None:
        begun.wait(PATIENT)
        raise refused() if file is FILES[0] else IndexUnavailable(Diagnosis(code="silent", message="no answer"))

    with pytest.raises(SeveralProblems) as caught:
        upload_in_lanes((FILES[:2],), width=2, upload=upload, emit=list[Event]().append)
    assert [diagnosis.code for diagnosis in caught.value.diagnostics()] == ["refused", "silent"]


def test_a_bug_in_a_lane_reaches_the_one_who_waits() -> None:
    def upload(_file: Distribution, _lane: Lane) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        upload_in_lanes((FILES,), width=4, upload=upload, emit=list[Event]().append)
