# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ctrl-C in the middle of a submit: nobody is left uncalled, and nobody comes twice."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from conftest import SOON, Gate, eventually, script
from gi.repository import GLib

from threadloop import EventThread, Executor


class _Interruption:
    """Raises KeyboardInterrupt at the nth point of a call at which the interpreter looks for signals.

    It does so when a function begins, and after every call.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self.happened = False

    def _profile(self, frame: Any, event: str, arg: object) -> None:
        if event not in ("call", "c_return", "return"):
            return
        # Since Python 3.14 this is a call as any other, but what was entered there is left by nobody.
        if getattr(arg, "__name__", "") == "__enter__":
            return
        self.n -= 1
        if self.n < 0:
            sys.setprofile(None)
            self.happened = True
            raise KeyboardInterrupt

    def of(self, function: Callable[..., object], *args: object) -> None:
        sys.setprofile(self._profile)
        try:
            function(*args)
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)


def interruptions() -> Any:
    """One after the other, until the last came too late."""
    for n in itertools.count():
        interruption = _Interruption(n)
        yield interruption
        if not interruption.happened:
            assert n > 5
            return


def test_no_worker_has_come_yet() -> None:
    for interruption in interruptions():
        with Executor(1) as executor:
            interruption.of(executor.submit, int)
            assert executor.submit(int).result(SOON) == 0
            assert eventually(lambda: executor._place.n_drains <= 1)


@pytest.mark.parametrize("priority", [None, GLib.PRIORITY_LOW])
def test_a_worker_waits(priority: int | None) -> None:
    executor = Executor(1)
    place = executor._place
    view = executor if priority is None else executor.with_priority(priority)
    for interruption in interruptions():
        view.submit(int).result(SOON)
        eventually(lambda: place.parked or place.n_drains == 0)
        interruption.of(view.submit, int)
        assert view.submit(int).result(SOON) == 0
    executor.shutdown(timeout=SOON)
    assert (place.n_drains, place.n_rung, place.on_way) == (0, 0, None)


def test_one_is_busy_and_another_is_to_come() -> None:
    for interruption in interruptions():
        gate = Gate()
        with Executor(2) as executor:
            executor.submit(gate)
            gate.wait_reached()
            interruption.of(executor.submit, int)
            assert executor.submit(int).result(SOON) == 0
            gate.open()


def test_what_was_accepted_runs_without_another_submit() -> None:
    for interruption in interruptions():
        ran: list[int] = []
        executor = Executor(1)
        interruption.of(executor.submit, ran.append, 1)
        executor.shutdown(timeout=SOON)
        assert ran in ([], [1])


def test_an_event_thread() -> None:
    for interruption in interruptions():
        with EventThread() as thread:
            interruption.of(thread.submit, int)
            assert thread.submit(int).result(SOON) == 0


def test_a_full_queue() -> None:
    for interruption in interruptions():
        with Executor(1, max_queued=1) as executor:
            interruption.of(lambda: [executor.submit(time.sleep, 0) for _ in range(3)])
            assert executor.submit(int).result(SOON) == 0


@pytest.mark.parametrize("before", [True, False])
def test_between_the_queue_and_the_next_step(before: bool) -> None:
    # The interpreter looks for signals there as well, and not for profilers.
    class Items(deque[Any]):
        def append(self, item: Any) -> None:
            if not before:
                super().append(item)
            raise KeyboardInterrupt

    executor = Executor.for_context(GLib.MainContext.new())
    place = executor._place
    place.items = Items()
    with pytest.raises(KeyboardInterrupt):
        executor.submit(int)
    place.items = deque(place.items)
    executor.shutdown(cancel_futures=True, timeout=SOON)
    assert place.n_removed == 0


def test_a_coroutine_that_was_taken_is_left_to_who_has_it() -> None:
    begun, goes_on = threading.Event(), asyncio.Event()
    ended: list[str] = []

    async def work() -> None:
        begun.set()
        try:
            await goes_on.wait()
        finally:
            ended.append(threading.current_thread().name)

    with EventThread("taker") as thread:
        place = thread.executor._place
        call = place.call

        def interrupt() -> None:
            call()
            assert begun.wait(SOON)
            raise KeyboardInterrupt

        place.call = interrupt  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            thread.submit(work())
        place.call = call  # type: ignore[method-assign]
        thread.call_soon(goes_on.set)
        assert eventually(lambda: ended)
    assert ended == ["taker"]


def test_a_coroutine_that_was_not_taken_is_closed_and_does_not_run() -> None:
    async def work() -> None:
        raise AssertionError

    executor = Executor.for_context(GLib.MainContext.new())
    place = executor._place

    def interrupt() -> None:
        raise KeyboardInterrupt

    coroutine = work()
    place.call, call = interrupt, place.call  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        executor.submit(coroutine)
    place.call = call  # type: ignore[method-assign]
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED
    assert executor.n_queued == 0
    executor.shutdown(cancel_futures=True, timeout=SOON)


def test_an_executor_that_was_not_made_is_nothing_to_the_end() -> None:
    outcome = script("""
        from types import SimpleNamespace
        from threadloop import _pool

        def interrupt(*_):
            raise KeyboardInterrupt

        native = _pool.Tl
        _pool.Tl = SimpleNamespace(Executor=native.Executor, Bell=SimpleNamespace(new=interrupt))
        try:
            threadloop.Executor(1)
        except KeyboardInterrupt as error:
            kept = error
        _pool.Tl = native
        threadloop.Executor(1).submit(print, "done")
    """)
    assert (outcome.status, outcome.out, outcome.err) == (0, "done\n", "")


# There, `with lock` itself can be interrupted between the lock and its block, and the lock stays locked.
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python 3.14 loses locks when it is interrupted")
@pytest.mark.parametrize("workers", [1, 2])
def test_real_signals(workers: int) -> None:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    executor = Executor(workers)
    try:
        for i in range(200):
            try:
                signal.setitimer(signal.ITIMER_REAL, (8 + i * 7 % 60) * 1e-6)
                while True:
                    executor.submit(int).result(SOON)
            except KeyboardInterrupt:
                pass
            assert executor.submit(int).result(SOON) == 0
    finally:
        signal.signal(signal.SIGALRM, before)
    executor.shutdown(timeout=SOON)
