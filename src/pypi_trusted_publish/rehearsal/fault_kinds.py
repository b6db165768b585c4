"""Kinds of faults, by what a client can do about them."""

from __future__ import annotations

from . import plays
from .fault import Ending, Fault, Play
from .traffic import Endpoint


def passing(endpoint: Endpoint, name: str, statement: str, play: Play, *, loses_tokens: bool = False) -> Fault:
    """A fault that a repeat gets over."""
    return Fault(
        name=f"{endpoint.value}-{name}",
        statement=statement,
        endpoint=endpoint,
        play=play,
        once=Ending.FINISHED,
        always=Ending.UNAVAILABLE,
        passing=True,
        loses_tokens=loses_tokens,
    )


def lasting(endpoint: Endpoint, name: str, statement: str, play: Play, ending: Ending) -> Fault:
    """A fault after which there is no point in trying again."""
    return Fault(
        name=f"{endpoint.value}-{name}", statement=statement, endpoint=endpoint, play=play, once=ending, always=ending
    )


def slow(endpoint: Endpoint, statement: str) -> Fault:
    """A proper answer that takes its time."""
    return Fault(
        name=f"{endpoint.value}-slow",
        statement=statement,
        endpoint=endpoint,
        play=plays.be_slow,
        once=Ending.FINISHED,
        always=Ending.FINISHED,
        passing=True,
    )


def hanging(endpoint: Endpoint, statement: str, play: Play, *, loses_tokens: bool = False) -> Fault:
    """No answer: a client gets on by its own time-out."""
    return Fault(
        name=f"{endpoint.value}-timeout",
        statement=statement,
        endpoint=endpoint,
        play=play,
        once=Ending.FINISHED,
        always=Ending.UNAVAILABLE,
        stalls=True,
        loses_tokens=loses_tokens,
    )
