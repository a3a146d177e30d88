# SPDX-License-Identifier: LGPL-2.1-or-later
"""The executor: what it promises beyond CPython's own tests (cpython_suite.py)."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import itertools
import logging
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from conftest import SOON, Gate, eventually, run_loop, script
from gi.repository import GLib

import threadloop
from threadloop import Executor, WouldDeadlockError

Pools = Callable[..., Executor]


def ours(prefix: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(prefix)]


# ---- Threads ----


def test_it_is_an_executor_of_concurrent_futures(pool: Executor) -> None:
    assert isinstance(pool, concurrent.futures.Executor)


def test_no_thread_is_made_before_there_is_work(pools: Pools) -> None:
    before = threading.active_count()
    executor = pools(4, "lazy")
    assert threading.active_count() <= before
    assert not ours("lazy_")
    executor.submit(int).result(SOON)
    assert len(ours("lazy_")) == 1


def test_threads_are_called_by_the_prefix_and_a_number(pools: Pools) -> None:
    executor = pools(3, "prefix")
    together = threading.Barrier(3)

    def name() -> str:
        together.wait(SOON)
        return threading.current_thread().name

    assert {future.result(SOON) for future in [executor.submit(name) for _ in range(3)]} == {
        "prefix_0", "prefix_1", "prefix_2"}


def test_all_workers_are_used_when_there_is_work_for_them(pools: Pools) -> None:
    executor = pools(8)
    together = threading.Barrier(8)
    futures = [executor.submit(together.wait, SOON) for _ in range(8)]
    assert sorted(future.result(SOON) for future in futures) == list(range(8))


def test_no_more_threads_are_made_than_there_may_be(pools: Pools, gate: Gate) -> None:
    executor = pools(2, "two")
    futures = [executor.submit(gate) for _ in range(20)]
    gate.wait_reached()
    gate.open()
    concurrent.futures.wait(futures, SOON)
    assert len(ours("two_")) <= 2


def test_idle_threads_are_used_again(pools: Pools) -> None:
    executor = pools(16, "again")
    for _ in range(500):
        executor.submit(int).result(SOON)
    # One, and another when the first was still on its way back from a task, which may take long where there is
    # much else to do; but not all that there may be.
    assert len(ours("again_")) < 16


def test_a_long_task_delays_nobody_while_a_worker_is_idle(pools: Pools, gate: Gate) -> None:
    executor = pools(2)
    executor.submit(gate)
    gate.wait_reached()
    assert [executor.submit(int).result(SOON) for _ in range(100)] == [0] * 100


def test_a_task_behind_a_long_one_is_not_hoarded(pools: Pools, gate: Gate) -> None:
    # A burst onto a pool that sleeps, whose first one never ends: the rest must reach the other worker.
    executor = pools(2)
    long = executor.submit(gate)
    futures = [executor.submit(int) for _ in range(50)]
    assert concurrent.futures.wait(futures, SOON).not_done == set()
    assert not long.done()


def test_workers_are_real_threads_to_python(pool: Executor) -> None:
    def look() -> tuple[threading.Thread, bool, bool]:
        thread = threading.current_thread()
        return thread, thread in threading.enumerate(), thread.ident == threading.get_ident()

    thread, enumerated, same = pool.submit(look).result(SOON)
    assert enumerated and same
    assert thread.is_alive() and thread.daemon and thread.native_id
    assert not isinstance(thread, threading._DummyThread)
    assert pool.submit(threading.current_thread).result(SOON) is thread
    pool.shutdown(timeout=SOON)
    thread.join(SOON)
    assert not thread.is_alive() and thread not in threading.enumerate()


def test_no_dummy_threads_are_left_behind(pools: Pools) -> None:
    for _ in range(5):
        with Executor(4) as executor:
            concurrent.futures.wait([executor.submit(threading.current_thread) for _ in range(50)], SOON)
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading._DummyThread)]


def test_threading_local_lives_across_tasks(pool: Executor) -> None:
    local = threading.local()

    def count() -> int:
        local.n = getattr(local, "n", 0) + 1
        return int(local.n)

    assert [pool.submit(count).result(SOON) for _ in range(100)] == list(range(1, 101))


def test_joining_the_current_thread_is_an_error(pool: Executor) -> None:
    with pytest.raises(RuntimeError):
        pool.submit(lambda: threading.current_thread().join()).result(SOON)


def test_tracing_reaches_the_workers() -> None:
    seen: set[str] = set()
    threading.setprofile(lambda frame, event, arg: seen.add(frame.f_code.co_name))
    try:
        with Executor(1) as executor:
            executor.submit(traced_by_name).result(SOON)
    finally:
        threading.setprofile(None)  # type: ignore[arg-type]
    assert "traced_by_name" in seen


def traced_by_name() -> None:
    pass


# ---- What goes wrong, said clearly ----


def test_submit_of_a_result_says_to_drop_the_parentheses(pool: Executor) -> None:
    with pytest.raises(TypeError, match="drop the parentheses") as caught:
        pool.submit(int("3"))  # type: ignore[arg-type]
    assert "3 (int)" in str(caught.value)


def test_submit_of_a_coroutine_and_arguments_is_a_type_error(pool: Executor) -> None:
    async def work() -> None:
        pass

    with pytest.raises(TypeError, match="arguments"):
        pool.submit(work(), 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("kwargs", [{"max_workers": 0}, {"max_workers": -1}, {"max_queued": -1}])
def test_bad_numbers_are_value_errors(kwargs: Any) -> None:
    with pytest.raises(ValueError):
        Executor(**kwargs)


def test_an_initializer_must_be_callable() -> None:
    with pytest.raises(TypeError):
        Executor(initializer=3)  # type: ignore[arg-type]


def test_submit_after_shutdown_is_a_runtime_error(pool: Executor) -> None:
    pool.shutdown()
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        pool.submit(int)


def test_a_coroutine_that_is_refused_leaves_no_warning(pool: Executor, recwarn: pytest.WarningsRecorder) -> None:
    async def work() -> None:
        pass

    pool.shutdown()
    with pytest.raises(RuntimeError):
        pool.submit(work())
    gc.collect()
    assert not [str(w.message) for w in recwarn if "never awaited" in str(w.message)]


def test_the_shared_executors_cannot_be_shut_down() -> None:
    assert Executor.default() is Executor.default()
    assert Executor.main() is Executor.main()
    for executor in Executor.default(), Executor.main():
        with pytest.raises(RuntimeError, match="cannot be shut down"):
            executor.shutdown()
    assert Executor.default().submit(int, "4").result(SOON) == 4


# ---- The initializer ----


def test_the_initializer_runs_on_each_thread_before_any_work(pools: Pools) -> None:
    local = threading.local()
    executor = pools(3, initializer=lambda value: setattr(local, "value", value), initargs=("set",))
    together = threading.Barrier(3)

    def look() -> Any:
        together.wait(SOON)
        return local.value

    assert [f.result(SOON) for f in [executor.submit(look) for _ in range(3)]] == ["set"] * 3


def test_a_broken_initializer_breaks_the_pool(caplog: pytest.LogCaptureFixture) -> None:
    executor = Executor(2, initializer=lambda: 1 / 0)
    with caplog.at_level(logging.CRITICAL, "concurrent.futures"):
        futures = []
        with pytest.raises(threadloop.exceptions.BrokenThreadPool):
            for _ in range(10):
                futures.append(executor.submit(int))
            futures[0].result(SOON)
        for future in futures:
            with pytest.raises(concurrent.futures.BrokenExecutor):
                future.result(SOON)
    with pytest.raises(concurrent.futures.BrokenExecutor):
        executor.submit(int)
    assert "ZeroDivisionError" in caplog.text
    executor.shutdown(timeout=SOON)


# ---- A bounded queue ----


def test_submit_waits_for_room_and_wakes(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=2)
    executor.submit(gate)
    gate.wait_reached()
    futures = [executor.submit(int) for _ in range(2)]
    assert executor.n_queued == 2
    submitted = threading.Event()

    def blocked() -> None:
        futures.append(executor.submit(int))
        submitted.set()

    thread = threading.Thread(target=blocked)
    thread.start()
    assert not submitted.wait(0.05)
    gate.open()
    assert submitted.wait(SOON)
    thread.join()
    assert [future.result(SOON) for future in futures] == [0] * 3


def test_cancelling_a_queued_one_makes_room(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=1)
    executor.submit(gate)
    gate.wait_reached()
    queued = executor.submit(int)
    submitted = threading.Event()
    thread = threading.Thread(target=lambda: (executor.submit(int), submitted.set()))
    thread.start()
    assert not submitted.wait(0.02)
    queued.cancel()
    assert submitted.wait(SOON)
    gate.open()
    thread.join()


def test_many_threads_share_a_small_queue(pools: Pools) -> None:
    executor = pools(2, max_queued=3)
    futures: list[Any] = []

    def submits() -> None:
        for i in range(200):
            futures.append(executor.submit(abs, -i))
            assert executor.n_queued <= 3

    threads = [threading.Thread(target=submits) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert sum(future.result(SOON) for future in futures) == 4 * sum(range(200))


def test_shutdown_wakes_who_waits_for_room(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=1)
    executor.submit(gate)
    gate.wait_reached()
    executor.submit(int)
    errors: list[BaseException] = []
    waiting = threading.Event()

    def blocked() -> None:
        waiting.set()
        try:
            executor.submit(int)
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=blocked)
    thread.start()
    assert waiting.wait(SOON)
    time.sleep(0.01)
    executor.shutdown(wait=False)
    thread.join(SOON)
    assert not thread.is_alive() and errors


def test_a_worker_that_submits_to_its_own_full_pool_does_not_hang(pools: Pools) -> None:
    executor = pools(1, max_queued=1)

    def work(depth: int) -> int:
        futures = [executor.submit(abs, -i) for i in range(10)]
        return sum(future.result(SOON) for future in futures)

    assert executor.submit(work, 3).result(SOON) == 45


def test_workers_that_fill_each_others_queue_do_not_hang(pools: Pools) -> None:
    a, b = pools(1, "a", max_queued=2), pools(1, "b", max_queued=2)

    def work(other: Executor, n: int) -> list[Any]:
        return [other.submit(abs, -i) for i in range(n)]

    one, two = a.submit(work, a, 50), b.submit(work, b, 50)
    assert sum(f.result(SOON) for f in one.result(SOON) + two.result(SOON)) == 2 * sum(range(50))


def test_control_c_interrupts_a_wait_for_room(pools: Pools, gate: Gate) -> None:
    executor = pools(1, max_queued=1)
    executor.submit(gate)
    gate.wait_reached()
    first = executor.submit(int)
    interrupt(executor.submit, int)
    gate.open()
    assert first.result(SOON) == 0
    assert executor.submit(int, "2").result(SOON) == 2


def test_control_c_interrupts_a_wait_for_a_result(pool: Executor, gate: Gate) -> None:
    future = pool.submit(gate, 6)
    gate.wait_reached()
    interrupt(future.result)
    gate.open()
    assert future.result(SOON) == 6


def test_control_c_interrupts_a_shutdown(gate: Gate) -> None:
    executor = Executor(1)
    future = executor.submit(gate, 6)
    gate.wait_reached()
    interrupt(executor.shutdown)
    gate.open()
    executor.shutdown(timeout=SOON)
    assert future.result(SOON) == 6


def interrupt(wait: Callable[..., object], *args: object) -> None:
    """Somebody presses Ctrl-C, most likely while it waits; if that comes before, it is right as well."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGINT])
    try:
        with pytest.raises(KeyboardInterrupt):
            timer.start()
            wait(*args)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)


# ---- map ----


def test_map_gives_results_in_order(pools: Pools) -> None:
    assert list(pools(4).map(pow, range(20), itertools.repeat(2), timeout=SOON)) == [i * i for i in range(20)]


def test_map_times_out_and_cancels_the_rest(pool: Executor, gate: Gate) -> None:
    ran: list[int] = []
    results = pool.map(lambda i: gate(i) if i == 0 else ran.append(i), range(5), timeout=0.02)
    with pytest.raises(TimeoutError):
        next(results)
    gate.open()
    pool.submit(int).result(SOON)
    assert ran == []


def test_map_with_a_buffer_is_lazy(pools: Pools) -> None:
    taken: list[int] = []

    def items() -> Any:
        for i in range(1000):
            taken.append(i)
            yield i

    results = pools(2).map(abs, items(), buffersize=4)
    assert len(taken) == 4
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert len(taken) == 7
    assert list(results) == list(range(3, 1000))


def test_map_with_a_buffer_takes_endless_items(pools: Pools) -> None:
    results = pools(2).map(abs, itertools.count(), buffersize=3)
    assert list(itertools.islice(results, 50)) == list(range(50))


@pytest.mark.parametrize("buffersize, error", [(0, ValueError), (-1, ValueError), ("1", TypeError), (1.5, TypeError)])
def test_map_refuses_a_bad_buffer_at_once(pool: Executor, buffersize: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="buffersize"):
        pool.map(abs, [1], buffersize=buffersize)


def test_a_map_that_is_left_cancels_what_is_queued(pool: Executor, gate: Gate) -> None:
    ran: list[int] = []
    pool.submit(gate)
    gate.wait_reached()
    results = pool.map(ran.append, range(5))
    del results
    gc.collect()
    results = pool.map(ran.append, range(5), timeout=0)
    with pytest.raises(TimeoutError):
        next(results)
    gate.open()
    pool.submit(int).result(SOON)
    # As with CPython's, an iterator that was never started has nothing to clean up.
    assert ran == list(range(5))


# ---- shutdown ----


def test_shutdown_waits_for_what_was_accepted(pools: Pools) -> None:
    executor = pools(2)
    done: list[int] = []
    for i in range(100):
        executor.submit(done.append, i)
    executor.shutdown()
    assert sorted(done) == list(range(100))
    assert executor.n_queued == executor.n_running == 0


def test_shutdown_waits_for_the_threads(pools: Pools) -> None:
    executor = pools(3, "gone")
    concurrent.futures.wait([executor.submit(int) for _ in range(30)], SOON)
    executor.shutdown()
    assert ours("gone_") == []


def test_leaving_the_with_block_waits() -> None:
    done: list[int] = []
    with Executor(2) as executor:
        for i in range(20):
            executor.submit(done.append, i)
    assert sorted(done) == list(range(20))


def test_shutdown_cancels_what_is_queued_if_asked(pool: Executor, gate: Gate) -> None:
    running = pool.submit(gate, "ran")
    gate.wait_reached()
    queued = [pool.submit(int) for _ in range(10)]
    pool.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in queued)
    assert not running.done()
    gate.open()
    assert running.result(SOON) == "ran"


def test_shutdown_with_a_time_limit_raises_and_goes_on(pool: Executor, gate: Gate) -> None:
    future = pool.submit(gate, 1)
    gate.wait_reached()
    with pytest.raises(TimeoutError, match="1 running"):
        pool.shutdown(timeout=0.02)
    with pytest.raises(RuntimeError):
        pool.submit(int)
    gate.open()
    pool.shutdown(timeout=SOON)
    assert future.result(0) == 1


def test_shutdown_may_be_called_often_and_from_many_threads(pool: Executor, gate: Gate) -> None:
    pool.submit(gate)
    gate.wait_reached()
    threads = [threading.Thread(target=pool.shutdown) for _ in range(4)]
    for thread in threads:
        thread.start()
    pool.shutdown(wait=False)
    gate.open()
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive()
    pool.shutdown()
    pool.shutdown(cancel_futures=True)


def test_shutdown_of_an_executor_that_was_never_used() -> None:
    executor = Executor()
    executor.shutdown()
    with Executor():
        pass


def test_shutdown_from_a_worker_of_its_own_is_an_error_and_no_hang(pool: Executor) -> None:
    with pytest.raises(WouldDeadlockError, match="would deadlock"):
        pool.submit(pool.shutdown).result(SOON)
    assert issubclass(WouldDeadlockError, RuntimeError)


def test_shutdown_without_wait_from_a_worker_of_its_own_works(pools: Pools) -> None:
    executor = pools(1)
    after = threading.Event()

    def work() -> None:
        executor.submit(after.set)
        executor.shutdown(wait=False)

    executor.submit(work).result(SOON)
    assert after.wait(SOON)
    executor.shutdown(timeout=SOON)


# ---- Dropping it ----


def test_dropping_an_executor_runs_what_is_queued_and_never_blocks(gate: Gate) -> None:
    executor = Executor(1, "dropped")
    executor.submit(gate)
    gate.wait_reached()
    done: list[int] = []
    futures = [executor.submit(done.append, i) for i in range(20)]
    del executor  # would hang here, since the gate is closed
    gc.collect()
    gate.open()
    concurrent.futures.wait(futures, SOON)
    assert done == list(range(20))
    assert eventually(lambda: not ours("dropped_"))


def test_dropping_an_executor_that_nobody_used_leaves_nothing() -> None:
    gone = weakref.ref(Executor())
    gc.collect()
    assert gone() is None


def test_dropping_it_in_the_collector_never_blocks(gate: Gate) -> None:
    executor = Executor(1)
    executor.submit(gate)
    gate.wait_reached()
    last = executor.submit(int)
    cycle: list[Any] = [executor]
    cycle.append(cycle)
    gone = weakref.ref(executor)
    del executor, cycle
    assert eventually(lambda: gone() is None)
    gate.open()
    assert last.result(SOON) == 0


def test_dropping_it_inside_of_a_worker_of_its_own_never_blocks() -> None:
    executor: list[Executor] = [Executor(1, "self")]
    done = threading.Event()

    def work() -> int:
        executor[0].submit(done.set)
        executor.clear()
        gc.collect()
        return 1

    assert executor[0].submit(work).result(SOON) == 1
    assert done.wait(SOON)
    assert eventually(lambda: not ours("self_"))


# ---- No silent deadlock ----


def test_waiting_inside_of_one_worker_runs_the_inner_task(pool: Executor) -> None:
    assert pool.submit(lambda: pool.submit(int, "5").result(SOON)).result(SOON) == 5


def test_waits_nest_fifty_deep_in_one_worker(pool: Executor) -> None:
    def nest(depth: int) -> int:
        return 0 if depth == 0 else pool.submit(nest, depth - 1).result(SOON) + 1

    assert pool.submit(nest, 50).result(SOON) == 50


def test_waiting_for_oneself_would_deadlock(pool: Executor) -> None:
    def work() -> None:
        future = threadloop.current_future()
        assert future is not None
        future.result()

    with pytest.raises(WouldDeadlockError, match="would deadlock"):
        pool.submit(work).result(SOON)


def test_waiting_for_an_outer_task_of_ones_own_thread_would_deadlock(pool: Executor) -> None:
    def outer() -> Any:
        return pool.submit(inner, threadloop.current_future()).exception(SOON)

    def inner(future: Any) -> None:
        future.result()

    assert isinstance(pool.submit(outer).result(SOON), WouldDeadlockError)


def test_two_tasks_that_wait_for_what_the_other_has_queued(pools: Pools) -> None:
    executor = pools(2)
    together = threading.Barrier(2)
    inner: dict[int, Any] = {}

    def work(me: int) -> Any:
        inner[me] = executor.submit(abs, -me)
        together.wait(SOON)
        return inner[1 - me].result(SOON)

    a, b = executor.submit(work, 0), executor.submit(work, 1)
    assert (a.result(SOON), b.result(SOON)) == (1, 0)


def test_two_tasks_of_one_worker_waiting_crosswise_end(pool: Executor) -> None:
    # The first waits for the second, which runs inside of it, and waits for the first.
    futures: dict[str, Any] = {}
    ready = threading.Event()

    def work(other: str) -> Any:
        assert ready.wait(SOON)
        return futures[other].result(SOON)

    futures["a"] = pool.submit(work, "b")
    futures["b"] = pool.submit(work, "a")
    ready.set()
    with pytest.raises(WouldDeadlockError):
        futures["a"].result(SOON)
    with pytest.raises(WouldDeadlockError):
        futures["b"].result(SOON)


def test_concurrent_futures_wait_inside_of_the_only_worker_times_out_and_harms_nothing(pool: Executor) -> None:
    def work() -> int:
        return len(concurrent.futures.wait([pool.submit(int)], 0.05).not_done)

    # It does not ask the future, and cannot know better.
    assert pool.submit(work).result(SOON) in (0, 1)


# ---- Coroutines ----


async def double(n: int) -> int:
    await asyncio.sleep(0)
    return n * 2


def test_a_coroutine_function_runs_on_the_workers_loop(pool: Executor) -> None:
    assert pool.submit(double, 4).result(SOON) == 8


def test_a_coroutine_runs_on_the_workers_loop(pool: Executor) -> None:
    assert pool.submit(double(5)).result(SOON) == 10


def test_the_loop_of_a_worker_is_the_same_for_all_its_tasks(pool: Executor) -> None:
    async def loop() -> Any:
        return asyncio.get_running_loop()

    def plain() -> Any:
        loop = asyncio.get_event_loop()
        loop.is_running()
        return loop

    loops = [pool.submit(work).result(SOON) for work in (loop, plain, loop, plain)]
    assert len({id(loop) for loop in loops}) == 1


def test_workers_have_a_loop_each(pools: Pools) -> None:
    executor = pools(2)
    together = threading.Barrier(2)

    async def loop() -> int:
        together.wait(SOON)
        return id(asyncio.get_running_loop())

    assert len({f.result(SOON) for f in [executor.submit(loop) for _ in range(2)]}) == 2


def test_run_until_complete_works_inside_of_plain_functions(pool: Executor) -> None:
    def plain(n: int) -> int:
        return asyncio.get_event_loop().run_until_complete(double(n))

    assert [pool.submit(plain, n).result(SOON) for n in range(3)] == [0, 2, 4]


def test_asyncio_run_works_inside_of_plain_functions(pool: Executor) -> None:
    assert pool.submit(lambda: asyncio.run(double(2))).result(SOON) == 4
    # It has closed the loop that it set, and that is no harm to the next ones.
    assert pool.submit(double, 3).result(SOON) == 6
    assert pool.submit(double, 3).result(SOON) == 6


def test_cancelling_a_coroutine_that_runs_raises_inside_of_it(pool: Executor) -> None:
    reached, seen = threading.Event(), threading.Event()

    async def work() -> None:
        reached.set()
        try:
            await asyncio.sleep(SOON)
        except asyncio.CancelledError:
            seen.set()
            raise

    future = pool.submit(work)
    assert reached.wait(SOON)
    future.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(SOON)
    assert seen.is_set() and future.cancelled()


def test_a_coroutine_may_submit_and_await(pools: Pools) -> None:
    executor = pools(2)

    async def work() -> int:
        return await executor.submit(int, "3") + await executor.submit(double, 4)

    assert executor.submit(work).result(SOON) == 11


def test_a_coroutine_that_awaits_the_only_worker_it_runs_on_ends(pool: Executor) -> None:
    async def work() -> Any:
        return await asyncio.wait_for(asyncio.wrap_future(pool.submit(int, "3")), 0.2)

    # It runs nothing while its coroutine is awaited: this is a wait that nobody can see.
    error = pool.submit(work).exception(SOON)
    assert error is None or isinstance(error, (TimeoutError, asyncio.TimeoutError, RuntimeError))


def test_coroutines_that_are_waited_for_inside_of_one_worker_nest(pool: Executor) -> None:
    async def nest(depth: int) -> int:
        await asyncio.sleep(0)
        return 0 if depth == 0 else pool.submit(nest, depth - 1).result(SOON) + 1

    assert pool.submit(nest, 5).result(SOON) == 5


def test_tasks_and_generators_left_on_a_workers_loop_are_closed_at_its_end() -> None:
    ended: list[str] = []
    kept: list[Any] = []

    async def background() -> None:
        try:
            await asyncio.sleep(SOON * 10)
        finally:
            ended.append("task")

    async def numbers() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.append("generator")

    async def work() -> None:
        kept.append(asyncio.ensure_future(background()))
        generator = numbers()
        kept.append(generator)
        await generator.__anext__()
        await asyncio.sleep(0)

    with Executor(1) as executor:
        executor.submit(work).result(SOON)
        assert ended == []
    assert sorted(ended) == ["generator", "task"]


def test_workers_leave_no_file_descriptors_behind() -> None:
    def n_open() -> int:
        return len(os.listdir("/proc/self/fd"))

    with Executor(2) as executor:
        executor.submit(double, 1).result(SOON)
    gc.collect()
    before = n_open()
    for _ in range(10):
        with Executor(2) as executor:
            executor.submit(double, 1).result(SOON)
    gc.collect()
    assert eventually(lambda: n_open() <= before + 3)


# ---- A main context ----


def test_work_for_a_context_runs_on_the_thread_that_iterates_it(pool: Executor) -> None:
    executor = Executor.main()
    futures = [pool.submit(lambda: executor.submit(threading.get_ident)).result(SOON) for _ in range(3)]
    assert not futures[0].done()
    assert run_loop(lambda: all(future.done() for future in futures))
    assert {future.result() for future in futures} == {threading.get_ident()}


def test_waiting_for_a_context_on_its_own_thread_would_deadlock() -> None:
    future = Executor.main().submit(int)
    with pytest.raises(WouldDeadlockError, match="would deadlock"):
        future.result()
    assert run_loop(future.done)


def test_a_context_executor_runs_on_another_thread() -> None:
    context = GLib.MainContext.new()
    executor = Executor.for_context(context)
    stop = threading.Event()

    def run() -> None:
        context.push_thread_default()
        run_loop(stop.is_set)
        context.pop_thread_default()

    thread = threading.Thread(target=run, name="context")
    thread.start()
    try:
        assert executor.submit(lambda: threading.current_thread().name).result(SOON) == "context"
        assert list(executor.map(abs, range(-50, 0))) == list(range(50, 0, -1))
        executor.shutdown(timeout=SOON)
    finally:
        stop.set()
        thread.join()


def test_a_burst_for_a_context_leaves_turns_for_others() -> None:
    executor = Executor.main()
    ticks: list[int] = []
    futures = [executor.submit(time.sleep, 0.0005) for _ in range(100)]
    ticker = GLib.timeout_add(1, lambda: ticks.append(sum(future.done() for future in futures)) or True)
    try:
        assert run_loop(lambda: all(future.done() for future in futures))
    finally:
        GLib.source_remove(ticker)
    assert [n for n in ticks if 0 < n < 100]


def test_repr_says_who_and_how_busy(pool: Executor, gate: Gate) -> None:
    pool.submit(gate)
    gate.wait_reached()
    pool.submit(int)
    assert repr(pool) == "<Executor 'one': 1 running, 1 queued>"
    gate.open()


def test_a_subclass_whose_constructor_raises_is_dropped_quietly() -> None:
    outcome = script("""
    class Bad(threadloop.Executor):
        def __init__(self):
            raise ValueError
    try:
        Bad()
    except ValueError:
        pass
    gc.collect()
    """)
    assert (outcome.status, outcome.err) == (0, ""), outcome.err


assert sys.version_info >= (3, 11)


def test_an_await_in_a_task_of_the_same_pool_does_not_hang(pool: Executor) -> None:
    async def outer() -> int:
        return await pool.submit(abs, -1)

    assert pool.submit(outer).result(SOON) == 1


def test_awaiting_oneself_raises(pool: Executor) -> None:
    async def work() -> None:
        future = threadloop.current_future()
        assert future is not None
        await future

    with pytest.raises(threadloop.WouldDeadlockError):
        pool.submit(work).result(SOON)


@pytest.mark.parametrize("text", ["bad \udcff name", None])
def test_an_error_that_cannot_be_shown_does_not_harm_the_worker(pool: Executor, text: str | None) -> None:
    class Unspeakable(Exception):
        def __str__(self) -> str:
            if text is None:
                raise ValueError("no words")
            return text

    def work() -> None:
        started.wait(SOON)
        raise Unspeakable

    started = threading.Event()
    future = pool.submit(work)
    assert future.progress is not None
    started.set()
    assert isinstance(future.exception(SOON), Unspeakable)
    assert pool.submit(abs, -1).result(SOON) == 1


def test_an_exit_in_a_done_callback_does_not_end_the_worker(pool: Executor) -> None:
    started = threading.Event()
    future = pool.submit(started.wait, SOON)
    future.add_done_callback(lambda _: sys.exit(3))
    started.set()
    assert future.result(SOON)
    assert pool.submit(abs, -1).result(SOON) == 1


def test_cancelling_keeps_count(pools: Callable[..., Executor]) -> None:
    pool = pools(1, max_queued=1000)
    for _ in range(2000):
        pool.submit(int).cancel()
    pool.submit(int).result(SOON)
    assert eventually(lambda: (pool.n_queued, pool.n_running) == (0, 0))


def test_what_a_waiting_task_runs_itself_leaves_room(pools: Callable[..., Executor]) -> None:
    pool = pools(1, max_queued=1)
    inside, come = threading.Event(), threading.Event()

    def work() -> bool:
        child = pool.submit(int)
        inside.set()
        # Somebody waits for room by now, or will.
        child.result(SOON)
        return come.wait(SOON)

    def other() -> threadloop.Future[int]:
        inside.wait(SOON)
        future = pool.submit(int)
        come.set()
        return future

    future = pool.submit(work)
    with concurrent.futures.ThreadPoolExecutor(1) as submitter:
        late = submitter.submit(other)
        assert future.result(SOON)
        assert late.result(SOON).result(SOON) == 0
