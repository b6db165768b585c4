from __future__ import annotations

import threading

import pytest

from builders.polling import PATIENT
from pypi_trusted_publish.events import Event, Fact
from pypi_trusted_publish.publish.background import Background


def test_what_a_task_tells_is_held_until_its_result_is_asked_for() -> None:
    told: list[Event] = []
    background = Background(told.append)
    finished = threading.Event()

    def work() -> str:
        background.emit(Fact(value="from the task"))
        finished.set()
        return "done"

    task = background.start(work)
    assert finished.wait(PATIENT)
    background.emit(Fact(value="from the flow"))
    assert task.result() == "done"
    assert told == [Fact(value="from the flow"), Fact(value="from the task")]


def test_a_result_can_be_asked_for_twice_and_is_told_once() -> None:
    told: list[Event] = []
    background = Background(told.append)
    task = background.start(lambda: background.emit(Fact(value="once")))
    task.result()
    task.result()
    assert told == [Fact(value="once")]


def test_a_problem_is_raised_where_the_result_is_asked_for_after_what_was_told() -> None:
    told: list[Event] = []
    background = Background(told.append)

    def work() -> None:
        background.emit(Fact(value="tried"))
        raise LookupError

    task = background.start(work)
    with pytest.raises(LookupError):
        task.result()
    assert told == [Fact(value="tried")]
