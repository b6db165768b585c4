"""The cheap kind of dataclass behaves as the standard library's."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import field
from typing import Any, TypeAlias

import pytest

from pypi_trusted_publish.values import dataclass

Decorator: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Point:
    """For what needs a class that can be found by its name."""

    x: int
    tags: tuple[str, ...] = ()


def classes(decorator: Decorator) -> tuple[type[Any], type[Any]]:
    """One with every kind of field, and a subclass of it."""

    @decorator(frozen=True, kw_only=True)
    class Base:
        """A class."""

        name: str
        size: int = 0
        items: list[int] = field(default_factory=list)
        secret: str = field(default="s", repr=False)
        note: str = field(default="", compare=False)
        seen: list[str] = field(default_factory=list, init=False, compare=False)
        constant: int = field(default=7, init=False)

        def __post_init__(self) -> None:
            self.seen.append(self.name)

    @decorator(frozen=True, kw_only=True)
    class Derived(Base):
        size: int = 5
        more: str

        def __repr__(self) -> str:
            return "its own"

    return Base, Derived


@pytest.fixture(params=[0, 1], ids=["base", "derived"])
def pair(request: pytest.FixtureRequest) -> tuple[type[Any], type[Any], dict[str, object]]:
    given: dict[str, object] = {"name": "a", **({"more": "m"} if request.param else {})}
    return classes(dataclass)[request.param], classes(dataclasses.dataclass)[request.param], given


def test_values_print_and_hold_what_those_of_the_standard_library_do(
    pair: tuple[type[Any], type[Any], dict[str, object]],
) -> None:
    ours, theirs, given = pair
    for further in ({}, {"size": 9}, {"items": [1], "secret": "t", "note": "n"}):
        assert repr(ours(**given, **further)) == repr(theirs(**given, **further))
        assert dataclasses.asdict(ours(**given, **further)) == dataclasses.asdict(theirs(**given, **further))
    assert [one.name for one in dataclasses.fields(ours)] == [one.name for one in dataclasses.fields(theirs)]
    assert ours.__match_args__ == theirs.__match_args__


def test_values_are_equal_by_what_is_compared(pair: tuple[type[Any], type[Any], dict[str, object]]) -> None:
    ours, theirs, given = pair
    for cls in (ours, theirs):
        assert cls(**given, note="one") == cls(**given, note="another")
        assert cls(**given) != cls(**given, size=99)
        assert cls(**given) != "a"
        assert hash(cls(**given, items=())) == hash(cls(**given, items=(), note="n"))
        with pytest.raises(TypeError, match="unhashable"):
            hash(cls(**given))
    assert ours(**given) != theirs(**given)


def test_values_do_not_change(pair: tuple[type[Any], type[Any], dict[str, object]]) -> None:
    for cls in pair[:2]:
        value = cls(**pair[2])
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.name = "b"
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.new = 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            del value.name
        assert dataclasses.replace(value, name="b").name == "b"
        assert value.name == "a"


@pytest.mark.parametrize("wrong", [{}, {"name": "a", "unknown": 1}, {"name": "a", "seen": []}, {"size": 1}])
def test_names_that_are_missing_or_unknown_are_refused(wrong: dict[str, object]) -> None:
    for decorator in (dataclass, dataclasses.dataclass):
        with pytest.raises(TypeError, match=r"name|unknown|seen"):
            classes(decorator)[0](**wrong)


def test_factories_make_a_value_for_each(pair: tuple[type[Any], type[Any], dict[str, object]]) -> None:
    for cls in pair[:2]:
        assert cls(**pair[2]).items is not cls(**pair[2]).items
        assert cls(**pair[2]).seen == ["a"]


def test_values_are_copied_and_pickled() -> None:
    value = Point(x=1, tags=("a",))
    assert copy.deepcopy(value) == value == pickle.loads(pickle.dumps(value))
    assert Point.__doc__ == "For what needs a class that can be found by its name."


def test_other_kinds_are_the_standard_librarys() -> None:
    @dataclass(frozen=True, kw_only=True, order=True)
    class Ordered:
        x: int

    @dataclass(kw_only=True)
    class Changing:
        x: int

    assert Ordered(x=1) < Ordered(x=2)
    changing = Changing(x=1)
    changing.x = 2
    assert changing == Changing(x=2)
