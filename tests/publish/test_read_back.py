from __future__ import annotations

from packaging.utils import NormalizedName

from builders.clock import VirtualClock
from builders.release import distribution, page, published
from pypi_trusted_publish.checks.model import Distribution
from pypi_trusted_publish.core.project_page import ProjectPage
from pypi_trusted_publish.errors import Diagnosis, IndexUnavailable
from pypi_trusted_publish.events import Confirmed, DiagnosisReported, Event, Waiting
from pypi_trusted_publish.publish.read_back import look, read_back

WHEEL = distribution("demo-1.0-py3-none-any.whl")
SDIST = distribution("demo-1.0.tar.gz")


class SlowIndex:
    """Lists one more file at each look, after ``deaf`` looks that fail."""

    def __init__(self, *files: Distribution, deaf: int = 0) -> None:
        self.files = files
        self.deaf = deaf
        self.looks = 0

    def project_page(self, project: NormalizedName, *, fresh: bool = False) -> ProjectPage:
        assert fresh
        self.looks += 1
        if self.looks <= self.deaf:
            raise IndexUnavailable(Diagnosis(code="deaf", message="no answer"))
        return page(*(published(file) for file in self.files[: self.looks - self.deaf]), project=project)

    def project_url(self, distribution: Distribution) -> str:
        return f"https://index.example/{distribution.filename}"


def watched(index: SlowIndex, wait: float) -> tuple[list[Event], VirtualClock]:
    told: list[Event] = []
    clock = VirtualClock()
    read_back([WHEEL, SDIST], pages=index, wait=wait, with_provenance=frozenset(), clock=clock, emit=told.append)
    return told, clock


def test_it_looks_until_every_file_is_listed() -> None:
    told, clock = watched(SlowIndex(WHEEL, SDIST), wait=300)
    assert clock.slept == [1.0]
    assert told == [
        Waiting(missing=(SDIST.filename,), waited=0.0),
        Confirmed(filename=WHEEL.filename, url=f"https://index.example/{WHEEL.filename}"),
        Confirmed(filename=SDIST.filename, url=f"https://index.example/{SDIST.filename}"),
    ]


def test_without_a_wait_it_looks_once_and_warns_of_what_is_missing() -> None:
    told, clock = watched(SlowIndex(WHEEL, SDIST), wait=0)
    assert clock.slept == []
    assert [type(event) for event in told] == [Confirmed, DiagnosisReported]
    assert isinstance(told[-1], DiagnosisReported)
    assert told[-1].diagnosis.code == "not-confirmed"
    assert SDIST.filename in told[-1].diagnosis.message
    assert WHEEL.filename not in told[-1].diagnosis.message


def test_the_pauses_grow_to_fifteen_seconds_and_end_with_the_wait() -> None:
    told, clock = watched(SlowIndex(WHEEL), wait=60)
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    assert sum(clock.slept) == 60
    assert [event.waited for event in told if isinstance(event, Waiting)] == [0, 1, 3, 7, 15, 30, 45]


def test_a_page_that_cannot_be_read_is_looked_at_again() -> None:
    told, _ = watched(SlowIndex(WHEEL, SDIST, deaf=2), wait=300)
    assert sum(isinstance(event, Confirmed) for event in told) == 2


def test_a_single_look_tells_nothing() -> None:
    assert look([WHEEL, SDIST], pages=SlowIndex(WHEEL)).missing == (SDIST,)
