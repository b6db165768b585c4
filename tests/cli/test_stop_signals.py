from __future__ import annotations

import signal
import threading

import pytest

from pypi_trusted_publish.cli.publish import StopSignals, supervise


def test_a_signal_is_noted_and_ends_the_wait() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals() as stop:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert stop.wait_for(threading.Event()) is signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_came_before_the_flow_lets_it_not_begin() -> None:
    begun = threading.Event()
    with StopSignals() as stop:
        signal.raise_signal(signal.SIGTERM)
        assert supervise(begun.set, stop) is signal.SIGTERM
    assert not begun.wait(0.2)


def test_without_a_signal_the_wait_ends_when_all_is_done() -> None:
    done = threading.Event()
    done.set()
    with StopSignals() as stop:
        assert stop.wait_for(done) is None


def test_a_signal_that_is_ignored_on_purpose_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with StopSignals() as stop:
            signal.raise_signal(signal.SIGTERM)
            assert stop.received is None
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_was_there_before_comes_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(LookupError), StopSignals():
        raise LookupError
    assert signal.getsignal(signal.SIGINT) is before
