# SPDX-License-Identifier: LGPL-2.1-or-later
"""Priorities in main contexts and on event threads, where they are those of GLib's sources."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from conftest import SOON, Gate, eventually, run_loop
from gi.repository import GLib

from threadloop import EventThread, Executor, WouldDeadlockError

HIGH, DEFAULT, IDLE, LOW = (GLib.PRIORITY_HIGH, GLib.PRIORITY_DEFAULT, GLib.PRIORITY_DEFAULT_IDLE, GLib.PRIORITY_LOW)


# ---- In a main context ----


def iterate(until: Callable[[], object]) -> None:
    """As few turns of the main context as it takes."""
    end = time.monotonic() + SOON
    while not until() and time.monotonic() < end:
        GLib.MainContext.default().iteration(False)
    assert until()


def test_it_competes_with_the_sources_of_the_context() -> None:
    main = Executor.main()
    ran: list[str] = []

    def source(name: str, priority: int) -> None:
        GLib.idle_add(lambda: ran.append(name) and False, priority=priority)

    source("source after idle", IDLE + 1)
    main.with_priority(IDLE).submit(ran.append, "idle")
    source("source before idle", IDLE - 1)
    main.submit(ran.append, "default")
    source("source at default", 1)
    main.with_priority(HIGH).submit(ran.append, "high")
    source("source before high", HIGH - 1)
    assert main.n_queued == main.with_priority(5).n_queued == 3
    iterate(lambda: len(ran) == 7)
    assert ran == ["source before high", "high", "default", "source at default",
                   "source before idle", "idle", "source after idle"]


def test_idle_work_waits_for_as_long_as_there_is_other_work() -> None:
    main = Executor.main()
    ran: list[str] = []
    main.with_priority(IDLE).submit(ran.append, "idle")

    def again(n: int) -> None:
        ran.append("default")
        if n:
            main.submit(again, n - 1)

    main.submit(again, 500)
    iterate(lambda: len(ran) == 502)
    assert ran == ["default"] * 501 + ["idle"]


def test_what_is_submitted_meanwhile_goes_before_what_is_less_urgent() -> None:
    main = Executor.main()
    ran: list[str] = []

    def first() -> None:
        ran.append("first")
        main.with_priority(HIGH).submit(ran.append, "high")
        main.submit(ran.append, "default")

    for priority in (IDLE, LOW):
        ran.clear()
        main.with_priority(priority).submit(first)
        for _ in range(10):
            main.with_priority(priority).submit(ran.append, "less urgent")
        iterate(lambda: len(ran) == 13)
        assert ran == ["first", "high", "default"] + ["less urgent"] * 10


def test_in_a_nested_loop_other_priorities_run() -> None:
    main = Executor.main()

    def outer() -> bool:
        inner = main.with_priority(HIGH).submit(int)
        return run_loop(inner.done)

    future = main.submit(outer)
    assert run_loop(future.done)
    assert future.result() is True


def test_waiting_for_it_on_its_own_thread_is_refused() -> None:
    future = Executor.main().with_priority(IDLE).submit(int)
    with pytest.raises(WouldDeadlockError):
        future.result(SOON)
    iterate(future.done)


def test_coroutines_of_a_context_count_and_are_waited_for(thread: EventThread) -> None:
    executor = Executor.for_context(thread.context)
    view = executor.with_priority(HIGH)
    begun = threading.Event()

    async def work() -> str:
        begun.set()
        await opened.wait()
        return "done"

    opened = thread.submit(lambda: asyncio.Event()).result(SOON)
    future = view.submit(work)
    assert begun.wait(SOON)
    # Once the loop's first step of it is through.
    assert eventually(lambda: executor.n_running == view.n_running == 1)
    executor.shutdown(wait=False)
    assert not executor._place.ended
    thread.submit(opened.set).result(SOON)
    assert future.result(SOON) == "done"
    executor.shutdown(timeout=SOON)
    assert executor._place.ended


def test_shutdown_of_a_context_waits_for_all_priorities() -> None:
    executor = Executor.for_context(None)
    futures = [executor.with_priority(priority).submit(int) for priority in (LOW, DEFAULT, HIGH)]
    executor.shutdown(wait=False)
    assert executor.n_queued == 3
    assert not executor._place.ended
    # The last one, but for itself.
    iterate(futures[1].done)
    assert futures[2].done() and not futures[0].done() and not executor._place.ended
    iterate(lambda: executor._place.ended)
    assert futures[0].done()
    executor.shutdown(timeout=SOON)


def test_cancel_futures_of_a_context_cancels_those_of_all_priorities() -> None:
    executor = Executor.for_context(None)
    futures = [executor.with_priority(priority).submit(int) for priority in (LOW, DEFAULT, HIGH) for _ in range(2)]
    executor.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in futures)
    assert executor._place.ended
    executor.shutdown(timeout=SOON)


def test_two_who_ask_for_a_priority_at_once_get_one_queue() -> None:
    for _ in range(50):
        executor = Executor.for_context(None)
        together = threading.Barrier(4)
        views: list[Executor] = []

        def ask() -> None:
            together.wait(SOON)  # noqa: B023
            views.append(executor.with_priority(LOW))  # noqa: B023

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        assert len({id(view._entrance) for view in views}) == 1
        assert len(executor._place.children) == 1  # type: ignore[attr-defined]
        executor.shutdown(timeout=SOON)


def test_result_of_an_idle_one_reaches_the_loop() -> None:
    done: list[Any] = []
    Executor.main().with_priority(IDLE).submit(int).on_done(lambda future: done.append(future.result()))
    assert run_loop(lambda: done)
    assert done == [0]


# ---- On an event thread ----


def test_an_event_thread_has_priorities(thread: EventThread, gate: Gate) -> None:
    ran: list[str] = []
    thread.submit(gate)
    gate.wait_reached()
    idle = thread.executor.with_priority(IDLE).submit(ran.append, "idle")
    thread.submit(ran.append, "default")
    thread.executor.with_priority(HIGH).submit(ran.append, "high")
    gate.open()
    idle.result(SOON)
    assert ran == ["high", "default", "idle"]


@pytest.mark.parametrize("what", [True, "all"])
def test_a_shutdown_looks_at_each_queue_under_its_own_lock(what: Any) -> None:
    executor = Executor.for_context(GLib.MainContext.new())
    view = executor.with_priority(LOW)
    place = view._entrance
    looked = []

    class Items(deque[Any]):
        def __iter__(self) -> Any:
            looked.append(place.lock._is_owned())
            return super().__iter__()

    place.items = Items()
    future = view.submit(int)
    executor.shutdown(cancel_futures=what, timeout=SOON)
    assert looked and all(looked)
    assert future.cancelled()


async def for_ever(ran: list[Any]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ran.append("cancelled")


def test_the_stop_of_an_event_thread_runs_all_of_it(gate: Gate) -> None:
    thread = EventThread("stops")
    thread.start()
    ran: list[Any] = []
    views = [thread.executor.with_priority(priority) for priority in (LOW, HIGH)]
    left = views[0].submit(for_ever, ran)
    assert eventually(lambda: thread.executor.n_running == 1)
    thread.submit(gate)
    gate.wait_reached()
    futures = [view.submit(ran.append, (number, i)) for i in range(100)
               for number, view in enumerate([views[1], thread.executor, views[0]])]
    thread.quit()
    gate.open()
    thread.stop(SOON)
    for view in views:
        with pytest.raises(RuntimeError):
            view.submit(int)
    assert ran == [(number, i) for number in range(3) for i in range(100)] + ["cancelled"]
    assert all(future.result(0) is None for future in futures)
    assert left.cancelled()
    place = thread._core.place
    assert place.ended and not place.children


@pytest.mark.parametrize("kind", ["pool", "event thread"])
def test_an_end_in_the_midst_of_submits_loses_nothing(kind: str) -> None:
    for _ in range(5):
        ran: deque[tuple[int, int]] = deque()
        accepted: deque[tuple[int, int]] = deque()
        thread = EventThread("busy") if kind == "event thread" else None
        if thread is not None:
            thread.start()
        executor = thread.executor if thread is not None else Executor(2)
        views = [executor.with_priority(priority) for priority in (HIGH, DEFAULT, LOW)]
        begun = threading.Barrier(4)

        def submit(number: int) -> None:
            begun.wait(SOON)  # noqa: B023
            for i in range(100_000):
                try:
                    views[i % 3].submit(ran.append, (number, i))  # noqa: B023
                except RuntimeError:
                    return
                accepted.append((number, i))  # noqa: B023

        threads = [threading.Thread(target=submit, args=(number,)) for number in range(3)]
        for submitter in threads:
            submitter.start()
        begun.wait(SOON)
        assert eventually(lambda: len(ran) > 100)  # noqa: B023
        if thread is not None:
            thread.stop(SOON)
        else:
            executor.shutdown(timeout=SOON)
        for submitter in threads:
            submitter.join(SOON)
        assert sorted(ran) == sorted(accepted)
        assert executor.n_queued == 0 and executor._place.ended


def test_an_event_thread_that_was_not_started_refuses() -> None:
    thread = EventThread("never")
    with pytest.raises(RuntimeError):
        thread.executor.with_priority(LOW).submit(int).result(SOON)
    thread.stop(SOON)
