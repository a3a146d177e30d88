# SPDX-License-Identifier: LGPL-2.1-or-later
"""Priorities: what is queued takes its turn in their order, in pools. Main contexts are in test_priority_context.py."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import gc
import random
import threading
import weakref
from collections import deque
from typing import Any

import pytest
from conftest import SOON, Gate, Pools, eventually, run_loop, script
from gi.repository import GLib
from test_interrupted import interruptions

from threadloop import EventThread, Executor, Future

HIGH, DEFAULT, IDLE, LOW = (GLib.PRIORITY_HIGH, GLib.PRIORITY_DEFAULT, GLib.PRIORITY_DEFAULT_IDLE, GLib.PRIORITY_LOW)


def busy(executor: Executor, gate: Gate) -> Future[Any]:
    """Its only worker stays there until the gate is opened."""
    future = executor.submit(gate)
    gate.wait_reached()
    return future


# ---- What one gets ----


def test_it_is_an_executor_onto_the_same_place(pool: Executor, gate: Gate) -> None:
    view = pool.with_priority(LOW)
    assert isinstance(view, Executor) and isinstance(view, concurrent.futures.Executor)
    assert (view.name, view.max_workers) == (pool.name, 1)
    busy(pool, gate)
    futures = [view.submit(int), pool.submit(int), view.with_priority(3).submit(int)]
    assert view.n_queued == pool.n_queued == 3
    assert view.n_running == pool.n_running == 1
    gate.open()
    assert [future.result(SOON) for future in futures] == [0, 0, 0]


def test_what_is_no_integer_is_a_type_error(pool: Executor) -> None:
    for wrong in ("1", 1.0, None, [1]):
        with pytest.raises(TypeError):
            pool.with_priority(wrong)  # type: ignore[arg-type]


def test_a_main_context_knows_those_of_c(pool: Executor) -> None:
    for priority in (1 << 31, -(1 << 31) - 1):
        with pytest.raises(OverflowError):
            Executor.main().with_priority(priority)
        assert pool.with_priority(priority).submit(int).result(SOON) == 0
    for priority in ((1 << 31) - 1, -(1 << 31)):
        Executor.for_context(GLib.MainContext.new()).with_priority(priority)


def test_it_says_what_it_is(pool: Executor) -> None:
    assert repr(pool.with_priority(LOW)) == "<Executor 'one' at priority 300: 0 running, 0 queued>"
    assert repr(pool.with_priority(0)) == "<Executor 'one' at priority 0: 0 running, 0 queued>"
    assert repr(pool) == "<Executor 'one': 0 running, 0 queued>"
    assert "at priority 200" in repr(Executor.main().with_priority(IDLE))


# ---- In a pool ----


def test_the_more_urgent_goes_first_and_in_order_within_one_priority(pool: Executor, gate: Gate) -> None:
    ran: list[str] = []
    busy(pool, gate)
    for i in range(3):
        pool.submit(ran.append, f"default {i}")
        pool.with_priority(LOW).submit(ran.append, f"low {i}")
        pool.with_priority(HIGH).submit(ran.append, f"high {i}")
        pool.with_priority(DEFAULT).submit(ran.append, f"default' {i}")
    gate.open()
    pool.shutdown(timeout=SOON)
    assert ran == [f"high {i}" for i in range(3)] + [
        f"default{which} {i}" for i in range(3) for which in ("", "'")] + [f"low {i}" for i in range(3)]


def test_a_view_of_a_view_has_the_last_priority(pool: Executor, gate: Gate) -> None:
    ran: list[str] = []
    busy(pool, gate)
    pool.submit(ran.append, "default")
    view = pool.with_priority(LOW).with_priority(HIGH)
    view.submit(ran.append, "high")
    assert "at priority -100" in repr(view)
    gate.open()
    pool.shutdown(timeout=SOON)
    assert ran == ["high", "default"]


def test_what_was_queued_before_the_first_priority_keeps_its_turn(pool: Executor, gate: Gate) -> None:
    ran: list[int] = []
    busy(pool, gate)
    for i in range(100):
        pool.submit(ran.append, i)
    for i in range(100, 200):
        pool.with_priority(1).submit(ran.append, i)
    for i in range(-100, 0):
        pool.with_priority(-1).submit(ran.append, i)
    gate.open()
    pool.shutdown(timeout=SOON)
    assert ran == list(range(-100, 200))


def test_the_queue_is_a_plain_one_before_and_after(pools: Pools, gate: Gate) -> None:
    executor = pools(2)
    executor.submit(int).result(SOON)
    assert type(executor._place.items) is deque
    executor.with_priority(0).submit(int).result(SOON)
    assert type(executor._place.items) is deque
    executor.with_priority(1).submit(gate)
    gate.wait_reached()
    assert type(executor._place.items) is not deque
    gate.open()
    assert eventually(lambda: type(executor._place.items) is deque)
    assert executor.with_priority(1).submit(int).result(SOON) == 0


def test_what_is_cancelled_in_the_queue_never_runs(pool: Executor, gate: Gate) -> None:
    ran: list[int] = []
    busy(pool, gate)
    futures = [pool.with_priority(i % 3 - 1).submit(ran.append, i) for i in range(9000)]
    assert pool.n_queued == 9000
    for i, future in enumerate(futures):
        if i % 5:
            assert future.cancel()
    assert pool.n_queued == 1800
    # They are not kept until their turn, either.
    assert len(pool._place.items) < 9000
    gate.open()
    pool.shutdown(timeout=SOON)
    assert ran == [i for priority in range(3) for i in range(0, 9000, 5) if i % 3 == priority]
    assert pool._place.n_removed == 0


def test_cancelling_the_last_ones_leaves_nothing(pool: Executor, gate: Gate) -> None:
    busy(pool, gate)
    for priority in (HIGH, LOW):
        assert pool.with_priority(priority).submit(int).cancel()
    assert pool.n_queued == 0
    gate.open()
    assert pool.submit(int).result(SOON) == 0
    assert pool._place.n_removed == 0


def test_a_bounded_queue_is_bounded_for_all(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=3)
    ran: list[str] = []
    busy(executor, gate)
    urgent = executor.with_priority(HIGH)
    for _ in range(3):
        executor.with_priority(LOW).submit(ran.append, "low")
    entered = threading.Event()

    def submit() -> None:
        entered.set()
        urgent.submit(ran.append, "high")

    submitter = threading.Thread(target=submit)
    submitter.start()
    assert entered.wait(SOON)
    assert eventually(lambda: executor._place.room)
    assert executor.n_queued == 3
    gate.open()
    submitter.join(SOON)
    executor.shutdown(timeout=SOON)
    # There is room when the first one of the others has begun, at the soonest.
    assert sorted(ran) == ["high", "low", "low", "low"] and ran[0] == "low"


def test_room_is_made_by_a_cancel(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=1)
    busy(executor, gate)
    executor.with_priority(LOW).submit(int).cancel()
    future = executor.with_priority(HIGH).submit(int)
    assert executor.n_queued == 1
    gate.open()
    assert future.result(SOON) == 0


def test_map_call_and_run_in_executor_take_their_turn(pool: Executor, gate: Gate) -> None:
    ran: list[Any] = []
    busy(pool, gate)
    pool.submit(ran.append, "default")
    low, high = pool.with_priority(LOW), pool.with_priority(HIGH)

    def note(thing: Any) -> Any:
        ran.append(thing)
        return thing

    results = low.map(note, ["map 0", "map 1"])
    called = high.call("GLib.get_user_name")
    called.add_done_callback(lambda _: ran.append("call"))

    async def main() -> str:
        awaited = asyncio.get_running_loop().run_in_executor(high, note, "loop")
        gate.open()
        return str(await awaited)

    assert asyncio.run(main()) == "loop"
    assert list(results) == ["map 0", "map 1"]
    assert called.result(SOON) == GLib.get_user_name()
    assert ran == ["call", "loop", "default", "map 0", "map 1"]


def test_coroutine_functions_take_their_turn(pool: Executor, gate: Gate) -> None:
    ran: list[str] = []

    async def note(what: str) -> str:
        await asyncio.sleep(0)
        ran.append(what)
        return what

    busy(pool, gate)
    futures = [pool.submit(note, "default"), pool.with_priority(HIGH).submit(note, "high"),
               pool.with_priority(-1000).submit(note("coroutine"))]
    gate.open()
    assert [future.result(SOON) for future in futures] == ["default", "high", "coroutine"]
    assert ran == ["coroutine", "high", "default"]


def test_contextvars_are_those_of_who_submits(pool: Executor) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    variable.set("here")
    assert pool.with_priority(LOW).submit(variable.get).result(SOON) == "here"


class Thing:
    def __init__(self, died: list[int]) -> None:
        self.died = died

    def __del__(self) -> None:
        self.died.append(threading.get_ident())


@pytest.mark.parametrize("cancelled", [False, True])
def test_what_was_handed_over_is_released_where_it_came_from(pool: Executor, gate: Gate, cancelled: bool) -> None:
    died: list[int] = []

    def use() -> None:
        busy(pool, gate)
        future = pool.with_priority(LOW).submit(id, Thing(died))
        if cancelled:
            future.cancel()
        gate.open()

    GLib.idle_add(use)
    assert run_loop(lambda: died)
    assert died == [threading.get_ident()]


def test_a_task_that_waits_for_another_priority_runs_it_itself(pool: Executor) -> None:
    order: list[str] = []

    def outer() -> str:
        inner = pool.with_priority(LOW).submit(order.append, "low")
        others = [pool.with_priority(HIGH).submit(order.append, "high"), pool.submit(order.append, "default")]
        inner.result(SOON)
        assert concurrent.futures.wait(others, SOON).not_done == set()
        order.append("outer")
        return threading.current_thread().name

    assert pool.submit(outer).result(SOON) == "one_0"
    # Who waits for several takes them as they come.
    assert order[0] == "low" and sorted(order[1:3]) == ["default", "high"] and order[3] == "outer"
    assert pool.n_queued == 0


def test_cancel_futures_reaches_all_priorities(gate: Gate) -> None:
    executor = Executor(1)
    running = busy(executor, gate)
    futures = [executor.with_priority(priority).submit(int) for priority in (LOW, DEFAULT, HIGH)]
    executor.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in futures)
    gate.open()
    executor.shutdown(timeout=SOON)
    assert running.done()


def test_shutdown_waits_for_all_priorities(gate: Gate) -> None:
    executor = Executor(1)
    busy(executor, gate)
    futures = [executor.with_priority(priority).submit(int) for priority in (LOW, DEFAULT, HIGH)]
    with pytest.raises(TimeoutError, match="3 queued"):
        executor.shutdown(timeout=0.01)
    gate.open()
    executor.shutdown(timeout=SOON)
    assert all(future.done() for future in futures)


def test_a_broken_pool_fails_what_has_a_priority() -> None:
    def fail() -> None:
        raise ValueError("no")

    executor = Executor(1, initializer=fail)
    future = executor.with_priority(LOW).submit(int)
    assert isinstance(future.exception(SOON), concurrent.futures.BrokenExecutor)
    executor.shutdown(timeout=SOON)


def test_a_hundred_thousand_of_mixed_priorities(pools: Pools) -> None:
    executor = pools(3)
    views = [executor, *(executor.with_priority(n) for n in (-7, -1, 1, 200))]
    rng = random.Random(7)
    lock = threading.Lock()
    n_ran = 0

    def count() -> None:
        nonlocal n_ran
        with lock:
            n_ran += 1

    n_cancelled = 0
    for _ in range(100_000):
        future = rng.choice(views).submit(count)
        if rng.random() < 0.1:
            n_cancelled += future.cancel()
    executor.shutdown(timeout=SOON)
    assert n_ran + n_cancelled == 100_000
    assert (executor.n_queued, executor._place.n_removed) == (0, 0)


def test_several_submitters_keep_their_own_order(pools: Pools, gate: Gate) -> None:
    executor = pools(1)
    busy(executor, gate)
    ran: list[tuple[int, int, int]] = []

    def submit(number: int) -> None:
        for i in range(1000):
            executor.with_priority(i % 3).submit(ran.append, (i % 3, number, i))

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    gate.open()
    executor.shutdown(timeout=SOON)
    assert [priority for priority, _, _ in ran] == sorted(priority for priority, _, _ in ran)
    for number in range(4):
        mine = [i for _, n, i in ran if n == number]
        assert mine == sorted(range(1000), key=lambda i: i % 3)


def test_a_finalizer_that_submits_while_the_queue_changes_hands(pools: Pools, gate: Gate) -> None:
    # The collector comes while futures are moved from one queue to the other, or are put into a queue.
    executor = pools(1)
    urgent = executor.with_priority(HIGH)
    busy(executor, gate)
    made = 0
    ran: list[int] = []

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            nonlocal made
            made += 2
            executor.submit(ran.append, 0)
            urgent.submit(ran.append, 0)

    threshold = gc.get_threshold()
    gc.set_threshold(7)
    try:
        for i in range(3000):
            Cycle()
            (executor if i % 2 else urgent).submit(ran.append, 0)
            made += 1
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    gate.open()
    assert eventually(lambda: len(ran) == made)
    assert made == 9000


# ---- Its life ----


def test_shutting_down_and_with_say_what_to_do_instead(pool: Executor) -> None:
    for view in (pool.with_priority(LOW), pool.with_priority(0), Executor.main().with_priority(LOW)):
        with pytest.raises(RuntimeError, match="shut down the executor itself"):
            view.shutdown()
        with pytest.raises(RuntimeError, match="shut down the executor itself"), view:
            raise AssertionError
    assert pool.submit(int).result(SOON) == 0


def test_dropping_it_does_nothing(pool: Executor) -> None:
    view = pool.with_priority(LOW)
    assert view.submit(int).result(SOON) == 0
    del view
    gc.collect()
    assert pool.submit(int).result(SOON) == 0


@pytest.mark.parametrize("kind", ["pool", "context"])
def test_it_keeps_the_executor_it_was_made_from(kind: str) -> None:
    executor = Executor(1) if kind == "pool" else Executor.for_context(None)
    face, place = weakref.ref(executor), executor._place
    view = executor.with_priority(LOW)
    del executor
    gc.collect()
    future = view.submit(int)
    assert run_loop(future.done)
    del view, future
    gc.collect()
    assert face() is None and place.closing


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("kind", ["pool", "context"])
def test_after_the_shutdown_it_takes_nothing(kind: str, used: bool) -> None:
    executor = Executor(1, "ends") if kind == "pool" else Executor.for_context(None)
    view = executor.with_priority(LOW)
    if used:
        future = view.submit(int)
        run_loop(future.done)
    executor.shutdown(timeout=SOON)
    for late in (view, executor.with_priority(LOW), executor.with_priority(HIGH), executor):
        with pytest.raises(RuntimeError, match=f"cannot schedule new futures after shutdown of {executor.name}"):
            late.submit(int)


def use_and_shut_down(executor: Executor) -> list[weakref.ref[Any]]:
    views = [executor.with_priority(priority) for priority in (LOW, HIGH, DEFAULT)]
    futures = [view.submit(int) for view in views]
    assert run_loop(lambda: all(future.done() for future in futures))
    gone: list[weakref.ref[Any]] = [weakref.ref(thing) for thing in [executor, executor._place, *views]]
    children = list(getattr(executor._place, "children", {}).values())
    assert len(children) == 0 or len(children) == 2
    gone += [weakref.ref(child) for child in children]
    executor.shutdown(timeout=SOON)
    return gone


def test_places_with_priorities_are_no_garbage() -> None:
    gc.collect()
    gc.disable()
    try:
        for make in (lambda: Executor(2), lambda: Executor.for_context(None)):
            gone = use_and_shut_down(make())
            assert run_loop(lambda: not [ref for ref in gone if ref() is not None])  # noqa: B023
    finally:
        gc.enable()


def test_in_the_child_of_a_fork_it_says_that_the_threads_stayed_behind() -> None:
    outcome = script("""
        executor = threadloop.Executor(1)
        context = threadloop.Executor.for_context(GLib.MainContext.new())
        thread = threadloop.EventThread()
        thread.start()
        views = [one.with_priority(5) for one in (executor, context, thread.executor)]
        views[0].submit(int).result()
        views[2].submit(int).result()
        queued = views[1].submit(int)
        pid = os.fork()
        if pid == 0:
            for view in [*views, *(one.with_priority(7) for one in (executor, context, thread.executor))]:
                try:
                    view.submit(int)
                except RuntimeError as error:
                    assert "make a new executor in the child" in str(error), error
                else:
                    os._exit(1)
            assert "forked" in str(queued.exception(0))
            assert threadloop.Executor(1).with_priority(5).submit(int).result(60) == 0
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        assert views[0].submit(int).result() == 0
        queued.cancel()
        print("done")
    """)
    assert (outcome.status, outcome.out, outcome.err) == (0, "done\n", "")


def test_at_exit_what_was_accepted_runs_and_what_cannot_is_told() -> None:
    outcome = script("""
        gate = threading.Event()
        executor = threadloop.Executor(1)
        executor.submit(gate.wait, 60)
        executor.with_priority(5).submit(print, "low")
        executor.with_priority(-5).submit(print, "high")
        nobody = threadloop.Executor.main().with_priority(200).submit(int)
        nobody.add_done_callback(lambda future: print(str(future.exception())[-33:]))
        thread = threadloop.EventThread()
        thread.start()
        thread.executor.with_priority(200).submit(print, "event thread").result()
        threading.Timer(0.1, gate.set).start()
    """)
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert sorted(lines) == sorted(["event thread", "high", "low", "and nobody runs that main context"])
    assert lines.index("high") < lines.index("low")


# ---- Ctrl-C ----


def test_an_interrupted_submit_leaves_nobody_uncalled() -> None:
    for interruption in interruptions():
        with Executor(1) as executor:
            view = executor.with_priority(LOW)
            interruption.of(view.submit, int)
            assert view.submit(int).result(SOON) == 0
            assert executor.submit(int).result(SOON) == 0
        assert len(executor._place.items) == executor._place.n_rung == 0


def test_an_interrupted_submit_behind_others_loses_none_of_them() -> None:
    for interruption in interruptions():
        gate = Gate()
        ran: list[int] = []
        with Executor(1) as executor:
            busy(executor, gate)
            for i in range(5):
                executor.submit(ran.append, i)
            interruption.of(executor.with_priority(LOW).submit, ran.append, 5)
            gate.open()
        assert ran in ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5])


def test_an_interrupted_first_use_in_a_context() -> None:
    for interruption in interruptions():
        views: list[Executor] = []
        with EventThread() as thread:
            # PyGObject's word for an exception inside of it.
            with contextlib.suppress(SystemError):
                interruption.of(lambda: [views.append(thread.executor.with_priority(HIGH)),  # noqa: B023
                                         views[0].submit(int)])  # noqa: B023
            assert thread.executor.with_priority(HIGH).submit(int).result(SOON) == 0
            assert thread.submit(int).result(SOON) == 0


def test_an_interrupted_submit_leaves_a_pool_its_plain_queue() -> None:
    for interruption in interruptions():
        with Executor(1) as executor:
            interruption.of(executor.with_priority(LOW).submit, int)
            assert executor.with_priority(LOW).submit(int).result(SOON) == 0
        assert not executor._place.in_turn
