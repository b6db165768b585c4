"""When which fault strikes: on the k-th request to its endpoint, on every one, or at random."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web

from .fault import Fault, Moment, Scene
from .traffic import Endpoint, note_of


class UnknownFault(ValueError):
    """A text that names no fault of the table, or no turn."""


@dataclass(frozen=True, kw_only=True)
class ScheduledFault:
    """A fault and the requests to its endpoint that it strikes, counted from 1."""

    fault: Fault
    first: int = 1
    last: int | None = 1
    """None: from ``first`` on, every one."""

    def strikes(self, count: int) -> bool:
        """Whether it strikes the ``count``-th request."""
        return self.first <= count and (self.last is None or count <= self.last)


def parse(text: str, table: Mapping[str, Fault]) -> ScheduledFault:
    """``NAME`` (the first request), ``NAME:k`` (the k-th), ``NAME:k-`` (from the k-th on), ``NAME:every``.

    Raises :class:`UnknownFault`.
    """
    name, _, turn = text.partition(":")
    fault = table.get(name)
    if fault is None:
        raise UnknownFault(f"no fault is named {name!r}")
    if turn == "every":
        return ScheduledFault(fault=fault, last=None)
    digits = turn.removesuffix("-") or "1"
    if not (digits.isascii() and digits.isdecimal() and int(digits) > 0) or turn == "-":
        raise UnknownFault(f"{turn!r} names no turn of {name!r}: write a number, 'every', or nothing")
    first = int(digits)
    return ScheduledFault(fault=fault, first=first, last=None if turn.endswith("-") else first)


class RandomFaults:
    """Draws passing faults, the same ones for the same seed and order of requests."""

    def __init__(self, *, seed: int, probability: float, table: Iterable[Fault]) -> None:
        self._random = random.Random(seed)  # noqa: S311 - chance that can be repeated, nothing secret
        self._probability = probability
        self._faults: dict[Endpoint, list[Fault]] = {}
        for fault in table:
            if fault.passing and fault.play is not None:
                self._faults.setdefault(fault.endpoint, []).append(fault)

    def draw(self, endpoint: Endpoint) -> Fault | None:
        """A fault for the next request to an endpoint, or none."""
        choice = self._faults.get(endpoint)
        if not choice or self._random.random() >= self._probability:
            return None
        return self._random.choice(choice)


class FaultSchedule:
    """What is going to go wrong on one index."""

    def __init__(self, scheduled: Iterable[ScheduledFault] = (), *, chance: RandomFaults | None = None) -> None:
        self.scheduled = list(scheduled)
        self.chance = chance
        self.struck: list[str] = []
        """Names of the faults that struck, in order."""
        self._count: Counter[Endpoint] = Counter()

    def prepare(self, scene: Scene) -> None:
        """Bring about the faults that are a state of the index."""
        for entry in self.scheduled:
            if entry.fault.setting is not None:
                entry.fault.setting(scene)
                self.struck.append(entry.fault.name)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.scheduled.clear()
        self.chance = None

    async def strike(self, moment: Moment) -> web.StreamResponse:
        """Answer one request: with a fault when it is its turn, properly otherwise."""
        self._count[moment.endpoint] += 1
        fault = self._due(moment.endpoint)
        if fault is None or fault.play is None:
            return await moment.proceed()
        note_of(moment.request).fault = fault.name
        self.struck.append(fault.name)
        return await fault.play(moment)

    def _due(self, endpoint: Endpoint) -> Fault | None:
        for entry in self.scheduled:
            fault = entry.fault
            if fault.play is not None and fault.endpoint is endpoint and entry.strikes(self._count[endpoint]):
                return fault
        return self.chance.draw(endpoint) if self.chance is not None else None
